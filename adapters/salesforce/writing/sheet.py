"""The rows of an ingest job as CSV: an empty cell leaves a field alone, #N/A clears it (vendor: Bulk API 2.0 guide)."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from cs_connector.ports import Action, Value

from .groups import Group, links

NULL, ABSENT = "#N/A", ""
_KINDS: Mapping[type, pa.DataType] = {
    str: pa.string(), bool: pa.bool_(), int: pa.int64(), float: pa.float64()
}  # fmt: skip
_EXACT = 1e15  # below, a number without a fraction is written as a whole one, as Arrow does


class ReadAsNull(Exception):
    """There is a text that a job would take for null."""


def sheet(group: Group) -> bytes:
    """The job's upload. The columns are the key or Id, then every field that any of the changes has, by name.

    Raises ReadAsNull.
    """
    from pyarrow import csv

    out = io.BytesIO()
    columns = dict(_columns(group))
    table = pa.Table.from_arrays(list(columns.values()), names=list(columns))
    csv.write_csv(table, out)
    return out.getvalue()


def cell(value: Value) -> str:
    """A value as a job takes it."""
    if value is None or value == "":
        return NULL
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    return str(value)


def read_as_null(group: Group) -> list[int]:
    """The changes with such a text."""
    return [n for n, change in enumerate(group.changes) if NULL in change.fields.values()]


def _columns(group: Group) -> list[tuple[str, pa.Array]]:
    rows = _fields(group)
    names = sorted(set().union(*rows)) if group.action is not Action.DELETE else []
    first = [(group.column, pa.array(group.names, pa.string()))] if group.column else []
    return first + [(name, _cells(rows, name)) for name in names if name != group.column]


def _fields(group: Group) -> Sequence[Mapping[str, Value]]:
    if any(change.associate for change in group.changes):
        return [{**links(change), **change.fields} for change in group.changes]
    return [change.fields for change in group.changes]


def _cells(rows: Sequence[Mapping[str, Value]], name: str) -> pa.Array:
    """Of one kind of value in C, else one by one."""
    try:
        return _typed([row[name] for row in rows])
    except (KeyError, pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        if any(row.get(name) == NULL for row in rows):
            raise ReadAsNull(name) from None
        return pa.array([cell(row[name]) if name in row else ABSENT for row in rows], pa.string())


def _typed(values: list[Any]) -> pa.Array:
    """Told the kind of its first value, Arrow need not look at all of them twice."""
    from pyarrow import compute

    first = next((value for value in values if value is not None), None)
    column = pa.array(values, _KINDS.get(type(first)))
    if pa.types.is_string(column.type) and compute.any(compute.is_in(column, _odd())).as_py():
        raise pa.ArrowInvalid("an empty text is null, too")
    return column.cast(pa.string()).fill_null(NULL)


def _odd() -> pa.Array:
    """Texts that need to be looked at."""
    return pa.array([NULL, ABSENT], pa.string())
