"""Far fewer records than we know of: a lost permission looks like that, and so do deletions that nobody told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from cs_connector.config.documents import suggest
from cs_connector.errors import UsageError
from cs_connector.ports import Page, RawRecord, Verdict
from cs_connector.store import tables
from cs_connector.store.facts import RAW

from .engine import Engine
from .reading.halted import Halted, Objects

GONE = b"{}"  # the payload of a record of which nothing is known but that it is not listed
FEW = 20  # objects with fewer records may shrink as they like


def guard(engine: Engine, connection: str, objects: Iterable[str], failed: Objects) -> dict[str, int]:
    """How many records the CRM shows of each object that it can count. Raises Halted when far too few.

    An object of which that cannot be learned is among those that `failed`.
    """
    adapter = engine.adapter(connection)
    totals, shrunk = {}, []
    for name in objects:
        known, total = engine.store.live(connection, name), None
        with failed.attempt(name):
            total = adapter.total(name) if known else None
        if known is None or total is None:
            continue
        totals[name] = total
        if f"{connection}.{name}" not in engine.accepted:
            shrunk += fewer(engine, connection, name, known, total)
    if shrunk:
        raise stopped(connection, shrunk)
    return totals


def fewer(engine: Engine, connection: str, name: str, known: int, total: int) -> list[str]:
    """How many records there were and are, where that is far fewer; nothing where it is not."""
    least = known * (1 - engine.project.settings.safety.max_shrink_share)
    if total >= least or known < FEW or total >= least - _deleted_by_us(engine, connection, name):
        return []
    return [f"{name}: {known:,} before, {total:,} now"]


def _deleted_by_us(engine: Engine, connection: str, name: str) -> int:
    """How many of the records that we hold are gone because we deleted them, as `undo` does."""
    table = tables.audit
    asked = sa.select(table.c.record_id).where(
        table.c.connection == connection, table.c.object == name, table.c.verdict == Verdict.DELETED
    )
    with engine.store.state.read() as db:
        gone = db.execute(asked).scalars().all()
    with duckdb.connect() as con:
        con.register("gone", pa.table({"id": pa.array(gone, pa.string())}))
        engine.store.facts.latest(con, connection, name, "records")
        query = "SELECT count(*) FROM records SEMI JOIN gone USING (id) WHERE NOT deleted"
        return int(con.execute(query).fetchall()[0][0])


def check_accepted(engine: Engine) -> None:
    """Raises UsageError when something was accepted that no mapping reads: a slip would accept nothing."""
    names = {f"{s.connection}.{name}" for s in engine.sources() for name in s.mapping.objects()}
    for name in sorted(engine.accepted - names):
        fix = suggest(name, names) or "say it as CONNECTION.OBJECT"
        raise UsageError(f"nothing is read that is called {name}", safe="nothing was read", fix=fix)


def sweep(engine: Engine, connection: str, name: str, total: int, created: int) -> int:
    """Find what went away untold, and say how many that were: only where we hold more than the CRM counted.

    Where records were `created` since we last read, it is asked to count again: they may have come after its count, and
    may hide as many that went. The records found are landed as deleted. A list of ids that is far shorter than the count
    is not whole: then nothing is deleted.
    """
    held = engine.store.live(connection, name) or 0
    counted = engine.adapter(connection).total(name) if created and held > total else total
    if counted is None or held <= counted:
        return 0
    with duckdb.connect() as con:
        listed = _list(con, engine, connection, name)
        if listed < total * (1 - engine.project.settings.safety.max_shrink_share):
            engine.summary.notes.append(
                f"{connection} {name}: {listed:,} ids are listed, {total:,} were counted, so nothing was deleted"
            )
            return 0
        lost = _ids(con, "SELECT id FROM records ANTI JOIN present USING (id) WHERE NOT deleted ORDER BY id")
    land(engine, connection, name, lost)
    return len(lost)


def land(engine: Engine, connection: str, name: str, gone: Sequence[str]) -> None:
    """Land records of which only the ids are known as deleted. Nothing else is known of how far the object was read."""
    cursor = engine.store.landing.cursor(connection, name)
    if gone and cursor is not None:
        page = Page([RawRecord(key, None, True, GONE) for key in gone], cursor, done=False)
        engine.store.landing.append(engine.lease, engine.run, connection, name, page)
        engine.store.fold(connection, name, engine.run, engine.lease)


def returned(engine: Engine, connection: str, name: str, total: int, deleted: int) -> bool:
    """Whether records are in sight again that a sweep took for deleted. Nothing about them tells, so all are to be read.

    `deleted` records may have gone after the CRM counted.
    """
    if (engine.store.live(connection, name) or 0) + deleted >= total:
        return False
    with duckdb.connect() as con:
        engine.store.facts.attach(con, f"raw/{connection}/{name}", "versions", RAW)
        digest = f"digest = md5_number_lower('{GONE.decode()}')"
        if not _ids(con, f"SELECT id FROM versions WHERE deleted AND {digest} LIMIT 1"):
            return False
        _list(con, engine, connection, name)
        back = f"SELECT id FROM records SEMI JOIN present USING (id) WHERE deleted AND {digest}"
        found = len(_ids(con, back))
    if found:
        engine.summary.notes.append(f"{connection} {name} is read anew: {found:,} records are in sight again")
    return found > 0


def _list(con: duckdb.DuckDBPyConnection, engine: Engine, connection: str, name: str) -> int:
    """Make `present`, the ids that the CRM lists, and `records`, what we hold; says how many are listed."""
    con.execute("CREATE TABLE present(id VARCHAR)")
    for page in engine.adapter(connection).ids(name):
        con.register("page", pa.table({"id": pa.array(page, pa.string())}))
        con.execute("INSERT INTO present SELECT id FROM page")
        engine.beat()
    engine.store.facts.latest(con, connection, name, "records")
    return int(con.execute("SELECT count(DISTINCT id) FROM present").fetchall()[0][0])


def _ids(con: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    return [row[0] for row in con.execute(query).fetchall()]


def stopped(connection: str, shrunk: list[str]) -> Halted:
    names = " ".join(f"--accept {connection}.{line.partition(':')[0]}" for line in shrunk)
    return Halted(
        f"{connection} suddenly shows far fewer records",
        why="; ".join(shrunk),
        safe=f"nothing of {connection} was read or deleted, and nothing was written to any CRM",
        fix=f"check the permissions and filters of the login; if it is right: cs-connector sync {names}",
    )
