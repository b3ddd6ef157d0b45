"""Changes that a CRM refused for good: kept, and not sent again while record, body and configuration stay as they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from cs_connector.ports import Receipt
from cs_connector.store.rows import among, insert
from cs_connector.store.tables import refused

from .line import Line

WRITE, CHECK = "write", "check"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is known of a change that is not sent: `reason` is one plain sentence."""

    key: str
    connection: str
    object: str
    name: str
    record_id: str | None
    payload_hash: str
    code: str
    reason: str


def keep(db: sa.Connection, answers: Iterable[tuple[Line, Receipt]], config_hash: str, at: datetime) -> None:
    """Keep what a CRM has refused."""
    rows = [
        (
            line.key, line.connection, line.object, line.name, line.record_id, WRITE, line.payload_hash, config_hash,
            answer.code or "REFUSED", answer.message or answer.code or "it gave no reason", line.run, at,
        )
        for line, answer in answers
    ]  # fmt: skip
    release(db, [row[0] for row in rows])
    insert(db, refused, rows)


def check(
    db: sa.Connection,
    found: Sequence[Refusal],
    config_hash: str,
    run: str,
    at: datetime,
    away: Collection[str] = (),
) -> None:
    """What we do not even send, in the place of what that was before; that of connections that are `away` stays."""
    before = (refused.c.stage == CHECK) & refused.c.connection.not_in(list(away))
    db.execute(sa.delete(refused).where(before))
    release(db, [each.key for each in found])
    insert(
        db,
        refused,
        [
            (
                r.key, r.connection, r.object, r.name, r.record_id, CHECK, r.payload_hash, config_hash, r.code, r.reason,
                run, at,
            )
            for r in found
        ],
    )  # fmt: skip


def release(db: sa.Connection, keys: Sequence[str]) -> None:
    """Let changes go again, by their keys."""
    if keys:
        db.execute(sa.delete(refused).where(among(db, refused.c.key, keys)))


class Known(NamedTuple):
    """What a CRM refused, and when."""

    connection: str
    object: str
    payload_hash: str
    at: datetime


def known(db: sa.Connection, config_hash: str) -> Mapping[str, Known]:
    """What CRMs refused under this configuration, by key."""
    columns = (refused.c.connection, refused.c.object, refused.c.payload_hash, refused.c.at, refused.c.key)
    query = sa.select(*columns).where(refused.c.stage == WRITE, refused.c.config_hash == config_hash)
    return {key: Known._make(row) for *row, key in db.execute(query)}


def objects(db: sa.Connection, connection: str) -> Sequence[str]:
    """Whose refused changes are kept."""
    mine = (refused.c.stage == WRITE) & (refused.c.connection == connection)
    return list(db.scalars(sa.select(refused.c.object).where(mine).distinct().order_by(refused.c.object)))


def retry(
    db: sa.Connection, connection: str | None, object_name: str | None, record: str | None
) -> Sequence[str]:
    """Let go what fits what is named, a record by its id or our key; returns the keys."""
    wanted = [refused.c.stage == WRITE]
    wanted += [refused.c.connection == connection] if connection else []
    wanted += [refused.c.object == object_name] if object_name else []
    wanted += [sa.or_(refused.c.record_id == record, refused.c.name == record)] if record else []
    keys = list(db.scalars(sa.select(refused.c.key).where(*wanted).order_by(refused.c.key)))
    release(db, keys)
    return keys
