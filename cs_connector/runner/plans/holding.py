"""What stays out of a plan, and why: what the CRM would not take, what it refused before, and what somebody else has changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import duckdb
import sqlalchemy as sa

from cs_connector.act.differences import comparing, foreign, preflight, withheld
from cs_connector.act.differences.foreign import Policy
from cs_connector.act.differences.preflight import Stop
from cs_connector.act.outbox import refused, row_key
from cs_connector.act.outbox.refused import Refusal
from cs_connector.errors import AdapterError, about
from cs_connector.runner.drift import described
from cs_connector.runner.engine import Engine
from cs_connector.store.leases import check
from cs_connector.store.tables import written
from cs_connector.unify import Source


@dataclass(frozen=True, slots=True)
class Kept:
    """What was kept out: `notes` say it in sentences, `missed` counts changes by connection and object.

    `refusals` are the records that we do not send because we know better, `stops` how many fields and objects are not
    written at all, and `objects` how many objects are `hidden`.
    """

    notes: tuple[str, ...] = ()
    missed: Counter[tuple[str, str]] = field(default_factory=Counter)
    refusals: tuple[Refusal, ...] = ()
    stops: int = 0
    objects: int = 0


def policies(engine: Engine) -> dict[str, Policy]:
    return {name: settings.foreign for name, settings in engine.project.settings.connections.items()}


def watched(engine: Engine) -> dict[tuple[str, str], frozenset[str]]:
    """The (connection, object) in whose fields of ours people have a say: tasks, and where an edit of theirs is kept.

    Each with its fields, as far as they can be read.
    """
    kept, found = policies(engine), dict[tuple[str, str], frozenset[str]]()
    for source in engine.sources():
        for rule in comparing.writable(source):
            yields = rule.source != "heartbeat" and (rule.foreign or kept[source.connection]) != "overwrite"
            if rule.source == "call" or yields:
                place = source.connection, rule.object
                found[place] = found.get(place, frozenset()) | rule.fields.keys()
    return found


def away(engine: Engine) -> dict[str, AdapterError]:
    """The connections that are written to and do not tell now what they take, and why: nothing is planned for them."""
    found: dict[str, AdapterError] = {}
    for source in _targets(engine):
        try:
            with about(source.connection, "nothing is written to it"):
                described(engine, source.connection, _written(source))
        except AdapterError as error:
            found[source.connection] = error
    return found


def _targets(engine: Engine) -> list[Source]:
    connections = engine.project.settings.connections
    return [source for source in engine.sources() if connections[source.connection].write]


def fitted(engine: Engine, without: Collection[str] = ()) -> tuple[list[Source], list[Stop]]:
    """What is written to, with the write rules that the CRMs take; and what those do not take at all."""
    sources = [source for source in _targets(engine) if source.connection not in without]
    found: list[Source] = []
    stops: list[Stop] = []
    for source in sources:
        infos = described(engine, source.connection, _written(source))
        pairs = [
            preflight.fit(source.connection, rule, infos.get(rule.object)) for rule in source.mapping.write
        ]
        rules = tuple(rule for rule, _ in pairs if rule is not None)
        found.append(replace(source, mapping=source.mapping.model_copy(update={"write": rules})))
        known = source.unknown
        every = [stop for _, those in pairs for stop in those]
        stops += [
            stop for stop in every if stop.field not in known.get(stop.object, ())
        ]  # those are told already
    return found, stops


def _written(source: Source) -> list[str]:
    return sorted({rule.object for rule in source.mapping.write})


def keep_out(
    engine: Engine, con: duckdb.DuckDBPyConnection, sources: Sequence[Source], stops: Sequence[Stop]
) -> Kept:
    """Take out of `plan_change` what is not sent now. Expects `foreign_edit`; `stops` are only told."""
    refusals = checked(engine, con, sources)
    with engine.store.state.read() as db:
        known = refused.known(db, engine.config_hash())
        objects = hidden(db, _targets(engine), sources)
    held = withheld.hold(con, known, engine.latest(con))
    notes = [*map(str, stops), *foreign.sentences(con).values(), *preflight.sentences(con)]
    notes += (
        f"{connection} {name}: {count:,} not sent again: the CRM refused them, and neither record, values nor configuration "
        "have changed since; the reasons: cs-connector quarantine"
        for (connection, name), count in sorted(held.items())
    )
    missed = held + Counter((r.connection, r.object) for r in refusals)
    alarms = Counter({(connection, name): count for connection, name, count in foreign.alarms(con)})
    return Kept(tuple(notes), missed + alarms, tuple(refusals), len(stops), objects)


def hidden(db: sa.Connection, targets: Iterable[Source], fitted: Collection[Source]) -> int:
    """How many objects of the connections in `fitted` have records of ours and are not written at all now.

    One that was never written to, such as an object that nobody installed, hides nothing.
    """
    there = {source.connection for source in fitted}
    left = {(source.connection, rule.object) for source in fitted for rule in source.mapping.write}
    lost = {(s.connection, name) for s in targets if s.connection in there for name in _written(s)} - left
    told = sa.select(written.c.connection, written.c.object).distinct()
    return len(lost & {(row.connection, row.object) for row in db.execute(told)}) if lost else 0


def checked(engine: Engine, con: duckdb.DuckDBPyConnection, sources: Sequence[Source]) -> list[Refusal]:
    """Take out of `plan_change` the records that the CRMs would not take, by their own description and by what was read."""
    preflight.begin(con)
    latest = engine.latest(con)
    for source in sources:
        readable = frozenset(rule.object for rule in source.mapping.read)
        infos = described(engine, source.connection, _written(source))
        for rule in source.mapping.write:
            preflight.check(con, source.connection, rule, infos[rule.object], latest, readable)
    preflight.refuse(con)
    rows = con.execute(
        "SELECT connection, object, key, any_value(record_id), first(code ORDER BY field), first(reason ORDER BY field) "
        "FROM refusal GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [Refusal(row_key(c, o, k), c, o, k, record, "", code, why) for c, o, k, record, code, why in rows]


def remember(engine: Engine, kept: Kept, away: Collection[str] = ()) -> None:
    """Show what is not sent among what was set aside, until the next plan; of those `away` nothing new is known."""
    assert engine.lease is not None
    with engine.store.state.begin() as db:
        check(db, engine.lease)
        refused.check(db, kept.refusals, engine.config_hash(), engine.run, engine.clock.now(), away)
