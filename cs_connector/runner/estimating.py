"""What the last look ahead said: how many calls a run needs, and how many records are still to come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from cs_connector.store.tables import feeds, meta, segments

from .engine import Engine

STALE = timedelta(hours=1)  # an older estimate is of another day's changes


class Expected(NamedTuple):
    """Calls of a run; `exact` unless it may be more."""

    calls: int
    exact: bool


def remembered(engine: Engine, connection: str) -> Expected | None:
    """The calls that the last estimate said; once, and only a fresh one."""
    key = _key(connection)
    with engine.store.state.begin() as db:
        text = db.scalar(sa.select(meta.c.value).where(meta.c.name == key))
        db.execute(meta.delete().where(meta.c.name == key))
    if text is None:
        return None
    needed, at, *least = text.split(" ")
    fresh = engine.clock.now() - datetime.fromisoformat(at) < STALE
    return Expected(int(needed), not least) if fresh else None


def left(engine: Engine, connection: str, name: str) -> int | None:
    """How many records of a first reading are still to come by the last estimate; None where it did not say."""
    with engine.store.state.read() as db:
        text = db.scalar(sa.select(meta.c.value).where(meta.c.name == _records_key(connection)))
        mine = (feeds.c.connection == connection) & (feeds.c.object == name)
        complete = db.scalar(sa.select(feeds.c.complete).where(mine))
        here = (segments.c.connection == connection) & (segments.c.object == name)
        landed = db.scalar(sa.select(sa.func.sum(segments.c.records)).where(here))
    records = None if text is None or complete else json.loads(text).get(name)
    return None if records is None else max(0, records - (landed or 0))


def remember(engine: Engine, connection: str, expected: Expected, first: Mapping[str, int | None]) -> None:
    """Keep the calls, and the records of objects that were never read: a long first reading goes by them for days."""
    text = f"{expected.calls} {engine.clock.now().isoformat()}{'' if expected.exact else ' least'}"
    with engine.store.state.begin() as db:
        before = db.scalar(sa.select(meta.c.value).where(meta.c.name == _records_key(connection)))
        values = {
            _key(connection): text,
            _records_key(connection): json.dumps({**json.loads(before or "{}"), **first}),
        }
        for name, value in values.items():
            db.execute(meta.delete().where(meta.c.name == name))
            db.execute(meta.insert().values(name=name, value=value))


def _key(connection: str) -> str:
    return f"estimate {connection}"


def _records_key(connection: str) -> str:
    return f"estimated records {connection}"
