"""Records by key: what lies in a pack, and what changed since."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from collections.abc import ItemsView as Items
from collections.abc import ValuesView as Values
from dataclasses import dataclass, field
from typing import Any, Generic, Self, TypeVar

import numpy as np

from .layout import Part
from .lines import Keys, Line, Names, Numbers
from .packed import Key, Pack
from .sheet import Look, Sheet
from .wire import Body, Chain

V = TypeVar("V")
REMEMBERED = 20_000
MOST_OTHERS = 0.1  # a share of the records of a page; above it they are drawn one by one


@dataclass(slots=True)
class Held(Generic[V]):
    """A pack and the changes since: `gone` are keys of the pack that were deleted, `changed` those replaced.

    Copies share the `sheet`, which belongs to the pack.
    """

    pack: Pack
    changed: dict[Key, V] = field(default_factory=dict)
    added: dict[Key, V] = field(default_factory=dict)
    gone: set[Key] = field(default_factory=set)
    sheet: Sheet = field(init=False)

    def __post_init__(self) -> None:
        self.sheet = Sheet(self.pack)

    def copy(self) -> Self:
        made = type(self)(self.pack, dict(self.changed), dict(self.added), set(self.gone))
        made.sheet = self.sheet
        return made

    @property
    def changes(self) -> int:
        return len(self.changed) + len(self.added) + len(self.gone)


class Records(MutableMapping[Key, V]):
    """Behaves as the dictionary that it stands for, in the same order. Values must never be changed in place."""

    def __init__(self, held: Held[V], decode: Callable[[bytes], V]) -> None:
        self.held = held
        self.decode = decode
        self._pack = held.pack
        self._changed, self._added, self._gone = held.changed, held.added, held.gone
        self._recent: dict[Key, V] = {}
        self._sheet = held.sheet
        self._moved: set[int] | None = None  # slots of what changed, went or is odd
        self._looked_at: tuple[Numbers, bool] = (self._pack.numbers, True)

    def __getitem__(self, key: Key) -> V:
        found: V | None = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def get(self, key: Key, default: Any = None) -> Any:
        found = self._recent.get(key)
        if found is not None:
            return found
        found = self._changed.get(key)
        if found is None:
            found = self._added.get(key)
        if found is not None:
            return found
        slot = -1 if key in self._gone else self._pack.find(key)
        if slot < 0:
            return default
        return self._remember(key, self.decode(self._pack.raw(slot)))

    def __contains__(self, key: object) -> bool:
        return key in self._added or self._base(key)

    def __len__(self) -> int:
        return len(self._pack) + len(self._added) - len(self._gone)

    def __iter__(self) -> Iterator[Key]:
        keys, gone = self._pack.keys(), self._gone
        yield from (key for key in keys if key not in gone) if gone else keys
        yield from list(self._added)

    def __setitem__(self, key: Key, value: V) -> None:
        self._recent.pop(key, None)
        base = self._base(key)
        (self._changed if base else self._added)[key] = value
        if base and self._moved is not None:
            self._moved.add(self._pack.find(key))

    def __delitem__(self, key: Key) -> None:
        self._recent.pop(key, None)
        if key in self._added:
            del self._added[key]
        elif self._base(key):
            self._changed.pop(key, None)
            self._gone.add(key)
            if self._moved is not None:
                self._moved.add(self._pack.find(key))
        else:
            raise KeyError(key)

    def items(self) -> Items[Key, V]:
        return _Items(self)

    def values(self) -> Values[V]:
        return _Values(self)

    def __copy__(self) -> Records[V]:
        """The same records; later changes of either do not touch the other."""
        return Records(self.held.copy(), self.decode)

    def pairs(self) -> Iterator[tuple[Key, V]]:
        """Every key with its record, read one after the other and not kept."""
        changed, gone, decode = self._changed, self._gone, self.decode
        for key, data in zip(self._pack.keys(), self._pack.raws(), strict=True):
            if key not in gone:
                yield key, changed[key] if key in changed else decode(data)
        yield from list(self._added.items())

    def part(self, keys: Sequence[Key], first: int, last: int) -> Iterator[V]:
        """The records of a part of some keys, of those that are there; read together if they lie side by side."""
        span = self._span(keys, first, last)
        if span is not None:
            return map(self.decode, self._pack.raws(*span))
        return (found for key in keys[first:last] if (found := self.get(key)) is not None)

    def json(self, keys: Sequence[Key], first: int, last: int) -> bytes | None:
        """The same as one JSON list; None where they do not lie side by side as they are."""
        span = self._span(keys, first, last)
        return None if span is None else b"[%b]" % self._pack.run(*span)

    def drawn(self, look: Look[V], keys: Sequence[Key], first: int, last: int) -> Body | None:
        """The same as an answer shows them; None where the pack has no columns for it, or few are as they were."""
        if first >= last or not isinstance(keys, Names) or not self._sheet.shows(look.parts):
            return None
        slots = keys.slots(first, last)
        others = self._others(slots) if self.held.changes or self._sheet.odd else []
        if len(others) > MOST_OTHERS * len(slots):
            return None
        found = ((at, self.get(keys[first + at])) for at in others)
        shown = {at: b"" if record is None else look.one(record) for at, record in found}
        return self._sheet.draw(look, slots, shown)

    def ready(self, parts: tuple[Part, ...], keys: Sequence[Key], first: int, last: int) -> memoryview | None:
        """The same as rows that lie in a file, a comma after each; None where they do not, or anything has changed."""
        if first >= last or not isinstance(keys, Names) or self.held.changes or self._sheet.odd:
            return None
        return None if keys.start is None else self._sheet.ready(parts, keys.start + first, keys.start + last)

    def warm(self, parts: tuple[Part, ...]) -> None:
        """Be ready to draw answers of these."""
        self._sheet.warm(parts)

    def laid(self, look: Look[V]) -> bool:
        """Whether an answer that is drawn lies ready in a file."""
        return look.parts in self._sheet.laid

    def _others(self, slots: Numbers) -> list[int]:
        """Places of those that are not in the columns as they are."""
        if self._moved is None:
            self._moved = {*self._sheet.odd, *map(self._pack.find, (*self._changed, *self._gone))}
        moved, size = self._moved, len(self._pack)
        return [at for at, slot in enumerate(slots) if slot in moved or slot >= size]

    def _span(self, keys: Sequence[Key], first: int, last: int) -> tuple[int, int] | None:
        """The slots of a part of some names, if they are all there is from one up to before another."""
        slots = keys.slots(first, last) if isinstance(keys, Names) else array("I")
        if not slots or self.held.changes or slots != array("I", range(slots[0], slots[0] + len(slots))):
            return None
        return slots[0], slots[-1] + 1

    def ahead(self, keys: Sequence[Key]) -> None:
        """Read these number keys, which will be asked for next: those side by side in the pack are read together."""
        if self._pack.texts or self._recent.keys() >= set(keys):
            return
        first = self._first(keys)
        if first < 0:
            return
        for key, data in zip(keys, self._pack.raws(first, first + len(keys)), strict=True):
            if key not in self._recent:
                self._remember(key, self.decode(data))

    def listed(self, keys: Sequence[Key], head: bytes = b"[", tail: bytes = b"]") -> Chain | None:
        """The records of these number keys between a head and a tail; None where they do not lie side by side as they are."""
        first = -1 if self._pack.texts else self._first(keys)
        return None if first < 0 else Chain(head, self._pack.part(first, first + len(keys)), tail)

    def lying(
        self, keys: Sequence[Key], first: int, last: int, head: bytes = b"[", tail: bytes = b"]"
    ) -> Chain | None:
        """The same for a part of all number keys, in order."""
        if first < last and not self.held.changes and isinstance(keys, Keys) and self._alike(keys.numbers):
            return Chain(head, self._pack.part(first, last), tail)
        return self.listed(keys[first:last], head, tail)

    def _alike(self, numbers: Numbers) -> bool:
        """Whether these numbers of a pack, perhaps of another one, are all keys of this pack; looked at once."""
        if numbers is not self._looked_at[0]:
            same = isinstance(numbers, memoryview) and np.array_equal(numbers, self._pack.numbers)
            self._looked_at = numbers, same
        return self._looked_at[1]

    def _first(self, keys: Sequence[Key]) -> int:
        """The slot of the first of these keys, if all lie side by side as they are; or else -1."""
        if self.held.changes and any(not self.untouched(key) for key in keys):
            return -1
        first = self._pack.find(keys[0]) if keys else -1
        wanted = keys if isinstance(keys, array | memoryview) else array("q", keys)
        there = first >= 0 and self._pack.section("keys")[first : first + len(keys)] == wanted
        return first if there else -1

    def untouched(self, key: Key) -> bool:
        """Whether a key of the pack still has the record that it has there."""
        return key not in self._changed and key not in self._gone

    def sorted_keys(self) -> Keys:
        """Number keys in order, in a sequence that is the caller's."""
        keys = self._pack.section("keys")
        if self._gone or self._added:
            left = (key for key in keys if key not in self._gone)
            return Keys(array("q", sorted((*left, *self._added))))
        return Keys(keys)

    def sorted_names(self) -> Names:
        """Text keys in order, in a sequence that is the caller's."""
        keys = list(self._pack.keys())
        names = Names(self._pack, array("I", sorted(range(len(keys)), key=keys.__getitem__)), [])
        for key in self._gone:
            del names[bisect_left(names, key)]
        for key in self._added:
            names.insert(bisect_left(names, key), key)
        return names

    def line(self, when: Callable[[V], int]) -> Line:
        """Every record by the time that `when` gives, which is the one that the pack was written with."""
        pack, moved = self._pack, {*self._changed, *self._gone}
        order = pack.section("line")
        line = Line(pack.section("when"), Names(pack, order, [], 0) if pack.texts else order)
        for key in moved:
            del line[bisect_left(line, (when(self.decode(pack.raw(pack.find(key)))), key))]
        for key, value in (*self._changed.items(), *self._added.items()):
            pair = (when(value), key)
            line.insert(bisect_left(line, pair), pair)
        return line

    def _base(self, key: object) -> bool:
        return key not in self._gone and (key in self._changed or self._pack.find(key) >= 0)

    def _remember(self, key: Key, value: V) -> V:
        if len(self._recent) >= REMEMBERED:
            self._recent.clear()
        self._recent[key] = value
        return value


def in_order(records: Mapping[Key, Any]) -> Any:
    """Every key, ascending, in a sequence that is the caller's and has `insert`; of a pack it is small."""
    if not isinstance(records, Records):
        return sorted(records)
    return records.sorted_names() if records.held.pack.texts else records.sorted_keys()


def several(records: Mapping[Key, V], keys: Sequence[Key]) -> Iterator[V | None]:
    """The records of some keys, None for those that are not there."""
    if isinstance(records, Records) and len(keys) <= REMEMBERED // 2:
        records.ahead(keys)
    return map(records.get, keys)


def by_time(records: Mapping[Key, V], when: Callable[[V], int]) -> Any:
    """(when, key) of every record, ascending, in a list or line that is the caller's."""
    if isinstance(records, Records):
        return records.line(when)
    return sorted((when(record), key) for key, record in records.items())


class _Items(Items[Key, V]):
    _mapping: Records[V]

    def __iter__(self) -> Iterator[tuple[Key, V]]:
        return self._mapping.pairs()


class _Values(Values[V]):
    _mapping: Records[V]

    def __iter__(self) -> Iterator[V]:
        return (value for _, value in self._mapping.pairs())
