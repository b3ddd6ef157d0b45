"""Many files of a dataset as few: row groups stream through, so that memory does not grow with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from cs_connector.transport.records import flags

from . import raw


def together(sources: Sequence[Path], target: Path) -> None:
    """All rows into one file; a column that a file has not is null."""
    files = _opened(sources)
    schema = pa.unify_schemas([file.schema_arrow.remove_metadata() for file in files])
    batches = (batch for file in files for batch in file.iter_batches(raw.ROWS, use_threads=False))
    raw.write(target, raw.groups(_aligned(batch, schema) for batch in batches), schema)


def apart(sources: Sequence[Path], past: Sequence[Path], current: Path, overtaken: Path) -> None:
    """Of raw records in files that have each id once, the oldest file first: the newest row of each id into one file,
    the others into another, and those of the `past` with them.
    """
    files = _opened(sources)
    again = [_again(file, files[n + 1 :]) for n, file in enumerate(files)]
    raw.write(current, raw.groups(_rows(files, [~each for each in again])))
    before = _opened(past)
    every = [np.ones(file.metadata.num_rows, np.bool_) for file in before]
    raw.write(overtaken, raw.groups(_rows([*before, *files], [*every, *again])))


def _opened(paths: Sequence[Path]) -> list[Any]:
    from pyarrow import parquet

    return [parquet.ParquetFile(path) for path in paths]


def _again(file: Any, later: Sequence[Any]) -> raw.Array:
    """Of each row, whether a later file has its id."""
    from pyarrow import compute

    found = np.zeros(file.metadata.num_rows, np.bool_)
    for begin, groups in raw.stretches(file, raw.STRETCH):
        ids = raw.ids(file, groups)
        for other in later:
            for _, some in raw.stretches(other, raw.STRETCH // 2):
                there = raw.truths(compute.is_in(ids, value_set=raw.ids(other, some)))
                found[begin : begin + len(ids)] |= there
    return found


def _rows(files: Sequence[Any], wanted: Sequence[raw.Array]) -> Iterator[pa.RecordBatch]:
    for file, which in zip(files, wanted, strict=True):
        begin = 0
        for group in range(file.num_row_groups):
            end = begin + file.metadata.row_group(group).num_rows
            if which[begin:end].any():
                yield from _chosen(file, group, which[begin:end])
            begin = end


def _chosen(file: Any, group: int, which: raw.Array) -> Iterator[pa.RecordBatch]:
    begin = 0
    for batch in file.iter_batches(raw.ROWS, row_groups=[group], use_threads=False):
        here = which[begin : begin + batch.num_rows]
        begin += batch.num_rows
        yield _aligned(batch if here.all() else batch.filter(flags(here.tolist())), raw.SHAPE)


def _aligned(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    held = dict(zip(batch.schema.names, batch.columns, strict=True))
    columns = [
        held[field.name] if field.name in held else pa.nulls(batch.num_rows, field.type) for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
