"""Raw records on disk: their columns, and how they are written to Parquet, a row group at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from . import came

ROWS = 10_000  # records of a row group
SIZE = 16_000_000  # bytes of one
STRETCH = 300_000  # ids that are looked through at once
PAGE = 128_000  # bytes of one column that are packed at once: so many stay near the processor

Array = np.ndarray[Any, np.dtype[Any]]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONG = "payload"  # long texts of their own do not repay a dictionary, and nobody looks for the smallest

SHAPE = pa.schema(
    [
        ("id", pa.string()),
        ("modified_at", pa.string()),
        ("deleted", pa.bool_()),
        ("known_at", pa.timestamp("us")),
        ("digest", pa.uint64()),  # none of a first fold: it is made when the record is read again
        ("stamp", pa.uint64()),  # stands for modified_at, and is read seven times as fast
        ("key", pa.uint64()),  # stands for id in the same way
        ("payload", pa.string()),
    ]
)


def groups(pages: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The pages in groups of some size."""
    group = Group()
    for page in pages:
        if group.add(page):
            yield group.taken()
    if group.rows:
        yield group.taken()


class Group:
    """Pages that are written together."""

    def __init__(self) -> None:
        self._pages: list[pa.RecordBatch] = []
        self.rows = self._size = 0

    def add(self, page: pa.RecordBatch) -> bool:
        """Whether that is enough now."""
        self._pages.append(page)
        self.rows, self._size = self.rows + page.num_rows, self._size + page.get_total_buffer_size()
        return self.rows >= ROWS or self._size >= SIZE

    def taken(self) -> pa.Table:
        """All of them; there are none from then on."""
        table = pa.Table.from_batches(self._pages)
        self._pages, self.rows, self._size = [], 0, 0
        return table


def write(target: Path, tables: Iterable[pa.Table], schema: pa.Schema = SHAPE) -> None:
    """Write a row group a table; all have the columns of the schema."""
    with writer(target, schema) as file:
        for table in tables:
            put(file, table)


def writer(target: Path, schema: pa.Schema = SHAPE) -> Any:
    """A new file."""
    from pyarrow import parquet

    short = [name for name in schema.names if name != _LONG]
    # all are packed for speed: short columns are read at every fold, and there is little to gain in them; payloads are
    # read as a whole by every first run of unify
    packing = {name: "lz4" if name == _LONG else "snappy" for name in schema.names}
    kind = {
        "compression": packing,
        "use_dictionary": False,
        "write_statistics": short,
        "data_page_size": PAGE,
    }
    return parquet.ParquetWriter(target, schema, **kind)


def put(file: Any, table: pa.Table) -> None:
    """Write a row group."""
    file.write_table(table, row_group_size=max(1, table.num_rows))


def readable(page: pa.RecordBatch) -> pa.RecordBatch:
    """Landed records with their payloads as text."""
    *short, payloads = page.columns
    return pa.RecordBatch.from_arrays([*short, _texts(payloads)], names=page.schema.names)


def legible(group: pa.Table) -> pa.Table:
    """The same of many pages at once: a call for each costs more than the work, where pages are small."""
    *short, payloads = group.columns
    try:
        told = payloads.cast(pa.string())
    except pa.ArrowInvalid:
        told = pa.chunked_array([_texts(page) for page in payloads.chunks], pa.string())
    return pa.Table.from_arrays([*short, told], names=group.schema.names)


def _texts(payloads: pa.BinaryArray) -> pa.StringArray:
    """Bytes as text; what is not UTF-8 is replaced, so that one bad record cannot stop the others."""
    try:
        return payloads.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([p.decode("utf-8", "replace") for p in payloads.to_pylist()], pa.string())


def stretches(file: Any, most: int) -> Iterator[tuple[int, list[int]]]:
    """Row groups that are read together, of about so many rows, each time with the number of the first row."""
    begin = rows = 0
    found: list[int] = []
    for group in range(file.num_row_groups):
        found.append(group)
        rows += file.metadata.row_group(group).num_rows
        if rows >= most:
            yield begin, found
            begin, rows, found = begin + rows, 0, []
    if found:
        yield begin, found


def ids(file: Any, groups: Sequence[int]) -> pa.StringArray:
    """Of the rows of some row groups."""
    return file.read_row_groups(groups, columns=["id"], use_threads=False)["id"].combine_chunks()


def keys(file: Any, groups: Sequence[int]) -> came.Numbers:
    """What stands for the ids of the rows of some row groups; made anew in a file that has them not for all."""
    if "key" in file.schema_arrow.names:
        column = file.read_row_groups(groups, columns=["key"], use_threads=False)["key"].combine_chunks()
        if not column.null_count:
            return np.frombuffer(column.buffers()[1], np.uint64)[column.offset :][: len(column)]
    return came.hashes(ids(file, groups))


def truths(column: pa.ChunkedArray | pa.BooleanArray) -> Array:
    """As numbers of Python's own kind, any where there is none."""
    each = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return np.frombuffer(each.cast(pa.uint8()).buffers()[1], np.uint8)[: len(each)].astype(np.bool_)


def shaped(group: pa.Table, known_at: int, digests: pa.Array | None = None) -> pa.Table:
    """Landed records as rows: with the microseconds since 1970 at which they are known, and what their payloads come to."""
    count = group.num_rows
    moments = pa.py_buffer(np.full(count, known_at, np.int64))  # pa.scalar would import pandas
    known = pa.Array.from_buffers(pa.timestamp("us"), count, [None, moments])
    *short, payload = group.columns
    made = pa.nulls(count, pa.uint64()) if digests is None else digests
    stamps = _stamps(group["modified_at"].combine_chunks())
    keys = pa.py_buffer(came.hashes(group["id"].combine_chunks()))
    stand = [stamps, pa.Array.from_buffers(pa.uint64(), count, [None, keys])]
    return pa.Table.from_arrays([*short, known, made, *stand, payload], schema=SHAPE)


def _stamps(times: pa.StringArray) -> pa.UInt64Array:
    """What stands for each time; null where there is none."""
    known = bits(truths(times.is_valid())) if times.null_count else None
    return pa.Array.from_buffers(pa.uint64(), len(times), [known, pa.py_buffer(came.hashes(times))])


def bits(each: Array) -> pa.Buffer:
    """Truths as Arrow keeps them."""
    return pa.py_buffer(np.packbits(each, bitorder="little"))


def micros(moment: datetime) -> int:
    """Microseconds since 1970; a time without a zone is of UTC."""
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (zoned - _EPOCH) // timedelta(microseconds=1)
