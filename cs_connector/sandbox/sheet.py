"""Draws answers out of the columns of a pack: many records at once, without reading any of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

import numpy as np

from .blocks import Blocks
from .packed import Pack
from .pieces import ALL, CELLS, CODES, LEFT_OUT, ODD, SIZES, WORDS

MOST_TOGETHER = 1000  # words of neighbours that are put together
MOST_LAYOUTS = 100
MOST_READ = 100_000  # records, after which the memory of the columns is given back
V = TypeVar("V")
Array: TypeAlias = Any  # of numpy
Slots: TypeAlias = Any  # an array of numbers, or a slice
Taken: TypeAlias = tuple[Array, Any]  # padded bytes, and their sizes or the size of all


class Column(NamedTuple):
    """The pieces of a column; `absent` stands where a record has none."""

    name: str
    absent: bytes


Part: TypeAlias = bytes | Column  # what every record shows in this place, or a column


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
    """The columns of one pack."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._layouts: dict[tuple[Part, ...], Layout | None] = {}
        self._read = 0

    @cached_property
    def odd(self) -> set[int]:
        """Slots of records that are not whole in the columns."""
        return set(self._pack.section(ODD) if self._pack.has(ODD) else ())

    def shows(self, parts: tuple[Part, ...]) -> bool:
        """Whether all of these columns are there."""
        return self._layout(parts) is not None

    def draw(self, look: Look[Any], slots: Sequence[int], others: Mapping[int, bytes]) -> bytes | memoryview:
        """Records by their slots, at least one; `others` are shown already, by their place, as nothing if they are gone."""
        layout = self._layout(look.parts)
        assert layout is not None
        self._read += len(slots)
        if self._read > MOST_READ:
            self._read = 0
            self._pack.rest()
        if not others:
            return layout.draw(slots, look.blocks, look.head, look.tail)
        made: list[bytes | memoryview] = []
        begin = 0
        for at in (*others, len(slots)):
            if begin < at:
                made.append(layout.draw(slots[begin:at], look.blocks))
            if others.get(at):
                made += others[at], b","
            begin = at + 1
        return b"".join([look.head, *made]).removesuffix(b",") + look.tail

    def _layout(self, parts: tuple[Part, ...]) -> Layout | None:
        if parts not in self._layouts:
            if len(self._layouts) >= MOST_LAYOUTS:
                self._layouts.clear()
            self._layouts[parts] = self._made(parts) if self._pack.has(ALL) else None
        return self._layouts[parts]

    def _made(self, parts: tuple[Part, ...]) -> Layout | None:
        strips = []
        for part in parts:
            strip = self._strip(part)
            if strip is None:
                return None
            strips.append(strip)
        return Layout(_together(strip for strip in strips if strip.most))

    def _strip(self, part: Part) -> _Strip | None:
        if isinstance(part, bytes):
            return _Words([part])
        name, absent = part
        if self._pack.has(f"{LEFT_OUT} {name}"):
            return None
        if self._pack.has(f"{WORDS} {name}"):
            words = (bytes(word).rstrip(b"\0") or absent for word in self._array(f"{WORDS} {name}"))
            return _Words([*words], [(self._array(f"{CODES} {name}"), 1)])
        if not self._pack.has(f"{CELLS} {name}"):
            return _Words([absent])
        cells, sizes = self._array(f"{CELLS} {name}"), f"{SIZES} {name}"
        if not self._pack.has(sizes):
            return _Cells(cells)
        return _Cells(cells, self._array(sizes), absent) if len(absent) <= cells.itemsize else None

    def _array(self, name: str) -> Array:
        return np.frombuffer(*self._pack.data(name))


class _Words:
    """One of some words, by the sum of a record's numbers, each times its weight; a constant without numbers."""

    def __init__(self, words: Sequence[bytes], numbers: Sequence[tuple[Array, int]] = ()) -> None:
        self.words, self._numbers = words, numbers
        self.least, self.most = min(map(len, words)), max(map(len, words))

    @cached_property
    def _sizes(self) -> Array:
        return np.array([len(word) for word in self.words])

    @cached_property
    def _table(self) -> Array:
        return _padded(self.words, self.most)

    def take(self, slots: Slots) -> Taken:
        if len(self.words) == 1:
            return self._table[0], self.most
        which = sum(column[slots] * np.uint16(weight) for column, weight in self._numbers)
        return self._table.take(which), self.most if self.least == self.most else self._sizes.take(which)

    def then(self, other: _Words) -> _Words:
        """Both, one after the other."""
        words = [one + two for one in self.words for two in other.words]
        heavier = [(column, weight * len(other.words)) for column, weight in self._numbers]
        return _Words(words, [*heavier, *other._numbers])


class _Cells:
    """A cell for each record; without `sizes` they are full. Where it is empty, `absent` is shown."""

    def __init__(self, cells: Array, sizes: Array = None, absent: bytes = b"") -> None:
        self._cells, self._sizes, self._absent = cells, sizes, absent
        self.most = int(cells.itemsize)
        self.least = self.most if sizes is None else 0

    def take(self, slots: Slots) -> Taken:
        cells = self._cells[slots]
        if self._sizes is None:
            return cells, self.most
        sizes = self._sizes[slots].astype(np.intp)
        if not sizes.all():
            empty = sizes == 0
            cells, sizes[empty] = cells.copy(), len(self._absent)
            cells[empty] = np.void(self._absent.ljust(self.most, b"\0"))
        return cells, sizes


_Strip: TypeAlias = _Words | _Cells


class Layout:
    """Draws records one after another, each its strips from left to right.

    A cell is written with its padding, over what comes after it, and that is written later. So those of different
    sizes are written first; what they spoil before that, in the next record, is what comes before the first of them.
    Where that is not enough room, records are drawn far apart, and then put together. What begins every record is
    written with the end of the one before.
    """

    def __init__(self, strips: Sequence[_Strip]) -> None:
        self._first, self._strips = _turned(strips)
        self._loose = [strip.least < strip.most for strip in self._strips]
        least, most = ([getattr(strip, name) for strip in self._strips] for name in ("least", "most"))
        head = sum(most[: self._loose.index(True)]) if True in self._loose else 0
        self._tight = all(most[n] - least[n] <= head + sum(least[n + 1 :]) for n in range(len(least)))
        self._most = max(most)

    def draw(self, slots: Sequence[int], blocks: Blocks, head: bytes = b"", tail: bytes = b",") -> memoryview:
        """The records of some slots, at least one, after a head; the tail stands in the place of the last comma."""
        rows, head = _side_by_side(np.asarray(slots)), head + self._first
        taken = [strip.take(rows) for strip in self._strips]
        sizes = np.full(len(slots), sum(size for _, size in taken if isinstance(size, int)))
        for _, size in taken:
            if not isinstance(size, int):
                sizes += size
        ends = sizes.cumsum() + len(head)
        end, width = int(ends[-1]) - len(self._first) - 1, int(sizes.max()) + self._most
        total = end + len(tail)
        block = blocks.take(total + len(self._first) + width)
        if self._tight:
            self._put(block, ends - sizes, taken)
        else:
            apart = blocks.take(len(slots) * width)
            self._put(apart, np.arange(len(slots)) * width, taken)
            _write(block, ends - sizes, apart[: len(slots) * width].view(f"V{width}"))
            blocks.give(apart)
        block[: len(head)], block[end:total] = _bytes(head), _bytes(tail)
        return blocks.lend(block, total)

    def _put(self, block: Array, at: Array, taken: Sequence[Taken]) -> None:
        """Write every strip from these places on, those of different sizes first."""
        full, beyond = [], 0
        for (cells, size), loose in zip(taken, self._loose, strict=True):
            if loose:
                _write(block[beyond:], at, cells)
                at, beyond = at + (size + beyond), 0
            else:
                full.append((block[beyond:], at, cells))
                beyond += size
        for place in full:
            _write(*place)


def _turned(strips: Sequence[_Strip]) -> tuple[bytes, Sequence[_Strip]]:
    """What every record begins with, and the strips with that at the end."""
    first, last = strips[0], strips[-1]
    if len(strips) == 1 or not isinstance(first, _Words) or len(first.words) > 1:
        return b"", strips
    joined = _joined(last, first)
    end = [last, first] if joined is None else [joined]
    return first.words[0], [*strips[1:-1], *end]


def _write(block: Array, places: Array, cells: Array) -> None:
    """Put a cell, or the same one, at each place, in their order."""
    view: Array = np.ndarray(len(block) - cells.itemsize + 1, cells.dtype, block.data, strides=(1,))
    view[places] = cells


def _side_by_side(slots: Array) -> Slots:
    """The same as a slice, if they follow one another."""
    first, last = int(slots[0]), int(slots[-1])
    if last - first == len(slots) - 1 and (slots[1:] - slots[:-1] == 1).all():
        return slice(first, last + 1)
    return slots


def _together(strips: Iterable[_Strip]) -> list[_Strip]:
    """Neighbours that have few words are one strip."""
    made: list[_Strip] = []
    for strip in strips:
        joined = _joined(made[-1], strip) if made else None
        if joined is None:
            made.append(strip)
        else:
            made[-1] = joined
    return made


def _joined(one: _Strip, two: _Strip) -> _Words | None:
    if not (isinstance(one, _Words) and isinstance(two, _Words)):
        return None
    return one.then(two) if len(one.words) * len(two.words) <= MOST_TOGETHER else None


def _bytes(text: bytes) -> Array:
    return np.frombuffer(text, np.uint8)


def _padded(words: Sequence[bytes], width: int) -> Array:
    return np.frombuffer(b"".join(word.ljust(width, b"\0") for word in words), f"V{width}")
