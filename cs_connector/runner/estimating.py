"""What a sync would read and how many calls it would need, from counts alone; and how right that was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cs_connector.store import shapes
from cs_connector.store.tables import feeds, meta, segments
from cs_connector.unify import Source

from .engine import Engine

STALE = timedelta(hours=1)  # an older estimate is of another day's changes


def estimate(engine: Engine) -> dict[str, Any]:
    """`objects`: records and calls each, null where the CRM does not say; `calls`: needed, allowed and left, a connection."""
    objects, calls = [], []
    for source in engine.sources():
        login = _login(engine, source.connection)
        lines = _objects(engine, source)
        usage = engine.adapter(source.connection).usage()
        needed = login + sum(1 if line["calls"] is None else line["calls"] for line in lines)
        exact = all(line["exact"] for line in lines)
        line = {"connection": source.connection, "needed": needed, "exact": exact}
        calls.append({**line, "limit": usage.limit, "left": usage.left})
        objects += lines
        _remember(engine, source.connection, needed, {o["object"]: o["records"] for o in lines if o["first"]})
    return {"objects": objects, "calls": calls}


def remembered(engine: Engine, connection: str) -> int | None:
    """The calls that the last estimate said; once, and only a fresh one."""
    key = _key(connection)
    with engine.store.state.begin() as db:
        text = db.scalar(sa.select(meta.c.value).where(meta.c.name == key))
        db.execute(meta.delete().where(meta.c.name == key))
    if text is None:
        return None
    needed, _, at = text.partition(" ")
    fresh = engine.clock.now() - datetime.fromisoformat(at) < STALE
    return int(needed) if fresh else None


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


def _login(engine: Engine, connection: str) -> int:
    """The calls by which a run makes sure of the org; the first time may log in as well, so the second counts."""
    engine.identify(connection)
    before = engine.adapter(connection).usage().used
    engine.identify(connection)
    return engine.adapter(connection).usage().used - before


def _objects(engine: Engine, source: Source) -> list[dict[str, Any]]:
    """A line an object; the look at how many records there are is a call of its own, from the second sync on.

    Where fewer are there than we hold, the run will list them all besides.
    """
    adapter, lines = engine.adapter(source.connection), []
    for name, read in source.mapping.reads(shapes.kept(engine.store.state, source.connection)).items():
        cursor = engine.store.landing.cursor(source.connection, name)
        found = adapter.estimate(replace(read, cursor=cursor))
        known = engine.store.live(source.connection, name)
        total = adapter.total(name) if known else None
        calls = None if found.calls is None else found.calls + (total is not None)
        exact = calls is not None and found.exact and not (known and total is not None and total < known)
        line = {"connection": source.connection, "object": name, "first": cursor is None}
        lines.append({**line, "records": found.records, "calls": calls, "exact": exact})
    return lines


def _remember(engine: Engine, connection: str, needed: int, first: Mapping[str, int | None]) -> None:
    """Keep the calls, and the records of objects that were never read: a long first reading goes by them for days."""
    with engine.store.state.begin() as db:
        before = db.scalar(sa.select(meta.c.value).where(meta.c.name == _records_key(connection)))
        values = {
            _key(connection): f"{needed} {engine.clock.now().isoformat()}",
            _records_key(connection): json.dumps({**json.loads(before or "{}"), **first}),
        }
        for name, value in values.items():
            db.execute(meta.delete().where(meta.c.name == name))
            db.execute(meta.insert().values(name=name, value=value))


def _key(connection: str) -> str:
    return f"estimate {connection}"


def _records_key(connection: str) -> str:
    return f"estimated records {connection}"
