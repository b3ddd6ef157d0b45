"""Questions about what is known: why a score, what would lift it, what ran, what was set aside."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import duckdb
import sqlalchemy as sa

from cs_connector.act.calling.refusals import why_not as refused
from cs_connector.act.calling.rules import STANDING
from cs_connector.config.documents import suggest
from cs_connector.errors import UsageError
from cs_connector.health import Definitions, load_definitions
from cs_connector.measure.metrics import Metrics
from cs_connector.store import tables
from cs_connector.store.leases import held
from cs_connector.transport.clock import SystemClock

from .asking import scored_on
from .attention import unlisted
from .deciding import standing
from .engine import LEASE, Engine
from .finding import find
from .judging import judged
from .summary import DIED, RUNNING

_ENDS = ("at the last month end", "two month ends back", "three month ends back")


def why_not(engine: Engine, id_: str, rule: str | None, on: date | None = None) -> dict[str, Any]:
    """why-not/1: why a rule did not fire for an account or relationship; without a rule, why the account does not need
    attention. By the newest scores, or those of a day. Raises UsageError for an unknown rule and a day without scores.
    """
    with standing(engine) as con:
        day = scored_on(con, on)
        entity = find(con, id_)
        account, name, relationships = _concerned(con, entity)
        head = {"schema": "why-not/1", "id": entity, "name": name, "as_of": day, "rule": rule}
        if rule is None:
            return {**head, "list": "attention", **unlisted(con, account, day)}
        desk = judged(engine, con, day)
        if rule not in desk.rules:
            raise UsageError(
                f"there is no rule {rule!r}",
                safe="nothing was changed",
                fix=suggest(rule, desk.rules) or f"rules: {', '.join(sorted(desk.rules))}",
            )
        metrics = _definitions(engine).metrics
        with engine.store.state.read() as db:
            found = [
                {"id": each, "name": called, **refused(con, db, desk, desk.rules[rule], metrics, each)}
                for each, called in relationships
            ]
        told = "" if found else unlisted(con, account, day)["because"]
    return {
        **head, "list": None, "when": desk.rules[rule].when, "words": _words(metrics, desk.rules[rule].when),
        "fired": any(f["fired"] for f in found), "because": told, "relationships": found,
    }  # fmt: skip


def _words(metrics: Metrics, when: str) -> dict[str, dict[str, str]]:
    """Title and unit of every name that a condition speaks of, those of past month ends too."""
    words = {name: {"title": m.title, "unit": m.unit} for name, m in metrics.by_name.items()}
    words |= {name: {"title": title, "unit": ""} for name, title in STANDING.items()}
    for name in ("known_score", *metrics.by_name):
        for back, said in enumerate(_ENDS, 1):
            words[f"{name}_{back}"] = {**words[name], "title": f"{words[name]['title']}, {said}"}
    used = {*re.findall(r"[A-Za-z_]\w*", when)} & words.keys()
    return {name: words[name] for name in sorted(used)}


def _concerned(
    con: duckdb.DuckDBPyConnection, entity: str
) -> tuple[str, str | None, list[tuple[str, str | None]]]:
    """The account that an id is about, the name of what it means, and the relationships that are meant."""
    rows = con.execute(
        "SELECT a.account_id, a.name, r.relationship_id, r.name FROM account a LEFT JOIN relationship r USING (account_id) "
        "WHERE a.account_id = $id OR r.relationship_id = $id ORDER BY r.arr DESC NULLS LAST, r.relationship_id",
        {"id": entity},
    ).fetchall()
    account, name = rows[0][:2]
    return account, name if account == entity else rows[0][3], [(r[2], r[3]) for r in rows if r[2]]


def _definitions(engine: Engine) -> Definitions:
    return load_definitions([*engine.project.shipped, engine.project.root])


def _alive(engine: Engine) -> bool:
    """Whether a run can be at work: each holds the lease of the project while it is."""
    return held(engine.store.state, LEASE, SystemClock())


def runs(engine: Engine, count: int = 20) -> list[dict[str, Any]]:
    table = tables.runs
    query = sa.select(
        table.c.id,
        table.c.job,
        table.c.as_of,
        table.c.started_at,
        table.c.finished_at,
        table.c.status,
        table.c.exit,
    )
    with engine.store.state.read() as db:
        found = [
            dict(r) for r in db.execute(query.order_by(table.c.started_at.desc()).limit(count)).mappings()
        ]
    alive = _alive(engine)
    return [row | {"status": _status(row["status"], alive=alive)} for row in found]


def _status(kept: str, *, alive: bool) -> str:
    return kept if alive or kept != RUNNING else DIED


def run(engine: Engine, id_: str) -> dict[str, Any]:
    """run/1 of a past run; its head alone where it did not end. Raises UsageError for an unknown one."""
    with engine.store.state.read() as db:
        row = db.execute(sa.select(tables.runs).where(tables.runs.c.id == id_)).one_or_none()
    if row is None:
        raise UsageError(f"there is no run {id_!r}", safe="nothing was changed", fix="cs-connector runs")
    head = {"schema": "run/1", "run": id_, "as_of": str(row.as_of), "job": row.job}
    head |= {"started_at": row.started_at.isoformat(), "exit": row.exit}
    head |= {"status": _status(row.status, alive=_alive(engine))}
    return dict(row.summary or head)


def task(engine: Engine, account: str) -> dict[str, Any] | None:
    """The open task of an account: subject, description, due_on and who owns it."""
    with standing(engine) as con:
        entity = find(con, account)
        people = dict(con.execute('SELECT user_id, name FROM "user"').fetchall())
    table = tables.calls
    with engine.store.state.read() as db:
        mine = (table.c.account_id == entity) & (table.c.state == "open")
        row = db.execute(sa.select(table).where(mine).order_by(table.c.opened_on, table.c.key)).first()
    if row is None:
        return None
    return {**row.sent, "due_on": row.due_on, "owner": people.get(row.owner_user_id, row.owner_user_id)}


def quarantine(engine: Engine) -> list[dict[str, Any]]:
    """Records that could not be read, and changes that are not sent; their stage is write, or check where we know better."""
    table = tables.quarantine
    columns = (
        table.c.connection,
        table.c.object,
        table.c.record_id,
        table.c.stage,
        table.c.code,
        table.c.reason,
    )
    with engine.store.state.read() as db:
        query = sa.select(*columns).where(table.c.state == "open").order_by(*columns)
        found = [dict(r) for r in db.execute(query).mappings()]
        return found + [dict(r) for r in db.execute(_refused()).mappings()]


def _refused() -> sa.Select[*tuple[Any, ...]]:
    table = tables.refused
    record = sa.func.coalesce(table.c.record_id, table.c.name).label("record_id")
    columns = (table.c.connection, table.c.object, record, table.c.stage, table.c.code, table.c.reason)
    return sa.select(*columns).order_by(*columns)
