"""Raw records on disk: their columns, and how they are written to Parquet, a row group at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

ROWS = 10_000  # records of a row group
SIZE = 16_000_000  # bytes of one
STRETCH = 300_000  # ids that are looked through at once

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
        ("payload", pa.string()),
    ]
)


def groups(pages: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
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


def write(target: Path, tables: Iterable[pa.Table], schema: pa.Schema = SHAPE) -> None:
    """Write a row group a table; all have the columns of the schema."""
    from pyarrow import parquet

    short = [name for name in schema.names if name != _LONG]
    kind = {"compression": "zstd", "compression_level": 1, "use_dictionary": False, "write_statistics": short}
    with parquet.ParquetWriter(target, schema, **kind) as writer:
        for table in tables:
            writer.write_table(table, row_group_size=max(1, table.num_rows))


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
    return pa.Table.from_arrays([*short, known, made, payload], schema=SHAPE)


def micros(moment: datetime) -> int:
    """Microseconds since 1970; a time without a zone is of UTC."""
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (zoned - _EPOCH) // timedelta(microseconds=1)
