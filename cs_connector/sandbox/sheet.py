"""Answers with many records at once, without reading any of them: out of the columns of a pack, or as they lie ready."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from .blocks import Blocks
from .laid import Laid, lay
from .layout import Array, Cells, Layout, Part, Strip, Words
from .packed import Pack
from .pieces import ALL, CELLS, CODES, LEFT_OUT, ODD, SIZES, WORDS
from .wire import Body, Chain

MOST_LAYOUTS = 100
MOST_READ = 100_000  # records, after which the memory of the columns is given back
MOST_LAID = 4  # selections
WORTH_LAYING = 0.1  # a share of the records of a pack
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Look(Generic[V]):
    """An answer with records, comma between: what is before and after them, and what each of them is made of.

    `parts` end with a comma. `one` shows a record that is not in the pack as it is, without the comma. `blocks` is
    where it is drawn.
    """

    parts: tuple[Part, ...]
    one: Callable[[V], bytes]
    blocks: Blocks
    head: bytes = b"["
    tail: bytes = b"]"


class Sheet:
    """The columns of one pack, and `laid`: its rows as they were asked for before.

    Those who hold copies of the records share it.
    """

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self.laid: dict[tuple[Part, ...], Laid] = {}
        self._layouts: dict[tuple[Part, ...], Layout | None] = {}
        self._strips: dict[Part, Strip | None] = {}
        self._shown: Counter[tuple[Part, ...]] = Counter()
        self._read = 0
        self._hand: tuple[tuple[Part, ...], Laid | None] = ((), None)  # the selection that was asked for last
        self._handed = 0

    @cached_property
    def odd(self) -> set[int]:
        """Slots of records that are not whole in the columns."""
        return set(self._pack.section(ODD) if self._pack.has(ODD) else ())

    def add(self, laid: Iterable[Laid]) -> None:
        """Rows that were laid in another process."""
        self._forget()
        self.laid |= {rows.parts: rows for rows in laid}

    def shows(self, parts: tuple[Part, ...]) -> bool:
        """Whether all of these columns are there."""
        return parts in self.laid or self._layout(parts) is not None

    def warm(self, parts: tuple[Part, ...]) -> None:
        """Draw a row, and forget it: what drawing needs is made the first time, and not while a client waits."""
        layout = self._layout(parts)
        if layout is not None and len(self._pack):
            layout.draw((0,), Blocks())

    def ready(self, parts: tuple[Part, ...], first: int, last: int) -> memoryview | None:
        """Rows by their places in order of time, a comma after each; None where they were not laid."""
        if self._hand[0] is not parts:
            self._forget()
            self._hand = parts, self.laid.get(parts)
        laid = self._hand[1]
        if laid is None:
            return None
        self._handed += last - first
        return laid.part(first, last)

    def _forget(self) -> None:
        """What was handed out last counts as shown."""
        if self._handed:
            self._shown[self._hand[0]] += self._handed
        self._hand, self._handed = ((), None), 0

    def draw(self, look: Look[Any], slots: Sequence[int], others: Mapping[int, bytes]) -> Body:
        """Records by their slots, at least one; `others` are shown already, by their place, as nothing if they are gone."""
        self._shown[look.parts] += len(slots)
        if not others:
            return self._whole(look, slots)
        made: list[bytes | memoryview] = []
        begin = 0
        for at in (*others, len(slots)):
            if begin < at:
                made.append(self._rows(look, slots[begin:at]))
            if others.get(at):
                made += others[at], b","
            begin = at + 1
        return b"".join([look.head, *made]).removesuffix(b",") + look.tail

    def wanted(self) -> list[tuple[Part, ...]]:
        """The selections that are worth laying: those that much was shown of, most of all first, and those laid before."""
        self._forget()
        most = self._shown.most_common()
        asked = [parts for parts, count in most if count >= WORTH_LAYING * len(self._pack)]
        return list(dict.fromkeys([*asked, *self.laid]))[:MOST_LAID]

    def lay(self, path: Path, parts: tuple[Part, ...]) -> None:
        """Write the rows of a selection that was shown, in order of time."""
        layout = self._layout(parts)
        assert layout is not None
        lay(path, parts, layout, self._pack.section("line"))
        self._pack.rest()
        self._forget()
        self.laid[parts] = Laid(path)

    def _whole(self, look: Look[Any], slots: Sequence[int]) -> Body:
        """An answer in which nothing has changed."""
        laid = self._laid(look, slots)
        if laid is not None:
            return Chain(look.head, laid[:-1], look.tail)
        return self._drawing(look, slots).draw(slots, look.blocks, look.head, look.tail)

    def _rows(self, look: Look[Any], slots: Sequence[int]) -> memoryview:
        """Rows with a comma after each."""
        laid = self._laid(look, slots)
        return self._drawing(look, slots).draw(slots, look.blocks) if laid is None else laid

    def _laid(self, look: Look[Any], slots: Sequence[int]) -> memoryview | None:
        laid = self.laid.get(look.parts)
        return None if laid is None else laid.find(slots)

    def _drawing(self, look: Look[Any], slots: Sequence[int]) -> Layout:
        self._read += len(slots)
        if self._read > MOST_READ:
            self._read = 0
            self._pack.rest()
        layout = self._layout(look.parts)
        assert layout is not None
        return layout

    def _layout(self, parts: tuple[Part, ...]) -> Layout | None:
        if parts not in self._layouts:
            if len(self._layouts) >= MOST_LAYOUTS:
                self._layouts.clear()
                self._strips.clear()
            self._layouts[parts] = self._made(parts) if self._pack.has(ALL) else None
        return self._layouts[parts]

    def _made(self, parts: tuple[Part, ...]) -> Layout | None:
        for part in parts:
            if part not in self._strips:
                self._strips[part] = self._strip(part)
        strips = [strip for part in parts if (strip := self._strips[part]) is not None]
        return Layout(strips) if len(strips) == len(parts) else None

    def _strip(self, part: Part) -> Strip | None:
        if isinstance(part, bytes):
            return Words([part])
        name, absent = part
        if self._pack.has(f"{LEFT_OUT} {name}"):
            return None
        if self._pack.has(f"{WORDS} {name}"):
            words = (bytes(word).rstrip(b"\0") or absent for word in self._array(f"{WORDS} {name}"))
            return Words([*words], [(self._array(f"{CODES} {name}"), 1)])
        if not self._pack.has(f"{CELLS} {name}"):
            return Words([absent])
        cells, sizes = self._array(f"{CELLS} {name}"), f"{SIZES} {name}"
        if not self._pack.has(sizes):
            return Cells(cells)
        return Cells(cells, self._array(sizes), absent) if len(absent) <= cells.itemsize else None

    def _array(self, name: str) -> Array:
        return np.frombuffer(*self._pack.data(name))
