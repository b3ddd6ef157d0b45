"""What each record was last told by us: laid over what was read until it is read back, and then what others' edits show in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from cs_connector.store.audit import Audit
from cs_connector.store.rows import among, put
from cs_connector.store.state import State
from cs_connector.store.tables import written

from .line import EMPTY, Line

_names = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def remember(db: sa.Connection, told: Sequence[tuple[Line, str]], audit: Audit, at: datetime) -> None:
    """Note what records have taken: the line, and the id of the record."""
    for where, rows in _grouped(told).items():
        before, hidden = _kept(db, *where, list(rows)), audit.personal.get(where, frozenset())
        put(db, written, [_merged(before.get(r), lines, r, hidden, at) for r, lines in rows.items()])


def forget(db: sa.Connection, gone: Sequence[tuple[Line, str]]) -> None:
    """Records that are there no more were told nothing."""
    for where, rows in _grouped(gone).items():
        db.execute(sa.delete(written).where(_these(db, *where, list(rows))))


def forget_object(db: sa.Connection, connection: str, object_name: str) -> None:
    """An object that was made again has none of its records."""
    here = (written.c.connection == connection) & (written.c.object == object_name)
    db.execute(sa.delete(written).where(here))


def forget_fields(db: sa.Connection, connection: str, object_name: str, names: Collection[str]) -> None:
    """Fields that were made again hold nothing of ours: what is missing there is nobody's edit. `before` stays, for an undo."""
    here = (written.c.connection == connection) & (written.c.object == object_name)
    of_one = here & (written.c.record_id == sa.bindparam("record"))
    change = (
        sa.update(written).where(of_one).values(fields=sa.bindparam("told"), unread=sa.bindparam("fresh"))
    )
    rows = db.execute(sa.select(written.c.record_id, written.c.fields, written.c.unread).where(here)).all()
    if lacking := [_without(row, names) for row in rows if not row.fields.keys().isdisjoint(names)]:
        db.execute(change, lacking)


def _without(row: Any, names: Collection[str]) -> dict[str, Any]:
    fresh = [name for name in row.unread or () if name not in names]
    told = {name: value for name, value in row.fields.items() if name not in names}
    return {"record": row.record_id, "told": told, "fresh": fresh or None}


def confirm(state: State, connection: str, object_name: str, until: datetime) -> None:
    """Everything that was written before `until` has been read back: what was read counts again."""
    mine = (written.c.connection == connection) & (written.c.object == object_name)
    with state.begin() as db:
        read_back = mine & (written.c.at < until) & written.c.unread.is_not(None)
        db.execute(sa.update(written).where(read_back).values(unread=None))


class Told(NamedTuple):
    """What a record was last told by us, and what stood there before where the audit does not say: JSON objects."""

    record_id: str
    name: str
    fields: str
    before: str
    at: datetime


def unread(db: sa.Connection, connection: str, object_name: str) -> list[Told]:
    """What was written and not read back yet: of each record those fields only."""
    mine = (written.c.connection == connection) & (written.c.object == object_name)
    columns = (written.c.record_id, written.c.name, written.c.fields, written.c.unread, written.c.at)
    query = sa.select(*columns).where(mine, written.c.unread.is_not(None)).order_by(written.c.record_id)
    return [
        Told(row.record_id, row.name, _text({n: row.fields[n] for n in row.unread}), "{}", row.at)
        for row in db.execute(query)
    ]


def last(db: sa.Connection, connection: str, object_name: str, records: Sequence[str]) -> Iterator[Told]:
    """What these records were last told, as far as they were told anything."""
    texts = (sa.type_coerce(column, sa.Text) for column in (written.c.fields, written.c.before))
    columns = (written.c.record_id, written.c.name, *texts, written.c.at)
    if records:
        query = sa.select(*columns).where(_these(db, connection, object_name, records))
        yield from map(Told._make, db.execute(query))


def _text(fields: Mapping[str, object]) -> str:
    return msgspec.json.encode(fields).decode()


class _Kept(NamedTuple):
    """What stands in a row, as JSON."""

    fields: str
    before: str
    unread: str | None


def _kept(db: sa.Connection, connection: str, object_name: str, records: Sequence[str]) -> dict[str, _Kept]:
    """What was kept of these records until now."""
    texts = (sa.type_coerce(written.c[name], sa.Text) for name in _Kept._fields)
    query = sa.select(written.c.record_id, *texts).where(_these(db, connection, object_name, records))
    return {record: _Kept(*texts) for record, *texts in db.execute(query).fetchall()}


def _these(
    db: sa.Connection, connection: str, object_name: str, records: Sequence[str]
) -> sa.ColumnElement[bool]:
    here = (written.c.connection == connection) & (written.c.object == object_name)
    return here & among(db, written.c.record_id, records)


def _merged(
    kept: _Kept | None, lines: Sequence[Line], record: str, hidden: frozenset[str], at: datetime
) -> tuple[Any, ...]:
    """The row of a record; values are passed on as they are packed."""
    last = lines[-1]
    names = tuple(last.values) if len(lines) == 1 else tuple(dict.fromkeys(chain(*(e.values for e in lines))))
    old = _names(kept.fields) if kept else {}
    whole = last.fields if len(lines) == 1 and old.keys() <= last.values.keys() else old | _all(lines)
    fresh = _both(kept.unread, names) if kept and kept.unread else names
    return (
        last.connection,
        last.object,
        record,
        last.name,
        whole,
        _before(kept, lines, hidden),
        _listed(fresh),
        last.run,
        at,
    )


def _all(lines: Sequence[Line]) -> dict[str, msgspec.Raw]:
    told: dict[str, msgspec.Raw] = {}
    for line in lines:
        told |= _names(line.fields)
    return told


@lru_cache(1000)  # records of one object are told the same fields
def _both(unread: str, fresh: tuple[str, ...]) -> tuple[str, ...]:
    return tuple({*msgspec.json.decode(unread), *fresh})


@lru_cache(1000)
def _listed(names: tuple[str, ...]) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(sorted(names)))


def _before(kept: _Kept | None, lines: Sequence[Line], hidden: frozenset[str]) -> msgspec.Raw:
    known = msgspec.Raw(kept.before) if kept else EMPTY
    if not hidden:
        return known
    before = _names(known)
    for line in lines:
        before |= {name: value for name, value in _names(line.before).items() if name in hidden}
    return msgspec.Raw(msgspec.json.encode(before))


def _grouped(told: Sequence[tuple[Line, str]]) -> dict[tuple[str, str], dict[str, list[Line]]]:
    found: dict[tuple[str, str], dict[str, list[Line]]] = {}
    for line, record in told:
        found.setdefault((line.connection, line.object), {}).setdefault(record, []).append(line)
    return found
