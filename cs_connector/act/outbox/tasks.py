"""What becomes of calls to action whose task was written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from cs_connector.store.rows import among
from cs_connector.store.tables import calls

from .line import Line


def became(db: sa.Connection, told: Sequence[tuple[Line, str]]) -> None:
    """Note which record each call became and what it was told: a person's later edit shows by that."""
    for line, record in told:
        keep(db, line.name, record, line.values)


def told(db: sa.Connection, keys: Collection[str]) -> dict[str, Mapping[str, Any]]:
    """What the tasks of calls say as far as we wrote it, by key and field; not where two texts may stand there."""
    query = sa.select(calls.c.key, calls.c.sent).where(among(db, calls.c.key, sorted(keys)))
    written = {key: (sent or {}).get("written", {}) for key, sent in db.execute(query)}
    return {key: _sure(known) for key, known in written.items()}


def _sure(known: Mapping[str, Any]) -> Mapping[str, Any]:
    maybe = known.get("maybe", {})
    return {name: value for name, value in known.items() if name not in ("maybe", "again", *maybe)}


def forget_fields(db: sa.Connection, connection: str, names: Collection[str]) -> None:
    """Fields of tasks that were made again hold nothing of ours: those of open calls are filled `again`."""
    mine = (calls.c.connection == connection) & calls.c.record_id.is_not(None) & (calls.c.state == "open")
    change = sa.update(calls).where(calls.c.key == sa.bindparam("call")).values(sent=sa.bindparam("told"))
    rows = db.execute(sa.select(calls.c.key, calls.c.sent).where(mine)).all()
    if lacking := [
        {"call": key, "told": told} for key, sent in rows if (told := _without(sent or {}, names))
    ]:
        db.execute(change, lacking)


def _without(sent: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """What was sent without these fields; nothing where it has none of them."""
    known = sent.get("written", {})
    lost = {name for name in names if name in known}
    if not lost:
        return {}
    told = {name: value for name, value in known.items() if name not in lost}
    return {**sent, "written": {**told, "again": sorted({*lost, *known.get("again", ())})}}


def keep(db: sa.Connection, key: str, record_id: str, values: Mapping[str, Any]) -> None:
    mine = calls.c.key == key
    sent = db.scalar(sa.select(calls.c.sent).where(mine)) or {}
    told = {**sent.get("written", {}), **values}
    db.execute(sa.update(calls).where(mine).values(record_id=record_id, sent={**sent, "written": told}))
