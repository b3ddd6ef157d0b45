"""The pieces of which answers are made, in columns of a pack: what stands for a field of a record, in bytes."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Protocol

import numpy as np

Pieces = Mapping[str, bytes]
CHUNK = 4096  # records
WIDEST = 400  # bytes; records with a wider piece are odd
MOST_ODD = 0.01  # a share of all records; a column with more wide pieces is left out
ROOM = 8  # bytes beyond the widest piece, for what stands where a record has none
MOST_WORDS = 200  # different pieces, up to which a record's is a number
# Sections of a column, before its name.
WORDS, CODES, CELLS, SIZES, LEFT_OUT = "words", "codes", "cells", "sizes", "left out"
ALL = "columns"  # a section that says that there are columns at all
ODD = "odd"  # the slots of records that have a piece that is in no column


class Sections(Protocol):
    """Where columns are written: a section's room is taken first, and filled in order."""

    def reserve(self, name: str, length: int, kind: str) -> int: ...

    def fill(self, at: int, data: bytes) -> None: ...


class _Column:
    """What is known of a column: how many wide pieces, the sizes of the others, and the different ones if they are few."""

    def __init__(self) -> None:
        self.words: set[bytes] = set()
        self.count = self.wide = self.widest = 0
        self.least = WIDEST

    def see(self, pieces: list[bytes]) -> None:
        narrow = list(filter(_fits, pieces))
        self.count += len(narrow)
        self.wide += len(pieces) - len(narrow)
        self.widest = max(self.widest, *map(len, narrow), 0)
        self.least = min(self.least, *map(len, narrow), WIDEST)
        if len(self.words) <= MOST_WORDS:
            self.words.update(narrow)


class Columns:
    """Writes columns: `pieces` gives those of a record's bytes by the name of their column.

    A column holds words and a number for each record; or cells of one width, and their sizes where they differ. No
    piece is a word or cell of size 0.
    """

    def __init__(self, pieces: Callable[[bytes], Pieces]) -> None:
        self._pieces = pieces

    def write(self, sections: Sections, records: Callable[[], Iterable[bytes]]) -> None:
        """`records` gives all of them, each time in the same order."""
        seen, total = self._seen(records())
        sections.reserve(ALL, 0, "B")
        found = {name: _writer(sections, name, seen[name], total) for name in sorted(seen)}
        writers = {name: writer for name, writer in found.items() if writer is not None}
        wide = [name for name in writers if seen[name].wide]
        odd, at = array("I"), 0
        for rows in self._chunks(records()):
            for name, writer in writers.items():
                writer.write([piece if _fits(piece := row.get(name, b"")) else b"" for row in rows])
            odd.extend(
                at + n for n, row in enumerate(rows) if not all(_fits(row.get(name, b"")) for name in wide)
            )
            at += len(rows)
        sections.fill(sections.reserve(ODD, len(odd) * odd.itemsize, "I"), odd.tobytes())

    def _seen(self, records: Iterable[bytes]) -> tuple[dict[str, _Column], int]:
        """What is known of each column, and how many records there are."""
        seen: dict[str, _Column] = {}
        total = 0
        for rows in self._chunks(records):
            total += len(rows)
            for name in set[str]().union(*rows):
                seen.setdefault(name, _Column()).see([row[name] for row in rows if name in row])
        return seen, total

    def _chunks(self, records: Iterable[bytes]) -> Iterator[list[Pieces]]:
        rows = map(self._pieces, records)
        while chunk := list(islice(rows, CHUNK)):
            yield chunk


def _fits(piece: bytes) -> bool:
    return len(piece) <= WIDEST


class _Writer(Protocol):
    def write(self, pieces: list[bytes]) -> None: ...


def _writer(sections: Sections, name: str, column: _Column, total: int) -> _Writer | None:
    """The writer of a column; None for one that is too wide."""
    gaps = column.count < total
    if column.wide > MOST_ODD * total:
        sections.reserve(f"{LEFT_OUT} {name}", 0, "B")
        return None
    if len(column.words) + gaps <= MOST_WORDS:
        return _Words(sections, name, sorted({*column.words, b""} if gaps else column.words), total)
    sizes = sections.reserve(f"{SIZES} {name}", total * 2, "H") if gaps or column.least < column.widest else 0
    return _Cells(sections, name, column.widest + ROOM * gaps, total, sizes)


class _Words:
    def __init__(self, sections: Sections, name: str, words: list[bytes], total: int) -> None:
        self._fill = sections.fill
        self._codes = {word: code for code, word in enumerate(words)}
        data = _cells(words, width := max(1, *map(len, words)))
        sections.fill(sections.reserve(f"{WORDS} {name}", len(data), f"V{width}"), data)
        self._at = sections.reserve(f"{CODES} {name}", total, "B")

    def write(self, pieces: list[bytes]) -> None:
        self._fill(self._at, bytes(map(self._codes.__getitem__, pieces)))
        self._at += len(pieces)


class _Cells:
    def __init__(self, sections: Sections, name: str, width: int, total: int, sizes: int) -> None:
        self._fill, self._width, self._sizes = sections.fill, width, sizes
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
