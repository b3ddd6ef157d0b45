"""Mappings of records on their way into a pack and back: what a table hands over when its sandbox is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .laid import Laid
from .packed import Key, Pack, write
from .records import Held, Records
from .sheet import Sheet

if TYPE_CHECKING:
    from .pieces import Columns

V = TypeVar("V")
FEW = 1000  # up to here a dictionary is quicker to open than a file
MOST_CHANGED = 0.2  # a share of a pack's records; above it a new pack is written


@dataclass(frozen=True, slots=True)
class Stored(Generic[V]):
    """Records, and how they are written: as JSON, in order of `when`, found by `texts` (a function a field).

    With `columns`, answers can be drawn from them.
    """

    records: MutableMapping[Key, V]
    encode: Callable[[V], bytes]
    when: Callable[[V], int] | None = None
    texts: Mapping[str, Callable[[V], str | None]] = field(default_factory=dict)
    columns: Columns | None = None


Ref = Any  # ("few", dictionary) or ("pack", file name, changes, names of files with rows)


class Shelves:
    """The packs of one folder. `used` are the names that were given out or opened."""

    def __init__(self, folder: Path, stem: str) -> None:
        self._folder, self._stem = folder, stem
        self.used: set[str] = set()
        self._made = 0

    def put(self, stored: Stored[Any]) -> Ref:
        """Write what is not on disk yet; gives what `take` needs."""
        records = stored.records
        if len(records) <= FEW:
            return "few", dict(records)
        if isinstance(records, Records) and self._holds(records.held):
            held = records.held
            changes = (held.changed, held.added, held.gone)
            return "pack", self._use(held.pack.name), changes, [*self._laid(held.sheet)]
        name = self._name("pack")
        pack(self._folder / name, stored)
        return "pack", self._use(name), ({}, {}, set()), []

    def take(self, ref: Ref) -> Held[Any] | dict[Key, Any]:
        """What was put. Raises UsageError for a file that is not whole, OSError for one that is gone."""
        if ref[0] == "few":
            few: dict[Key, Any] = ref[1]
            return few
        held = Held(Pack(self._folder / self._use(ref[1])), *ref[2])
        names = (name for names in ref[3:] for name in names)  # older saves have none
        held.sheet.add(Laid(self._folder / self._use(name)) for name in names)
        return held

    def _laid(self, sheet: Sheet) -> Iterator[str]:
        """Files with the rows of the selections that were asked for, written where they are not there."""
        for parts in sheet.wanted():
            rows = sheet.laid.get(parts)
            if rows is not None and (self._folder / rows.name).exists():
                yield self._use(rows.name)
            else:
                name = self._name("rows")
                sheet.lay(self._folder / name, parts)
                yield self._use(name)

    def _holds(self, held: Held[Any]) -> bool:
        there = held.pack.path == self._folder / held.pack.name and held.pack.path.exists()
        return there and held.changes <= MOST_CHANGED * len(held.pack)

    def _name(self, kind: str) -> str:
        self._made += 1
        return f"{self._stem}-{self._made}.{kind}"

    def _use(self, name: str) -> str:
        self.used.add(name)
        return name


def pack(path: Path, stored: Stored[Any]) -> None:
    """Write all records of a mapping to a new file."""
    when: list[int] = []
    texts: dict[str, list[str | None]] = {name: [] for name in stored.texts}
    items: Any = stored.records.items()
    if isinstance(next(iter(stored.records), None), int):
        items = _ascending(stored.records)

    def rows() -> Any:
        for key, record in items:
            if stored.when is not None:
                when.append(stored.when(record))
            for name, text in stored.texts.items():
                texts[name].append(text(record))
            yield key, stored.encode(record)

    write(path, rows(), when, texts, stored.columns)


def opened(taken: Held[V] | dict[Key, V], decode: Callable[[bytes], V]) -> MutableMapping[Key, V]:
    """The mapping that was stored."""
    return taken if isinstance(taken, dict) else Records(taken, decode)


def _ascending(records: Mapping[Key, Any]) -> Any:
    """Pairs in order of their number keys."""
    if isinstance(records, Records) and not records.held.added:
        return records.pairs()
    return ((key, records[key]) for key in sorted(records))
