"""What a sync would read and how many calls it would need, from counts alone; and how right that was."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from cs_connector.ports import Read
from cs_connector.store.tables import meta
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
        _remember(engine, source.connection, needed)
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
    for name, fields in source.mapping.objects().items():
        cursor = engine.store.landing.cursor(source.connection, name)
        found = adapter.estimate(Read(name, fields, cursor))
        known = engine.store.live(source.connection, name)
        total = adapter.total(name) if known else None
        calls = None if found.calls is None else found.calls + (total is not None)
        exact = calls is not None and found.exact and not (known and total is not None and total < known)
        line = {"connection": source.connection, "object": name, "first": cursor is None}
        lines.append({**line, "records": found.records, "calls": calls, "exact": exact})
    return lines


def _remember(engine: Engine, connection: str, needed: int) -> None:
    row = {"name": _key(connection), "value": f"{needed} {engine.clock.now().isoformat()}"}
    with engine.store.state.begin() as db:
        db.execute(meta.delete().where(meta.c.name == row["name"]))
        db.execute(meta.insert().values(row))


def _key(connection: str) -> str:
    return f"estimate {connection}"
