"""What was undone is not written again under the configuration that wrote it, unless a person says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from cs_connector.act.guard import Check
from cs_connector.runner.engine import Engine
from cs_connector.store.audit.book import HIDDEN
from cs_connector.store.audit.finding import Question, rows
from cs_connector.store.tables import approved_plans, runs, undone

RULE = "undone again"
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
        _told(engine, con, run)
        found = con.execute(
            "SELECT p.connection, count(DISTINCT (p.object, p.key)) FROM planned_field p JOIN undone_value u "
            "ON u.connection = p.connection AND u.object = p.object AND u.key = p.key AND u.field = p.f "
            "AND u.value IS NOT DISTINCT FROM p.b GROUP BY 1 ORDER BY 1"
        ).fetchall()
        detail = f"run {run}, undone on {at:%Y-%m-%d}; the configuration is still the one that it had"
        for connection, count in found:
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


def _told(engine: Engine, con: duckdb.DuckDBPyConnection, run: str) -> None:
    """Make `undone_value`: what the run had told each field of each record; what is kept as a digest is left out."""
    with engine.store.state.read() as db:
        told = [
            (row.connection, row.object, row.key, name, None if value is None else str(value))
            for row in rows(db, Question(run=run))
            for name, value in row.after.items()
            if not str(value).startswith(HIDDEN)
        ]
    columns = zip(("connection", "object", "key", "field", "value"), zip(*told, strict=True), strict=False)
    con.register("undone_rows", pa.table({name: pa.array(values, pa.string()) for name, values in columns}))
    con.execute("CREATE OR REPLACE TEMP TABLE undone_value AS SELECT * FROM undone_rows")
    con.unregister("undone_rows")
