"""Rows put together out of strips: what stands in one place of every row, for many rows at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from .blocks import Blocks

MOST_TOGETHER = 1000  # words of neighbours that are put together
AT_ONCE = 256 << 10  # bytes of rows that are written apart
Array: TypeAlias = Any  # of numpy
Slots: TypeAlias = Any  # an array of numbers, or a slice
Taken: TypeAlias = tuple[Array, Any]  # padded bytes, and their sizes or the size of all


class Column(NamedTuple):
    """The pieces of a column; `absent` stands where a record has none."""

    name: str
    absent: bytes


Part: TypeAlias = bytes | Column  # what every record shows in this place, or a column


class Words:
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
        first, *others = (column[slots] * np.uint16(weight) for column, weight in self._numbers)
        which = sum(others, first)
        return self._table.take(which), self.most if self.least == self.most else self._sizes.take(which)

    def then(self, other: Words) -> Words:
        """Both, one after the other."""
        words = [one + two for one in self.words for two in other.words]
        heavier = [(column, weight * len(other.words)) for column, weight in self._numbers]
        return Words(words, [*heavier, *other._numbers])


class Cells:
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


Strip: TypeAlias = Words | Cells


class Layout:
    """Draws records one after another, each its strips from left to right.

    A cell is written with its padding, over what comes after it, and that is written later. So those of different
    sizes are written first; what they spoil before that, in the next record, is what comes before the first of them.
    Where that is not enough room, records are drawn far apart, and then put together. What begins every record is
    written with the end of the one before.
    """

    def __init__(self, strips: Iterable[Strip]) -> None:
        self._first, self._strips = _turned(_together(strip for strip in strips if strip.most))
        self._loose = [strip.least < strip.most for strip in self._strips]
        least, most = ([getattr(strip, name) for strip in self._strips] for name in ("least", "most"))
        head = sum(most[: self._loose.index(True)]) if True in self._loose else 0
        self._tight = all(most[n] - least[n] <= head + sum(least[n + 1 :]) for n in range(len(least)))
        self._beyond, self._widest = max(most), sum(most) + max(most)

    def sizes(self, slots: Sequence[int]) -> Array:
        """How long each row is, with its comma."""
        rows = side_by_side(np.asarray(slots))
        return _summed([strip.take(rows) for strip in self._strips], len(slots))

    def draw(self, slots: Sequence[int], blocks: Blocks, head: bytes = b"", tail: bytes = b",") -> memoryview:
        """The records of some slots, at least one, after a head; the tail stands in the place of the last comma."""
        rows, head = side_by_side(np.asarray(slots)), head + self._first
        taken = [strip.take(rows) for strip in self._strips]
        sizes = _summed(taken, len(slots))
        ends = sizes.cumsum() + len(head)
        end = int(ends[-1]) - len(self._first) - 1
        total = end + len(tail)
        block = blocks.take(total + len(self._first) + self._widest)
        if self._tight:
            self._put(block, ends - sizes, taken)
        else:
            self._put_apart(block, ends - sizes, int(sizes.max()) + self._beyond, taken, blocks)
        block[: len(head)], block[end:total] = _bytes(head), _bytes(tail)
        return blocks.lend(block, total)

    def _put_apart(self, block: Array, at: Array, width: int, taken: Sequence[Taken], blocks: Blocks) -> None:
        """Write some rows at a time with room between them, and then put them together."""
        count = max(AT_ONCE // width, 1)
        apart = blocks.take(count * width + self._widest)
        for first in range(0, len(at), count):
            part = slice(first, first + count)
            rows = len(at[part])
            self._put(apart, np.arange(rows) * width, [_cut(each, part) for each in taken])
            _write(block, at[part], apart[: rows * width].view(f"V{width}"))
        blocks.give(apart)

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


def _summed(taken: Sequence[Taken], count: int) -> Array:
    sizes = np.full(count, sum(size for _, size in taken if isinstance(size, int)))
    for _, size in taken:
        if not isinstance(size, int):
            sizes += size
    return sizes


def _cut(taken: Taken, part: slice) -> Taken:
    """The same of some of the rows."""
    cells, size = taken
    return cells[part] if cells.ndim else cells, size if isinstance(size, int) else size[part]


def _turned(strips: Sequence[Strip]) -> tuple[bytes, Sequence[Strip]]:
    """What every record begins with, and the strips with that at the end."""
    first, last = strips[0], strips[-1]
    if len(strips) == 1 or not isinstance(first, Words) or len(first.words) > 1:
        return b"", strips
    joined = _joined(last, first)
    end = [last, first] if joined is None else [joined]
    return first.words[0], [*strips[1:-1], *end]


def _write(block: Array, places: Array, cells: Array) -> None:
    """Put a cell, or the same one, at each place, in their order."""
    view: Array = np.ndarray(len(block) - cells.itemsize + 1, cells.dtype, block.data, strides=(1,))
    view[places] = cells


def side_by_side(slots: Array) -> Slots:
    """The same as a slice, if they follow one another."""
    first, last = int(slots[0]), int(slots[-1])
    if last - first == len(slots) - 1 and (slots[1:] - slots[:-1] == 1).all():
        return slice(first, last + 1)
    return slots


def _together(strips: Iterable[Strip]) -> list[Strip]:
    """Neighbours that have few words are one strip."""
    made: list[Strip] = []
    for strip in strips:
        joined = _joined(made[-1], strip) if made else None
        if joined is None:
            made.append(strip)
        else:
            made[-1] = joined
    return made


def _joined(one: Strip, two: Strip) -> Words | None:
    if not (isinstance(one, Words) and isinstance(two, Words)):
        return None
    return one.then(two) if len(one.words) * len(two.words) <= MOST_TOGETHER else None


def _bytes(text: bytes) -> Array:
    return np.frombuffer(text, np.uint8)


def _padded(words: Sequence[bytes], width: int) -> Array:
    return np.frombuffer(b"".join(word.ljust(width, b"\0") for word in words), f"V{width}")
