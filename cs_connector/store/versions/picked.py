"""Some rows of a Parquet file. A column that is the same in all of them, as its statistics tell, is read from the first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from . import raw


def rows(file: Any, groups: Sequence[int], names: Sequence[str], which: raw.Array) -> pa.Table:
    """The columns of these rows, which are numbered from the first one of the row groups."""
    same = [name for name in names if _same(file, groups, name)]
    others = [name for name in names if name not in same]
    found = _taken(file, groups, others, which)
    again = _taken(file, groups[:1], same, np.zeros(len(which), np.int64))
    columns = {**dict(zip(others, found, strict=True)), **dict(zip(same, again, strict=True))}
    return pa.Table.from_arrays([columns[name] for name in names], names=list(names))


def numbers(each: raw.Array) -> pa.Int64Array:
    """pa.array would import pandas where it is installed."""
    return pa.Array.from_buffers(
        pa.int64(), len(each), [None, pa.py_buffer(np.ascontiguousarray(each, np.int64))]
    )


def _taken(file: Any, groups: Sequence[int], names: Sequence[str], which: raw.Array) -> list[pa.ChunkedArray]:
    if not names:
        return []
    read = file.read_row_groups(groups, columns=names, use_threads=False).take(numbers(which))
    return [read[name] for name in names]


def _same(file: Any, groups: Sequence[int], name: str) -> bool:
    """Whether a column has one value in all of the row groups; False where nobody knows."""
    place = file.schema_arrow.names.index(name)
    values = {_value(file.metadata.row_group(group).column(place)) for group in groups}
    return len(values) == 1 and () not in values


def _value(column: Any) -> tuple[object, ...]:
    """The one value of a column of a row group, which may be None; empty where there are several, or nobody knows."""
    told = column.statistics
    if told is None or not told.has_null_count:
        return ()
    if told.has_min_max and not told.null_count and told.min == told.max:
        return (told.min,)
    return () if told.num_values else (None,)
