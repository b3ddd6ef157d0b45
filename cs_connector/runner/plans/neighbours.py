"""Who else writes into our orgs, as the CRMs showed it when they were last read; and our own sign that we did."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version

import duckdb
import sqlalchemy as sa

from cs_connector.act.guarding import guard
from cs_connector.act.heartbeat.others import RULE, Neighbour, beating, refuse, signing
from cs_connector.act.heartbeat.ours import Beat
from cs_connector.ports import Read
from cs_connector.runner.drift import described
from cs_connector.runner.engine import Engine
from cs_connector.store.tables import approved_plans
from cs_connector.unify import Source
from cs_connector.unify.mapping import WriteRule


def beat(engine: Engine) -> Beat:
    """What a CRM is told of this run."""
    return Beat(engine.install_id(), engine.run, version("cs-connector"), engine.clock.now())


def today(engine: Engine) -> bool:
    """Whether this run scores the day that it is, as the limit of days understands it."""
    return guard.dated(engine.as_of, engine.clock.now().date()).ok


def others(engine: Engine, names: Collection[str]) -> list[Neighbour]:
    """The other installations of these connections, without those that a person has let us write beside."""
    with engine.tables() as con:
        return others_of(engine, con, names)


def others_of(engine: Engine, con: duckdb.DuckDBPyConnection, names: Collection[str]) -> list[Neighbour]:
    """The same, with an executor that is there already."""
    known = {*_approved(engine), *((name, engine.install_id()) for name in names)}
    sources = [source for source in engine.sources() if source.connection in names]
    found = {
        (each.connection, each.installation): each
        for source in sources
        for each in (*_signed(engine, source), *_beating(engine, con, source))
    }
    return [found[where] for where in sorted(found.keys() - known)]


def signs(engine: Engine) -> frozenset[tuple[str, str]]:
    """The connections and objects of our heartbeats."""
    return frozenset((s.connection, r.object) for s in engine.sources() for r in _beats(s))


def look_around(engine: Engine, name: str) -> None:
    """Ask a CRM that has just taken our first heartbeat who else gives one there.

    Of two that begin in the same minutes the later one finds the other, or both do. Raises GuardStopped and AdapterError.
    """
    (source,) = (source for source in engine.sources() if source.connection == name)
    known = {*_approved(engine), (name, engine.install_id())}
    with duckdb.connect() as con:
        found = [each for rule in _beats(source) for each in _now(engine, con, source, rule)]
    strangers = [each for each in found if (name, each.installation) not in known]
    refuse(strangers, "nothing but our heartbeat was written to any CRM")


def _now(
    engine: Engine, con: duckdb.DuckDBPyConnection, source: Source, rule: WriteRule
) -> Iterator[Neighbour]:
    wanted = Read(rule.object, (rule.key_field or "", *rule.fields))
    con.execute(
        "CREATE OR REPLACE TABLE now(id VARCHAR, known_at TIMESTAMP, deleted BOOLEAN, payload VARCHAR)"
    )
    for page in engine.adapter(source.connection).read(wanted):
        for record in page.records:
            con.execute(
                "INSERT INTO now VALUES (?, NULL, ?, ?)", [record.id, record.deleted, record.payload.decode()]
            )
    for installation, last in beating(con, source.mapping, rule, "now", engine.clock.now()):
        yield Neighbour(source.connection, installation, _zoned(last))


def _beats(source: Source) -> Iterator[WriteRule]:
    return (rule for rule in source.mapping.write if rule.source == "heartbeat")


def limits(others: Sequence[Neighbour]) -> list[dict[str, object]]:
    """What is put on record of installations that a person lets us write beside."""
    return [
        {"connection": o.connection, "rule": RULE, "figure": 1, "limit": 0, "installation": o.installation}
        for o in others
    ]


def _approved(engine: Engine) -> Iterator[tuple[str, str]]:
    with engine.store.state.read() as db:
        rows = db.scalars(sa.select(approved_plans.c.limits)).all()
    told = (limit for row in rows for limit in row if limit["rule"] == RULE)
    return ((limit["connection"], limit["installation"]) for limit in told)


def _beating(engine: Engine, con: duckdb.DuckDBPyConnection, source: Source) -> Iterator[Neighbour]:
    latest, now = engine.latest(con), engine.clock.now()
    for rule in _beats(source):
        seen = beating(con, source.mapping, rule, latest(source.connection, rule.object), now)
        for installation, last in seen:
            yield Neighbour(source.connection, installation, _zoned(last))


def _zoned(at: datetime | None) -> datetime | None:
    return at and at.replace(tzinfo=UTC)


def _signed(engine: Engine, source: Source) -> Iterator[Neighbour]:
    rules = source.mapping.write
    infos = described(engine, source.connection, sorted({rule.object for rule in rules}))
    for rule in rules:
        for installation in signing(rule, infos.get(rule.object)):
            yield Neighbour(source.connection, installation)
