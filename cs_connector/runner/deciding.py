"""From scores to a plan: the tables that `act`, `plan` and `write_back` share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import duckdb
import sqlalchemy as sa

from cs_connector.act import guard, plan, rules, wanted
from cs_connector.act.desk import Desk
from cs_connector.errors import UsageError
from cs_connector.health import basis
from cs_connector.measure.metrics import load_metrics
from cs_connector.model import ENTITIES
from cs_connector.store.tables import calls

from .engine import Engine

_CALLS = (
    "CREATE OR REPLACE TABLE wanted_call(key VARCHAR, account_id VARCHAR, owner_user_id VARCHAR, subject VARCHAR, "
    "description VARCHAR, due_on DATE, priority VARCHAR, status VARCHAR, type VARCHAR, rule VARCHAR, "
    "relationship_name VARCHAR, written VARCHAR)"
)


@contextmanager
def standing(engine: Engine) -> Iterator[duckdb.DuckDBPyConnection]:
    """An executor with entities, metrics and snapshots. Raises UsageError where nothing was scored yet."""
    if not engine.store.facts.files("health/snapshot"):
        raise UsageError(
            "nothing has been scored yet",
            why="this project has no scores",
            safe="nothing was written",
            fix="cs-connector run",
        )
    with engine.tables([*ENTITIES, "link", "feed", "attachment"]) as con:
        scored(con, engine)
        yield con


_SCORED = {"metric_value": "measure/metric", "measure_score": "health/measure", "snapshot": "health/snapshot"}


def scored(con: duckdb.DuckDBPyConnection, engine: Engine) -> None:
    """Views of what was last measured and scored."""
    for view, dataset in _SCORED.items():
        engine.store.facts.attach(con, dataset, view, {})
    engine.store.facts.attach(con, "health/scorecard", "scorecard", basis.SCORECARD)


def judged(engine: Engine, con: duckdb.DuckDBPyConnection, day: date) -> Desk:
    """Judge everybody by the rules in force: `standing`, `candidate`, `undecided`, and `deleted_task` of the CRM."""
    metrics = sorted(load_metrics([*engine.project.shipped, engine.project.root]).by_name)
    listed = rules.load_rules(engine.project.declarations("rules"), metrics)
    rules.stand(con, metrics, day)
    rules.fire(con, listed)
    _deleted(engine, con)
    named = {rule.rule: rule for rule, _ in listed}
    return Desk(engine.project.settings, engine.install_id(), engine.home(), day, named)


def _deleted(engine: Engine, con: duckdb.DuckDBPyConnection) -> None:
    """Tasks that a person deleted in the CRM: `deleted_task`."""
    con.execute("CREATE OR REPLACE TABLE deleted_task(record_id VARCHAR)")
    latest = engine.latest(con)
    for source in engine.sources():
        for rule in source.mapping.write:
            if rule.source == "call" and source.connection == engine.home():
                con.execute(
                    f"INSERT INTO deleted_task SELECT id FROM {latest(source.connection, rule.object)} WHERE deleted"
                )


@dataclass(frozen=True, slots=True)
class Held:
    """How many values of the CRMs stay as they are, because the fields named in `unknown` cannot be read now."""

    values: int
    unknown: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.values:,} values that would be emptied, zero or ended stay as they are while this is unknown: "
            f"{', '.join(self.unknown)}"
        )


@contextmanager
def planned(engine: Engine) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[guard.Check], Held]]:
    """The plan for what is known now, as `plan_change`, with the guard's findings and what is held back."""
    with standing(engine) as con:
        wanted.want(con, engine.as_of)
        con.execute(_CALLS)
        with engine.store.state.read() as db:
            if engine.project.settings.go_live == "live":
                _open_calls(con, db, engine.home())
            sources = [s for s in engine.sources() if engine.project.settings.connections[s.connection].write]
            plan.compare(con, db, sources, engine.latest(con), engine.home(), engine.as_of)
        lost = _unread(engine)
        held = Held(plan.hold(con) if lost else 0, lost)
        yield con, guard.inspect(con, engine.project.settings.safety), held


def _unread(engine: Engine) -> tuple[str, ...]:
    """The fields that the mappings read and the CRMs do not show as they were."""
    lost = {
        f"{source.connection} {rule.object}.{name}"
        for source in engine.sources()
        for rule in source.mapping.read
        for name in rule.needs & source.unknown.get(rule.object, frozenset())
    }
    return tuple(sorted(lost))


def _open_calls(con: duckdb.DuckDBPyConnection, db: sa.Connection, home: str | None) -> None:
    """The open calls of the one home of tasks; those that were sent elsewhere stay as they are."""
    mine = (calls.c.state == "open") & (calls.c.connection == home)
    rows = [
        (
            c.key, c.account_id, c.owner_user_id, c.sent.get("subject"), c.sent.get("description"), c.due_on,
            c.priority, "Not Started", c.type, c.rule, c.sent.get("relationship_name"),
            json.dumps(c.sent.get("written", {})),
        )
        for c in db.execute(sa.select(calls).where(mine).order_by(calls.c.key))
    ]  # fmt: skip
    if rows:
        con.executemany("INSERT INTO wanted_call VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
