"""Records that came again: of several versions in one landing the last counts. Hashes say where to look, the ids decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from cs_connector.transport.records import flags

_ODD = 0x9E3779B97F4A7C15  # without a pattern in its bits
_WORD = 8  # bytes
_SHIFT = np.uint64(29)
_BLOCK = 1 << 18  # hashes that are kept together: 2 MB
_SORTED = 1 << 20  # those that are sorted together, about

Numbers = np.ndarray[Any, np.dtype[np.uint64]]


def hashes(ids: pa.StringArray) -> Numbers:
    """64 bits of each id: its bytes as numbers of eight, each mixed with what came before."""
    ends = np.frombuffer(ids.buffers()[1], np.int32)[ids.offset :][: len(ids) + 1]
    data = np.frombuffer(ids.buffers()[2] or b"", np.uint8)
    lengths = np.diff(ends)
    if len(ids) and lengths.min() == lengths.max():
        return _mixed(data[ends[0] : ends[-1]].reshape(len(ids), lengths[0]))
    found = np.empty(len(ids), np.uint64)
    for length in np.unique(lengths).tolist():
        here = np.flatnonzero(lengths == length)
        found[here] = _mixed(data[ends[here][:, None] + np.arange(length)])
    return found


class Hashes:
    """Hashes, kept in blocks."""

    def __init__(self) -> None:
        self._blocks: list[Numbers] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, more: Numbers) -> None:
        while len(more):
            begin = self._count % _BLOCK
            if not begin:
                self._blocks.append(np.empty(_BLOCK, np.uint64))
            part, more = more[: _BLOCK - begin], more[_BLOCK - begin :]
            self._blocks[-1][begin : begin + len(part)] = part
            self._count += len(part)

    def twice(self) -> Numbers:
        """Those that are there more than once. Only some of all are sorted at a time, by their first bits."""
        bits = (self._count // _SORTED).bit_length()
        return np.concatenate([_again(self._beginning(number, bits)) for number in range(1 << bits)])

    def _beginning(self, number: int, bits: int) -> Numbers:
        """Those whose first bits are this number."""
        left = self._count - _BLOCK * (len(self._blocks) - 1)
        blocks = [*self._blocks[:-1], *(block[:left] for block in self._blocks[-1:])]
        if bits:
            blocks = [block[block >> np.uint64(64 - bits) == number] for block in blocks]
        return np.concatenate(blocks) if blocks else np.empty(0, np.uint64)


def _again(each: Numbers) -> Numbers:
    """Those that are there more than once; sorts them where they are."""
    each.sort()
    return np.unique(each[1:][each[1:] == each[:-1]])


def _mixed(texts: np.ndarray[Any, np.dtype[np.uint8]]) -> Numbers:
    """Of texts of one length, a row each."""
    count, length = texts.shape
    words = -(-length // _WORD)
    each = np.zeros((count, words * _WORD), np.uint8)
    each[:, :length] = texts
    mixed = np.full(count, length, np.uint64)
    for word in each.view("<u8").T:
        mixed = (mixed ^ word) * np.uint64(_ODD)
        mixed ^= mixed >> _SHIFT
    return mixed


def stale(pages: Iterable[pa.RecordBatch], which: Numbers) -> list[int]:
    """The numbers of the records that come again later, of those with these hashes."""
    last: dict[str, int] = {}
    found: list[int] = []
    begin = 0
    for page in pages:
        for at in np.flatnonzero(np.isin(hashes(page.column(0)), which)).tolist():
            key = page.column(0)[at].as_py()
            if key in last:
                found.append(last[key])
            last[key] = begin + at
        begin += page.num_rows
    return sorted(found)


def without(pages: Iterable[pa.RecordBatch], gone: list[int]) -> Iterator[pa.RecordBatch]:
    """The records but for those with these numbers."""
    numbers, begin = np.asarray(gone, np.int64), 0
    for page in pages:
        here = np.ones(page.num_rows, np.uint8)
        inside = numbers[(numbers >= begin) & (numbers < begin + page.num_rows)]
        here[inside - begin] = 0
        yield page.filter(flags(here.tolist())) if len(inside) else page
        begin += page.num_rows
