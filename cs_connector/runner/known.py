"""The entities as they were known on an earlier day: made again from the records that had been read by then.

Records are kept in every version with the time at which each was known; entities are not. docs/decisions says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import duckdb
import sqlalchemy as sa

from cs_connector.errors import UsageError
from cs_connector.store import shapes
from cs_connector.store.facts import RAW
from cs_connector.store.tables import decisions
from cs_connector.unify.run import read
from cs_connector.unify.source import Latest, Source
from cs_connector.unify.sql import ident

from .engine import Engine
from .identity.decisions import DECISION
from .unifying import PREVIOUS, unified

_LATEST = """CREATE OR REPLACE TEMP VIEW {name} AS SELECT * FROM {every} WHERE known_at < TIMESTAMP '{until}'
QUALIFY row_number() OVER (PARTITION BY id ORDER BY known_at DESC, coalesce(modified_at, '') DESC) = 1"""

# one record carries the id of an entity: what was two entities then is two again
_ANCHORED = """CREATE TABLE previous_link AS SELECT l.* EXCLUDE (known_at) FROM links_now l
JOIN ({staged}) s ON (s.entity, s.connection, s.object, s.record_id) = (l.entity, l.connection, l.object, l.record_id)
WHERE l.method NOT IN ('adds to', 'mentioned')
QUALIFY row_number() OVER (PARTITION BY l.entity_id ORDER BY s.rank, l.connection, l.object, l.record_id) = 1"""


@contextmanager
def known(engine: Engine, day: date) -> Iterator[duckdb.DuckDBPyConnection]:
    """An executor with every entity table, `link`, `stage_reached`, … as known at the end of `day` (UTC), and as of it.

    Ids are today's where an entity was there then. Raises UsageError when nothing had been read by then.
    """
    with engine.tables() as con:
        until = datetime.combine(day + timedelta(days=1), time())
        _since(engine, con, until)
        view = latest(engine, con, until)
        read(con, [_believed(engine, con, source, view) for source in engine.sources()], view)
        _identity(engine, con, until)
        unified(engine, con, [], day)
        yield con


def latest(engine: Engine, con: duckdb.DuckDBPyConnection, until: datetime) -> Callable[[str, str], str]:
    """Views over the newest version of each raw record that was known before a time."""

    def view(connection: str, object_name: str) -> str:
        name, every = ident(f"raw {connection} {object_name}"), f"every {connection} {object_name}"
        engine.store.facts.attach(con, f"raw/{connection}/{object_name}", every, RAW)
        con.execute(_LATEST.format(name=name, every=ident(every), until=until))
        return name

    return view


def _believed(engine: Engine, con: duckdb.DuckDBPyConnection, source: Source, view: Latest) -> Source:
    """The connection as it was then: a field that went away later was believed, as its last records of then tell it.

    One that is of another kind is unknown on every day: its records tell it all the while.
    """
    kept = shapes.kept(engine.store.state, source.connection)
    lost = {
        name: frozenset(
            f
            for f in fields
            if _turned(kept.get(name, {}).get(f, ""))
            or not _told(con, view(source.connection, name), source.mapping.path(f))
        )
        for name, fields in source.unknown.items()
    }
    return replace(source, unknown=lost)


def _turned(type_: str) -> bool:
    """Whether a field is there and of another kind than it was."""
    change = shapes.changed(type_)
    return change is not None and bool(change[1])


def _told(con: duckdb.DuckDBPyConnection, view: str, path: str) -> bool:
    """Whether the records that were read last have the field, known or empty; deleted ones have none."""
    query = (
        f"SELECT 1 FROM {view} WHERE known_at = (SELECT max(known_at) FROM {view} WHERE NOT deleted) "
        "AND NOT deleted AND json_exists(payload, $path) LIMIT 1"
    )
    return con.execute(query, {"path": path}).fetchone() is not None


def _since(engine: Engine, con: duckdb.DuckDBPyConnection, until: datetime) -> None:
    """That anything had been read before then."""
    first = None
    for dataset in engine.store.facts.datasets("raw/"):
        engine.store.facts.attach(con, dataset, "early", RAW)
        ((found,),) = con.execute("SELECT min(known_at) FROM early").fetchall()
        first = min(first or found, found or first)
        if found and found < until:
            return
    raise UsageError(
        f"nothing was known on {until.date() - timedelta(days=1)}",
        why=f"the first records were read on {first:%Y-%m-%d}" if first else "nothing has been read yet",
        safe="nothing was changed",
        fix="name a later day",
    )


def _identity(engine: Engine, con: duckdb.DuckDBPyConnection, until: datetime) -> None:
    """Give identity.resolve the ids of today and what people had decided by then, and nothing else of later runs."""
    engine.store.facts.attach(con, "entity/link", "links_now", PREVIOUS | {"known_at": "TIMESTAMP"})
    staged = " UNION ALL ".join(
        f"SELECT '{e}' AS entity, connection, object, record_id, rank FROM stage_{e}"
        for e in ("account", "person", "user")
    )
    con.execute(_ANCHORED.format(staged=staged))
    con.execute(f"CREATE TABLE decision({', '.join(f'{name} VARCHAR' for name in DECISION)})")
    columns = [decisions.c[name] for name in DECISION]
    query = sa.select(*columns).where(decisions.c.at < until.replace(tzinfo=UTC)).order_by(*columns[:4])
    with engine.store.state.read() as db:
        rows = [tuple(row) for row in db.execute(query)]
    if rows:
        con.executemany(f"INSERT INTO decision VALUES ({', '.join('?' * len(DECISION))})", rows)
