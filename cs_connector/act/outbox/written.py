"""What each record was last told by us: laid over what was read until it is read back, and then what others' edits show in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from cs_connector.store.rows import insert
from cs_connector.store.state import State
from cs_connector.store.tables import written

from .line import Line

SOME = 500  # ids in one question


def remember(db: sa.Connection, told: Sequence[tuple[Line, str]], at: datetime) -> None:
    """Note what records have taken: the line, and the id of the record."""
    for (connection, name), rows in _grouped(told).items():
        before = _kept(db, connection, name, list(rows))
        insert(db, written, [_merged(before.get(r), lines, r, at) for r, lines in rows.items()])


def forget(db: sa.Connection, gone: Sequence[tuple[Line, str]]) -> None:
    """Records that are there no more were told nothing."""
    for (connection, name), rows in _grouped(gone).items():
        _drop(db, connection, name, list(rows))


def confirm(state: State, connection: str, object_name: str, until: datetime) -> None:
    """Everything that was written before `until` has been read back: what was read counts again."""
    mine = (written.c.connection == connection) & (written.c.object == object_name)
    with state.begin() as db:
        read_back = mine & (written.c.at < until) & written.c.unread.is_not(None)
        db.execute(sa.update(written).where(read_back).values(unread=None))


class Unread(NamedTuple):
    """What was written and not read back yet; `fields` is JSON."""

    record_id: str
    name: str
    fields: str
    at: datetime


class Told(NamedTuple):
    """What a record was last told by us, and what stood there before: JSON, both."""

    record_id: str
    fields: str
    before: str


def unread(db: sa.Connection, connection: str, object_name: str) -> list[Unread]:
    mine = (written.c.connection == connection) & (written.c.object == object_name)
    text = sa.type_coerce(written.c.unread, sa.Text)
    query = sa.select(written.c.record_id, written.c.name, text, written.c.at)
    rows = db.execute(query.where(mine, written.c.unread.is_not(None)).order_by(written.c.record_id))
    return [Unread._make(row) for row in rows]


def last(db: sa.Connection, connection: str, object_name: str, records: Sequence[str]) -> Iterator[Told]:
    """What these records were last told, as far as they were told anything."""
    fields, before = (sa.type_coerce(column, sa.Text) for column in (written.c.fields, written.c.before))
    for some in chunks(records):
        query = sa.select(written.c.record_id, fields, before)
        for row in db.execute(query.where(_these(connection, object_name, some))):
            yield Told._make(row)


def _kept(db: sa.Connection, connection: str, object_name: str, records: Sequence[str]) -> dict[str, Any]:
    """Take out what was kept of these records."""
    found = {}
    for some in chunks(records):
        query = sa.select(written).where(_these(connection, object_name, some))
        found.update({row.record_id: row for row in db.execute(query)})
    _drop(db, connection, object_name, list(found))
    return found


def _drop(db: sa.Connection, connection: str, object_name: str, records: Sequence[str]) -> None:
    for some in chunks(records):
        db.execute(sa.delete(written).where(_these(connection, object_name, some)))


def _these(connection: str, object_name: str, records: Sequence[str]) -> sa.ColumnElement[bool]:
    here = (written.c.connection == connection) & (written.c.object == object_name)
    return here & written.c.record_id.in_(records)


def _merged(kept: Any | None, lines: Sequence[Line], record: str, at: datetime) -> tuple[Any, ...]:
    fields, before = (dict(kept.fields), dict(kept.before)) if kept else ({}, {})
    fresh = dict((kept.unread if kept else None) or {})
    for line in lines:
        fields |= line.fields
        before |= line.before
        fresh |= line.fields
    last = lines[-1]
    return (last.connection, last.object, record, last.name, fields, before, fresh, last.run, at)


def chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many as one question may name."""
    return (ids[start : start + SOME] for start in range(0, len(ids), SOME))


def _grouped(told: Sequence[tuple[Line, str]]) -> dict[tuple[str, str], dict[str, list[Line]]]:
    found: dict[tuple[str, str], dict[str, list[Line]]] = {}
    for line, record in told:
        found.setdefault((line.connection, line.object), {}).setdefault(record, []).append(line)
    return found
