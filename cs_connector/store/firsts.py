"""The first fold of an object: nothing is known of it, so all is written as it came, a row group at a time."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from cs_connector.transport.records import flags

ROWS = 10_000  # records of a row group
SIZE = 16_000_000  # bytes of one

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ODD = 0x9E3779B97F4A7C15  # without a pattern in its bits
_WEIGHTS = np.cumprod(np.full(256, _ODD, np.uint64))

Numbers = np.ndarray[Any, np.dtype[np.uint64]]
Pages = Callable[[], Iterable[pa.RecordBatch]]

_SHAPE = pa.schema(
    [
        ("id", pa.string()),
        ("modified_at", pa.string()),
        ("deleted", pa.bool_()),
        ("known_at", pa.timestamp("us")),
        ("digest", pa.uint64()),  # none: it is made when the record is read again
        ("payload", pa.string()),
    ]
)


class Firsts:
    """`pages` gives the landed records, in the order of their arrival, as often as it is called.

    After `write`: how many were `read`, how many of them are `stale` (came again later), and how many of those that
    count are `deleted`.
    """

    def __init__(self, pages: Pages, known_at: datetime) -> None:
        self._pages = pages
        self._known_at = (known_at - _EPOCH) // timedelta(microseconds=1)
        self.read = self.stale = self.deleted = 0

    def write(self, target: Path) -> None:
        """Write each record once, as it came last. What is kept in memory is eight bytes a record."""
        hashes = array("Q")
        self.read = self._copy(target, self._pages(), lambda ids: hashes.frombytes(_hash(ids).tobytes()))
        twice = _twice(hashes)
        if len(twice):
            stale = _stale(self._pages(), twice)
            self.stale = len(stale)
            self._copy(target, _without(self._pages(), stale), lambda _: None)

    def _copy(self, target: Path, pages: Iterable[pa.RecordBatch], look: Callable[[pa.Array], None]) -> int:
        from pyarrow import parquet

        count = self.deleted = 0
        kind = {"compression": "zstd", "compression_level": 1, "use_dictionary": False}
        with parquet.ParquetWriter(target, _SHAPE, **kind) as writer:
            for group in _groups(pages):
                for ids in group["id"].chunks:
                    look(ids)
                writer.write_table(self._rows(group), row_group_size=group.num_rows)
                count += group.num_rows
                self.deleted += sum(chunk.true_count for chunk in group["deleted"].chunks)
        return count

    def _rows(self, group: pa.Table) -> pa.Table:
        count = group.num_rows
        moments = pa.py_buffer(np.full(count, self._known_at, np.int64))  # pa.scalar would import pandas
        known = pa.Array.from_buffers(pa.timestamp("us"), count, [None, moments])
        *short, payload = group.columns
        return pa.Table.from_arrays([*short, known, pa.nulls(count, pa.uint64()), payload], schema=_SHAPE)


def _groups(pages: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The pages in groups of some size."""
    group: list[pa.RecordBatch] = []
    rows = size = 0
    for page in pages:
        group.append(page)
        rows, size = rows + page.num_rows, size + page.nbytes
        if rows >= ROWS or size >= SIZE:
            yield pa.Table.from_batches(group)
            group, rows, size = [], 0, 0
    if group:
        yield pa.Table.from_batches(group)


def _hash(ids: pa.Array) -> Numbers:
    """64 bits of each id: the sum of its bytes, each times a number of its place."""
    ends = np.frombuffer(ids.buffers()[1], np.int32)[ids.offset :][: len(ids) + 1]
    data = np.frombuffer(ids.buffers()[2] or b"", np.uint8)[ends[0] : ends[-1]]
    ends = ends - ends[0]
    places = np.arange(len(data)) - np.repeat(ends[:-1], np.diff(ends))
    sums = np.zeros(len(data) + 1, np.uint64)
    np.cumsum((data + np.uint64(1)) * _WEIGHTS[places % len(_WEIGHTS)], out=sums[1:])
    each: Numbers = sums[ends[1:]] - sums[ends[:-1]]
    return each


def _twice(hashes: array[int]) -> Numbers:
    """Those that are there more than once; sorts them where they are."""
    if not hashes:
        return np.empty(0, np.uint64)
    found = np.frombuffer(hashes, np.uint64)
    found.sort()
    return np.unique(found[1:][found[1:] == found[:-1]])


def _stale(pages: Iterable[pa.RecordBatch], twice: Numbers) -> list[int]:
    """The numbers of the records that come again later. Hashes only say where to look: the ids decide."""
    last: dict[str, int] = {}
    stale: list[int] = []
    begin = 0
    for page in pages:
        found = np.isin(_hash(page.column(0)), twice)
        for at in np.flatnonzero(found).tolist():
            key = page.column(0)[at].as_py()
            if key in last:
                stale.append(last[key])
            last[key] = begin + at
        begin += page.num_rows
    return sorted(stale)


def _without(pages: Iterable[pa.RecordBatch], stale: list[int]) -> Iterator[pa.RecordBatch]:
    """The records but for those with these numbers."""
    gone, begin = np.asarray(stale), 0
    for page in pages:
        here = np.ones(page.num_rows, np.uint8)
        inside = gone[(gone >= begin) & (gone < begin + page.num_rows)]
        here[inside - begin] = 0
        yield page.filter(flags(here.tolist())) if len(inside) else page
        begin += page.num_rows
