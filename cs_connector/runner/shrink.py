"""Far fewer records than we know of: a lost permission looks like that, and so do deletions that nobody told."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from cs_connector.errors import GuardStopped
from cs_connector.ports import Page, RawRecord

from .engine import Engine

FEW = 20  # objects with fewer records may shrink as they like


def guard(engine: Engine, connection: str, objects: Iterable[str]) -> dict[str, int]:
    """How many records the CRM shows of each object that it can count. Raises GuardStopped when far too few."""
    adapter = engine.adapter(connection)
    totals, shrunk = {}, []
    for name in objects:
        known = engine.store.live(connection, name)
        total = adapter.total(name) if known else None
        if known is None or total is None:
            continue
        totals[name] = total
        least = known * (1 - engine.project.settings.safety.max_shrink_share)
        if total < least and known >= FEW and f"{connection}.{name}" not in engine.accepted:
            shrunk.append(f"{name}: {known:,} before, {total:,} now")
    if shrunk:
        raise stopped(connection, shrunk)
    return totals


def sweep(engine: Engine, connection: str, name: str, total: int, created: int) -> int:
    """Find what went away untold, and say how many that were: only where we hold more than the CRM counted.

    `created` records came after the count. The records found are landed as deleted.
    """
    known = engine.store.live(connection, name) or 0
    if known <= total + created:
        return 0
    present = [key for page in engine.adapter(connection).ids(name) for key in page]
    lost = _lost(engine, connection, name, present)
    records = [RawRecord(key, None, True, b"{}") for key in lost]
    cursor = engine.store.landing.cursor(connection, name)
    if records and cursor is not None:
        engine.store.landing.append(
            engine.lease, engine.run, connection, name, Page(records, cursor, done=True)
        )
        engine.store.fold(connection, name, engine.run, engine.lease)
    return len(records)


def _lost(engine: Engine, connection: str, name: str, present: list[str]) -> list[str]:
    with duckdb.connect() as con:
        engine.store.facts.latest(con, connection, name, "records")
        query = "SELECT id FROM records WHERE NOT deleted AND id NOT IN (SELECT unnest(?)) ORDER BY id"
        return [row[0] for row in con.execute(query, [present]).fetchall()]


def stopped(connection: str, shrunk: list[str]) -> GuardStopped:
    names = " ".join(f"--accept {connection}.{line.partition(':')[0]}" for line in shrunk)
    return GuardStopped(
        f"{connection} suddenly shows far fewer records",
        why="; ".join(shrunk),
        safe="nothing was read or deleted",
        fix=f"check the permissions and filters of the login; if it is right: cs-connector sync {names}",
    )
