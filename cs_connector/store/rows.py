"""Many rows at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib import import_module
from typing import Any

import msgspec
import sqlalchemy as sa


def insert(db: sa.Connection, table: sa.Table, rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows that have a value for every column, in the table's order, but for one that the database counts.

    Does what executing `sa.insert(table)` with the rows does, for a quarter of the CPU: no row is asked what it has.
    """
    _run(db, _inserting, table, rows)


def put(db: sa.Connection, table: sa.Table, rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows as `insert` does, each in the place of the one that has its primary key."""
    _run(db, _putting, table, rows)


def among(db: sa.Connection, column: sa.Column[str], values: Iterable[str]) -> sa.ColumnElement[bool]:
    """Whether a column has one of many values, which go to the database as one: a question of any length costs the same."""
    if db.dialect.name == "postgresql":
        from sqlalchemy.dialects import (
            postgresql,
        )  # a seventh of what every command loads, and few have such a database

        return column == sa.any_(sa.literal(list(values), postgresql.ARRAY(sa.Text)))
    packed = sa.func.json_each(msgspec.json.encode(list(values)).decode())
    return column.in_(sa.select(packed.table_valued("value").c.value))


def _given(table: sa.Table) -> list[sa.Column[Any]]:
    return [column for column in table.c if column is not table.autoincrement_column]


def _run(
    db: sa.Connection, made: Callable[[Any, sa.Table], str], table: sa.Table, rows: Iterable[Any]
) -> None:
    listed = _ready(_given(table), db.dialect, rows)
    if listed:
        db.exec_driver_sql(made(type(db.dialect), table), listed)


@cache
def _inserting(kind: Any, table: sa.Table) -> str:
    return _compiled(kind, table, sa.insert(table))


@cache
def _putting(kind: Any, table: sa.Table) -> str:
    dialect = import_module(
        f"sqlalchemy.dialects.{kind.name}"
    )  # the one in use: to load the other costs every command
    new = dialect.insert(table)
    keys = list(table.primary_key)
    rest = {c.name: new.excluded[c.name] for c in table.c if c not in keys}
    return _compiled(kind, table, new.on_conflict_do_update(index_elements=keys, set_=rest))


def _compiled(kind: Any, table: sa.Table, statement: Any) -> str:
    """With a place for each value, as drivers take many rows."""
    plain = kind()
    form = plain if plain.positional else kind(paramstyle="format")
    return str(statement.compile(dialect=form, column_keys=[column.name for column in _given(table)]))


def _ready(
    columns: Sequence[sa.Column[Any]], dialect: sa.Dialect, rows: Iterable[Sequence[Any]]
) -> list[tuple[Any, ...]]:
    """The rows, of values that the driver takes."""
    by_column = list(zip(*rows, strict=True))
    for place, column in enumerate(columns if by_column else ()):
        made = column.type.dialect_impl(dialect).bind_processor(dialect)
        if made:
            by_column[place] = _each(made, by_column[place])
    return list(zip(*by_column, strict=True))


def _each(made: Callable[[Any], Any], values: Sequence[Any]) -> tuple[Any, ...]:
    """Neighbours are often the very same value, as the moment of a batch is: it is made once."""
    ready, last, done = [], _NOTHING, None
    for value in values:
        if value is not last:
            last, done = value, made(value)
        ready.append(done)
    return tuple(ready)


_NOTHING = object()
