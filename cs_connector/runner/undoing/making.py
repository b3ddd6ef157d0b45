"""The plan that takes a run back."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import sqlalchemy as sa

from cs_connector.act import overview, undo
from cs_connector.act.outbox.written import Told, last
from cs_connector.act.plan import Planned
from cs_connector.act.planfile import PlanFile
from cs_connector.act.undo import Left, Written
from cs_connector.errors import UsageError
from cs_connector.language.sizes import sized
from cs_connector.ports import Value
from cs_connector.runner import auditing
from cs_connector.runner.auditing.checking import must_hold
from cs_connector.runner.deciding import Held, limits, planned
from cs_connector.runner.drift import described
from cs_connector.runner.engine import Engine
from cs_connector.runner.plans import holding, making
from cs_connector.runner.running import prepare
from cs_connector.runner.settling import attempt
from cs_connector.store.audit.finding import Question, Row, rows
from cs_connector.store.tables import runs

TOLD = 200  # of what is left, so many stand in the plan
_values = msgspec.json.Decoder(dict[str, Value]).decode


def make(engine: Engine, run: str, path: Path, selected: Collection[str] = ()) -> PlanFile:
    """Write the plan/1 document that takes a run back, of all objects or of those selected (connection.object).

    It has `undoes` (run, at, actor, selected) and `left` (what is not taken back, and why) besides. Reads what changed first. Raises
    UsageError for a run that nobody knows, or that wrote nothing, and StoreError for an audit that was tampered with.
    """
    must_hold(engine)
    attempt(engine)  # what a killed run had sent has its rows in the audit only then
    written, head, until = _written(engine, run, selected)
    prepare(engine, ("sync",))
    with planned(engine) as (con, _checks, _held):
        found = list(undo.plan(written, _world(engine, con, written, until), f"takes back run {run}"))
        _fill(con, engine, [each for each in found if isinstance(each, Planned)])
        left = [*(each for each in found if isinstance(each, Left)), *_not_taken(engine, con)]
        checks = limits(engine, con)
        more = {"undoes": head, "left": _told(left), "left_count": len(left), "bands": _bands(con, engine)}
        return making.draw(engine, path, con, checks, Held(0, ()), more)


def _not_taken(engine: Engine, con: duckdb.DuckDBPyConnection) -> list[Left]:
    """What the CRMs would refuse of `plan_change`, taken out of it."""
    sources, _stops = holding.fitted(engine)
    return [
        Left(each.connection, each.object, each.record_id or "", each.name, None, each.reason)
        for each in holding.checked(engine, con, sources)
    ]


def _written(
    engine: Engine, run: str, selected: Collection[str]
) -> tuple[list[Written], dict[str, Any], int]:
    """What a run did to each record, who and when it was, and its last row of the audit. That it ran stays true."""
    signs = {
        (s.connection, r.object) for s in engine.sources() for r in s.mapping.write if r.source == "heartbeat"
    }
    with engine.store.state.read() as db:
        row = db.execute(sa.select(runs).where(runs.c.id == run)).one_or_none()
        every = [row for row in rows(db, Question(run=run)) if (row.connection, row.object) not in signs]
    if row is None:
        raise UsageError(
            f"there is no run {run!r}", safe="nothing was changed", fix="look at: cs-connector runs"
        )
    if row.job == "provision":
        raise UsageError(
            f"run {run} put fields and objects into the CRMs, or took them out",
            why="undo takes back what records were told",
            safe="nothing was changed",
            fix="take them out with: cs-connector provision destroy; put them there with: cs-connector provision apply",
        )
    if not every:
        raise UsageError(
            f"run {run} wrote nothing",
            why="no CRM took anything from it, or its rows of the audit were pruned",
            safe="nothing was changed",
            fix="look for another one with: cs-connector audit show",
        )
    wanted = _selected(every, selected)
    head = {"run": run, "at": row.started_at.isoformat(timespec="seconds"), "actor": row.actor}
    head["selected"] = sorted({*selected})
    return undo.together(wanted), head, every[-1].id


def _selected(every: Sequence[Row], selected: Collection[str]) -> list[Row]:
    """Raises UsageError for an object to which the run wrote nothing."""
    there = {f"{row.connection}.{row.object}" for row in every}
    missing = sorted(set(selected) - there)
    if missing:
        raise UsageError(
            f"the run wrote nothing to {', '.join(missing)}",
            safe="nothing was changed",
            fix=f"it wrote to: {', '.join(sorted(there))}",
        )
    return [row for row in every if not selected or f"{row.connection}.{row.object}" in selected]


def _world(
    engine: Engine, con: duckdb.DuckDBPyConnection, written: Sequence[Written], until: int
) -> undo.World:
    book = auditing.book(engine)
    wanted = [((each.connection, each.object, each.record_id), each.key) for each in written]
    with engine.store.state.read() as db:
        seen, later = undo.look(con, db, holding.fitted(engine)[0], engine.latest(con), wanted, until)
        former = _former(engine, written, seen.rules)
        texts = {w: _values(row.before) for w, row in _last_told(db, written, book.personal)}
        told = {w: _values(row.fields) for w, row in _last_told(db, written, former)}
    names = sorted({each.connection for each in written} & engine.project.settings.connections.keys())
    skew = {name: engine.adapter(name).usage().skew or 0.0 for name in names}
    return undo.World(seen.rules, seen.current, seen.keys, later, texts, skew, book.hidden, former, told)


def _former(
    engine: Engine, written: Sequence[Written], rules: Mapping[undo.Place, undo.Rule]
) -> dict[undo.Place, set[str]]:
    """The fields that the run wrote and no mapping writes any more, as far as their CRM takes them."""
    mapped = {
        (s.connection, r.object, name)
        for s in engine.sources()
        for r in s.mapping.write
        for name in (*r.fields, r.key_field)
    }
    found: dict[undo.Place, set[str]] = {}
    for each in written:
        place = each.connection, each.object
        if place in rules:
            found.setdefault(place, set()).update(n for n in each.after if (*place, n) not in mapped)
    return {
        place: there
        for place, names in sorted(found.items())
        if (there := names & _taken(engine, *place, names))
    }


def _taken(engine: Engine, connection: str, name: str, fields: Collection[str]) -> set[str]:
    info = described(engine, connection, [name]).get(name) if fields else None
    return {field.name for field in info.fields if field.writable} if info else set()


def _last_told(
    db: sa.Connection, written: Sequence[Written], places: Iterable[undo.Place]
) -> Iterator[tuple[undo.Where, Told]]:
    """What the records of these objects were last told."""
    for place in sorted(places):
        records = [each.record_id for each in written if (each.connection, each.object) == place]
        for row in last(db, *place, records):
            yield (*place, row.record_id), row


def _fill(con: duckdb.DuckDBPyConnection, engine: Engine, changes: Sequence[Planned]) -> None:
    """Put these changes in the place of those that are planned."""
    columns = {
        (source.connection, rule.object, name): how.column
        for source in engine.sources()
        for rule in source.mapping.write
        for name, how in rule.fields.items()
    }
    names = ("connection", "object", "source", "key", "action", "key_field", "record_id")
    table = {name: pa.array([getattr(c, name) for c in changes], pa.string()) for name in names}
    table["fields"] = pa.array([_fields(c, columns) for c in changes], pa.string())
    table["reason"] = pa.array([c.reason for c in changes], pa.string())
    con.execute("DELETE FROM plan_change")
    con.register("undo_changes", pa.table(table))
    con.execute("INSERT INTO plan_change BY NAME SELECT * FROM undo_changes")
    con.unregister("undo_changes")


def _fields(change: Planned, columns: Mapping[tuple[str, str, str], str]) -> str:
    told = [
        {"f": n, "c": columns.get((change.connection, change.object, n), ""), "a": a, "b": b}
        for n, a, b in change.fields
    ]
    return json.dumps(told)


def _told(left: Sequence[Left]) -> list[dict[str, Any]]:
    return [
        {
            "connection": x.connection,
            "object": x.object,
            "record_id": x.record_id,
            "field": x.field,
            "why": x.why,
        }
        for x in left[:TOLD]
    ]


def _bands(con: duckdb.DuckDBPyConnection, engine: Engine) -> list[dict[str, Any]]:
    """The accounts whose band goes back, in our words."""
    ours = overview.words_of_bands(engine.sources())
    rows = con.execute(
        "SELECT f.connection, f.f, f.a, f.b, f.key, a.name, CAST(a.arr AS DOUBLE), a.currency FROM planned_field f "
        f"JOIN {sized('account')} a ON a.account_id = f.key WHERE f.source = 'account' AND f.c = 'band' AND f.a IS NOT NULL "
        "AND f.b IS NOT NULL ORDER BY a.relative_size DESC NULLS LAST, f.key, f.connection"
    ).fetchall()
    found: dict[str, dict[str, Any]] = {}
    for connection, field, was, to, key, name, revenue, currency in rows:
        pair = {
            end: ours.get((connection, field, value), value) for end, value in (("from", was), ("to", to))
        }
        found.setdefault(
            key, {"account": name, **pair, "why": None, "revenue": revenue, "currency": currency}
        )
    return list(found.values())
