"""Rows of the state as JSON lines, and back, for whatever tables a store has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from .tables import leases, manifest, manifest_files, reader_leases, segments

_SOME = 1000
_encode = msgspec.json.Encoder().encode


def tables(db: sa.Connection) -> list[sa.Table]:
    """The tables as they are in the database, which may be older than this program's."""
    found = sa.MetaData()
    found.reflect(db)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def lines(db: sa.Connection, table: sa.Table) -> Iterator[bytes]:
    for row in db.execute(sa.select(table)).mappings():
        yield _encode(dict(row)) + b"\n"


def load(db: sa.Connection, folder: Path) -> None:
    """Fill empty tables from the files that `lines` made, and let numbering go on after the rows."""
    for table in tables(db):
        with (folder / f"{table.name}.jsonl").open("rb") as file:
            rows = [_typed(table, msgspec.json.decode(line)) for line in file]
        db.execute(table.delete())
        _keep_nulls(table)
        for start in range(0, len(rows), _SOME):
            db.execute(table.insert(), rows[start : start + _SOME])
        if db.dialect.name == "postgresql" and "id" in table.c:
            _renumber(db, table)


def freshen(db: sa.Connection) -> None:
    """Forget what a copy does not have: old files, readers, and whoever held a lease."""
    db.execute(manifest_files.delete().where(manifest_files.c.removed.is_not(None)))
    newest = sa.select(sa.func.max(manifest.c.version)).scalar_subquery()
    db.execute(manifest.delete().where(manifest.c.version < newest))
    db.execute(segments.delete().where(segments.c.state == "folded"))
    db.execute(reader_leases.delete())
    db.execute(leases.update().values(holder=None, until=None))


def _typed(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    return {name: _value(table.c[name], value) for name, value in row.items()}


def _value(column: sa.Column[Any], value: Any) -> Any:
    if value is None or isinstance(column.type, sa.JSON):
        return value
    return msgspec.convert(value, column.type.python_type, strict=False)


def _keep_nulls(table: sa.Table) -> None:
    for column in table.c:
        if isinstance(column.type, sa.JSON):
            column.type = sa.JSON(none_as_null=True)


def _renumber(db: sa.Connection, table: sa.Table) -> None:
    sequence = db.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, "id")))
    if sequence:
        top = sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0) + 1).scalar_subquery()
        db.execute(sa.select(sa.func.setval(sequence, top, False)))
