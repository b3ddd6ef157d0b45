"""Who needs somebody, by the rules in force, and what becomes of that: calls, and those that wait."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from cs_connector.act.calling import baseline, calls, firing, rules, standing, steady
from cs_connector.act.calling.desk import Desk, Round, Waiting
from cs_connector.act.calling.endings import GONE
from cs_connector.act.calling.evidence import Evidence
from cs_connector.act.calling.obstacles import silent_until
from cs_connector.act.differences import current
from cs_connector.health import load_definitions
from cs_connector.ports import Verdict
from cs_connector.store import tables
from cs_connector.unify.mapping import WriteRule
from cs_connector.unify.source import Source

from .engine import Engine
from .identity import people, unfit
from .scorecards.pages import page

WATCHED = 14  # days of watching after which the run says that it is time
SHOWN = 100  # calls that wait, by name
_PEOPLE = {"relationship_id": "VARCHAR", "person_id": "VARCHAR", "role": "VARCHAR", "named": "BOOLEAN"}


def judged(engine: Engine, con: duckdb.DuckDBPyConnection, day: date) -> Desk:
    """Judge everybody by the rules in force: `standing`, `candidate`, `undecided`, and `deleted_task` of the CRM."""
    definitions = load_definitions([*engine.project.shipped, engine.project.root])
    metrics = sorted(definitions.metrics.by_name)
    listed = rules.load_rules(engine.project.declarations("rules"), metrics)
    standing.stand(con, metrics, day, _words(listed), definitions.bands)
    firing.fire(con, listed)
    _deleted(engine, con)
    engine.store.facts.attach(con, "unify/relationship_person", "relationship_person", _PEOPLE)
    tasks = engine.project.settings.tasks
    with engine.store.state.read() as db:
        desk = Desk(
            engine.project.settings,
            engine.install_id(),
            engine.home(),
            day,
            {rule.rule: rule for rule, _ in listed},
            baseline.watching(db),
            people.user(con, tasks.fallback_owner),
            people.user(con, tasks.manager),
            baseline.known(db),
            Evidence(con, definitions, day, lambda name, *record: page(engine, name, *record)),
            unfit.users(engine),
        )
        steady.settle(con, db, day)
        _silence(con, db, desk)
    firing.choose(con, desk.rules)
    return desk


def _words(listed: list[tuple[rules.Rule, str]]) -> set[str]:
    """Every word of the conditions and texts."""
    texts = (
        text for rule, _ in listed for text in (rule.when, rule.short, rule.why, rule.closes_when, *rule.do)
    )
    return {word for text in texts for word in re.findall(r"[A-Za-z_]\w*", text)}


def _deleted(engine: Engine, con: duckdb.DuckDBPyConnection) -> None:
    """Tasks that a person deleted in the CRM: `deleted_task`."""
    con.execute("CREATE OR REPLACE TABLE deleted_task(record_id VARCHAR)")
    latest = engine.latest(con)
    for source, rule in _tasks(engine):
        con.execute(
            f"INSERT INTO deleted_task SELECT id FROM {latest(source.connection, rule.object)} WHERE deleted"
        )


def _tasks(engine: Engine) -> Iterator[tuple[Source, WriteRule]]:
    """How tasks are written, in the one home that they have."""
    for source in engine.sources():
        if source.connection == engine.home():
            yield from ((source, rule) for rule in source.mapping.write if rule.source == "call")


def _silence(con: duckdb.DuckDBPyConnection, db: sa.Connection, desk: Desk) -> None:
    """Make `silenced` (rule, relationship_id): where a person's word keeps a rule quiet."""
    con.execute("CREATE OR REPLACE TABLE silenced(rule VARCHAR, relationship_id VARCHAR)")
    said = tables.calls.c.outcome.is_not(None)
    found = [dict(row) for row in db.execute(sa.select(tables.calls).where(said)).mappings()]
    for call in found:
        rule = desk.rules.get(call["rule"])
        until = silent_until(desk, [call], rule) if rule else None
        if until and until > desk.as_of:
            con.execute("INSERT INTO silenced VALUES (?, ?)", [call["rule"], call["relationship_id"]])


def act(engine: Engine, con: duckdb.DuckDBPyConnection) -> Round:
    """One round of calls, on record with all that the next one needs to know."""
    unfit.learn(engine, con)
    desk = judged(engine, con, engine.as_of)
    with engine.store.state.begin() as db:
        newest = not calls.past(calls.everything(db), desk)
        if newest and engine.project.settings.go_live == "observe":
            baseline.watch(db, desk.as_of)
        if newest:
            _forget(db)
        done = calls.decide(con, db, desk)
        if newest:
            steady.keep(con, db, desk.as_of)
            baseline.keep(con, db, desk.as_of, live=desk.live)
            _wait(db, done.waiting)
    return done


def taken_back(engine: Engine) -> bool:
    """Whether there are calls whose task was deleted by ourselves, as `undo` does: the next round forgets them."""
    with engine.store.state.read() as db:
        return db.scalar(sa.select(tables.calls.c.key).where(_deleted_by_us()).limit(1)) is not None


def _forget(db: sa.Connection) -> None:
    """Such a call is as if it had never been: it may be raised anew."""
    db.execute(sa.delete(tables.calls).where(_deleted_by_us()))


def _deleted_by_us() -> sa.ColumnElement[bool]:
    call, row = tables.calls.c, tables.audit.c
    # a CRM may number the records of each object by itself
    ours = (row.connection == call.connection) & (row.key == call.key) & (row.record_id == call.record_id)
    return sa.exists().where(ours & (row.verdict == Verdict.DELETED))


def _wait(db: sa.Connection, waiting: list[Waiting]) -> None:
    """Keep what waits, so that a plan and a run that skips this round can name it."""
    table = tables.held_back
    db.execute(sa.delete(table))
    rows = {(w.relationship_id, w.rule): w for w in waiting}
    if rows:
        names = ("relationship_id", "rule", "account_id", "name", "why", "arr", "currency")
        db.execute(sa.insert(table), [{n: getattr(w, n) for n in names} for w in rows.values()])


def waiting(engine: Engine) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """The calls that the last round held back: counts by reason, and the largest by name. None of a day before the newest call."""
    table, opened_on = tables.held_back, tables.calls.c.opened_on
    order = (table.c.arr.desc().nulls_last(), table.c.name, table.c.relationship_id, table.c.rule)
    with engine.store.state.read() as db:
        later = db.scalar(sa.select(opened_on).where(opened_on > engine.as_of).limit(1))
        rows = [] if later else db.execute(sa.select(table).order_by(*order)).all()
    counts = Counter(row.why for row in rows)
    named = [
        {
            "name": r.name,
            "rule": r.rule,
            "why": r.why,
            "revenue": None if r.arr is None else float(r.arr),
            "currency": r.currency,
        }
        for r in rows[:SHOWN]
    ]
    return dict(sorted(counts.items())), named


def notes(engine: Engine) -> list[str]:
    """What the admin should know of the settings of tasks, and of the start."""
    return [*people.notes(engine), *unfit.notes(engine), *_start(engine)]


def _start(engine: Engine) -> list[str]:
    settings = engine.project.settings
    if settings.go_live == "live" or settings.tasks.observe_days:
        return []
    with engine.store.state.read() as db:
        since = baseline.watching(db)
    if since is None or (engine.as_of - since).days < WATCHED:
        return []
    return [
        f"watching since {since}: when the fields read well, tasks begin with go_live: live in cs-connector.yml"
    ]


_CALLS = dict.fromkeys(
    ("key", "account_id", "owner_user_id", "person_id", "subject", "description", "due_on", "priority", "status", "type",
     "rule", "relationship_name", "written", "closing", "opened_on"), "VARCHAR",
) | {"due_on": "DATE", "closing": "BOOLEAN", "opened_on": "DATE"}  # fmt: skip


def want(engine: Engine, con: duckdb.DuckDBPyConnection, db: sa.Connection) -> None:
    """Fill `wanted_call` with the calls whose task is open or closes now, in the one home of tasks.

    Those that were sent elsewhere stay as they are. Nothing is wanted while the project only watches.
    """
    con.execute(f"CREATE OR REPLACE TABLE wanted_call({', '.join(f'{n} {t}' for n, t in _CALLS.items())})")
    settings = engine.project.settings
    if not Desk(settings, "", None, engine.as_of, {}, baseline.watching(db)).live:
        return
    table = tables.calls
    ends = (table.c.state == "closed") & (table.c.closed_why == GONE) & table.c.record_id.is_not(None)
    mine = ((table.c.state == "open") | ends) & (table.c.connection == engine.home())
    found = db.execute(sa.select(table).where(mine).order_by(table.c.key)).all()
    if rows := [_row(call) for call in found]:
        # one by one takes twenty times as long
        columns = ", ".join(f"unnest(?::{t}[])" for t in _CALLS.values())
        con.execute(f"INSERT INTO wanted_call SELECT {columns}", [list(c) for c in zip(*rows, strict=True)])
    ended = {call.record_id: call.key for call in found if call.state == "closed"}
    con.execute(
        "DELETE FROM wanted_call WHERE closing AND NOT EXISTS (FROM task WHERE task.key = wanted_call.key AND task.closed IS NOT TRUE) "
        "AND key NOT IN (SELECT unnest(?::VARCHAR[]))",
        [[ended[record] for record in _keyless(engine, con, ended)]],
    )


def _keyless(engine: Engine, con: duckdb.DuckDBPyConnection, ended: Collection[str]) -> Iterator[str]:
    """Those of these tasks that are open and have lost their key: `task` has none without one."""
    latest = engine.latest(con)
    for source, rule in _tasks(engine) if ended else ():
        raw = f"{latest(source.connection, rule.object)} WHERE id IN (SELECT record_id FROM ended_task)"
        con.register("ended_task", pa.table({"record_id": pa.array(list(ended), pa.string())}))
        current.read(con, source.mapping, rule, f"(FROM {raw})", "keyless_task")
        con.unregister("ended_task")
        lost = con.execute("SELECT record_id FROM keyless_task WHERE key IS NULL AND NOT closed").fetchall()
        yield from (record for (record,) in lost)


def _row(call: Any) -> tuple[Any, ...]:
    sent, closing = call.sent, call.state == "closed"
    return (
        call.key, call.account_id or None, call.owner_user_id, sent.get("person_id"), sent.get("subject"),
        sent.get("ended") if closing else sent.get("description"), call.due_on, call.priority,
        "Completed" if closing else "Not Started", call.type, call.rule, sent.get("relationship_name"),
        json.dumps(sent.get("written", {})), closing, call.opened_on,
    )  # fmt: skip
