"""What was undone is not written again under the configuration that wrote it, unless a person says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import duckdb
import sqlalchemy as sa

from cs_connector.act.guarding.guard import Check
from cs_connector.runner import auditing
from cs_connector.runner.engine import Engine
from cs_connector.store.audit.finding import Question, rows
from cs_connector.store.tables import approved_plans, runs, undone

RULE = "undone again"
_NOTHING = object()
TEXT = "records that would be told again what was undone"


def remember(engine: Engine, run: str) -> None:
    """Note that a run is taken back by this one; what an undo took away is no longer undone once that is taken back."""
    with engine.store.state.begin() as db:
        other = db.scalar(sa.select(undone.c.run).where(undone.c.by_run == run))
        db.execute(sa.delete(undone).where(undone.c.run.in_([run, other])))
        if other is None:
            config = db.scalar(sa.select(runs.c.config_hash).where(runs.c.id == run))
            values = {"run": run, "by_run": engine.run, "config_hash": config, "at": engine.clock.now()}
            db.execute(sa.insert(undone).values(values))


def checks(engine: Engine, con: duckdb.DuckDBPyConnection) -> Iterator[Check]:
    """One check for each connection and undone run of which `plan_change` has something, while the configuration is the same.

    Needs `planned_field`.
    """
    for run, at in _remembered(engine):
        found = Counter(connection for connection, _object, _key in _same(engine, con, run))
        detail = f"run {run}, undone on {at:%Y-%m-%d}; the configuration is still the one that it had"
        for connection, count in sorted(found.items()):
            yield Check(RULE, count, 0, TEXT, connection, detail)


def _remembered(engine: Engine) -> list[tuple[str, datetime]]:
    """The undone runs that had written under the configuration of now, but those that a person has let through since."""
    with engine.store.state.read() as db:
        if not db.scalar(sa.select(sa.func.count()).select_from(undone)):
            return []
        same = undone.c.config_hash == engine.config_hash()
        found = db.execute(sa.select(undone.c.run, undone.c.at).where(same).order_by(undone.c.at)).all()
        approved = db.execute(sa.select(approved_plans.c.at, approved_plans.c.limits)).all()
    released = max((a.at for a in approved if any(limit["rule"] == RULE for limit in a.limits)), default=None)
    return [(row.run, row.at) for row in found if released is None or row.at > released]


def _same(engine: Engine, con: duckdb.DuckDBPyConnection, run: str) -> set[tuple[str, str, str]]:
    """The records of which the plan would tell a field what the run had told it."""
    hidden = auditing.book(engine).hidden
    with engine.store.state.read() as db:
        told = {
            (row.connection, row.object, row.key, name): value
            for row in rows(db, Question(run=run))
            for name, value in row.after.items()
        }
    planned = con.execute("SELECT connection, object, key, f, b FROM planned_field").fetchall()
    return {
        (connection, name, key)
        for connection, name, key, field, value in planned
        if told.get((connection, name, key, field), _NOTHING) == hidden(connection, name, field, value)
    }
