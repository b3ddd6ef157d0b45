"""The pieces of which answers are made, in columns of a pack: what stands for a field of a record, in bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Protocol

import numpy as np

Pieces = Mapping[str, bytes]
CHUNK = 4096  # records
WIDEST = 400  # bytes; a column with a longer piece is left out
ROOM = 8  # bytes beyond the widest piece, for what stands where a record has none
MOST_WORDS = 200  # different pieces, up to which a record's is a number
# Sections of a column, before its name.
WORDS, CODES, CELLS, SIZES, LEFT_OUT = "words", "codes", "cells", "sizes", "left out"
ALL = "columns"  # a section that says that there are columns at all


class Sections(Protocol):
    """Where columns are written: a section's room is taken first, and filled in order."""

    def reserve(self, name: str, length: int, kind: str) -> int: ...

    def fill(self, at: int, data: bytes) -> None: ...


class _Column:
    """What is known of a column: its widest and narrowest piece, and the different ones if they are few."""

    def __init__(self) -> None:
        self.words: set[bytes] = set()
        self.count = self.widest = 0
        self.least = WIDEST

    def see(self, pieces: list[bytes]) -> None:
        self.count += len(pieces)
        sizes = list(map(len, pieces))
        self.widest, self.least = max(self.widest, *sizes), min(self.least, *sizes)
        if len(self.words) <= MOST_WORDS:
            self.words.update(pieces)


class Columns:
    """Writes columns: `pieces` gives those of a record's bytes by the name of their column.

    A column holds words and a number for each record; or cells of one width, and their sizes where they differ. No
    piece is a word or cell of size 0.
    """

    def __init__(self, pieces: Callable[[bytes], Pieces]) -> None:
        self._pieces = pieces

    def write(self, sections: Sections, records: Callable[[], Iterable[bytes]]) -> None:
        """`records` gives all of them, each time in the same order."""
        seen: dict[str, _Column] = {}
        total = 0
        for rows in self._chunks(records()):
            total += len(rows)
            for name in set[str]().union(*rows):
                seen.setdefault(name, _Column()).see([row[name] for row in rows if name in row])
        sections.reserve(ALL, 0, "B")
        writers = [
            writer
            for name in sorted(seen)
            if (writer := _writer(sections, name, seen[name], total)) is not None
        ]
        for rows in self._chunks(records()):
            for writer in writers:
                writer.write([row.get(writer.name, b"") for row in rows])

    def _chunks(self, records: Iterable[bytes]) -> Iterator[list[Pieces]]:
        rows = map(self._pieces, records)
        while chunk := list(islice(rows, CHUNK)):
            yield chunk


class _Writer(Protocol):
    name: str

    def write(self, pieces: list[bytes]) -> None: ...


def _writer(sections: Sections, name: str, column: _Column, total: int) -> _Writer | None:
    """The writer of a column; None for one that is too wide."""
    gaps = column.count < total
    if len(column.words) + gaps <= MOST_WORDS and column.widest <= WIDEST:
        return _Words(sections, name, sorted({*column.words, b""} if gaps else column.words), total)
    if column.widest > WIDEST:
        sections.reserve(f"{LEFT_OUT} {name}", 0, "B")
        return None
    sizes = sections.reserve(f"{SIZES} {name}", total * 2, "H") if gaps or column.least < column.widest else 0
    return _Cells(sections, name, column.widest + ROOM * gaps, total, sizes)


class _Words:
    def __init__(self, sections: Sections, name: str, words: list[bytes], total: int) -> None:
        self.name, self._fill = name, sections.fill
        self._codes = {word: code for code, word in enumerate(words)}
        data = _cells(words, width := max(map(len, words)))
        sections.fill(sections.reserve(f"{WORDS} {name}", len(data), f"V{width}"), data)
        self._at = sections.reserve(f"{CODES} {name}", total, "B")

    def write(self, pieces: list[bytes]) -> None:
        self._fill(self._at, bytes(map(self._codes.__getitem__, pieces)))
        self._at += len(pieces)


class _Cells:
    def __init__(self, sections: Sections, name: str, width: int, total: int, sizes: int) -> None:
        self.name, self._fill, self._width, self._sizes = name, sections.fill, width, sizes
        self._at = sections.reserve(f"{CELLS} {name}", total * width, f"V{width}")

    def write(self, pieces: list[bytes]) -> None:
        self._fill(self._at, _cells(pieces, self._width))
        self._at += len(pieces) * self._width
        if self._sizes:
            self._fill(self._sizes, np.fromiter(map(len, pieces), np.uint16, len(pieces)).tobytes())
            self._sizes += len(pieces) * 2


def _cells(pieces: list[bytes], width: int) -> bytes:
    """Pieces, which hold no zero byte, each filled up with zeros."""
    return np.array(pieces, f"S{width}").tobytes()
