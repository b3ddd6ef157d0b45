"""Questions about what is known: why a score, what would lift it, what ran, what was set aside."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import duckdb
import sqlalchemy as sa
from rapidfuzz import process

from cs_connector.act.calling.refusals import why_not as refused
from cs_connector.act.calling.rules import STANDING
from cs_connector.config.documents import suggest
from cs_connector.errors import UsageError
from cs_connector.health import Definitions, kept, load_definitions
from cs_connector.health.explain import explain as explained
from cs_connector.health.explain import levers_for
from cs_connector.health.why_changed import End
from cs_connector.health.why_changed import why_changed as changed
from cs_connector.store import tables

from .attention import unlisted
from .deciding import standing
from .engine import Engine
from .judging import judged


def explain(engine: Engine, id_: str, scorecard: str | None, day: date | None = None) -> dict[str, Any]:
    """explain/1 of an account or relationship, newest or of a day. Raises UsageError for an unknown one."""
    with standing(engine) as con:
        on = scored_on(con, day)
        return explained(con, _definitions(engine), find(con, id_), scorecard, on)


def levers(engine: Engine, id_: str, target: int, day: date | None = None) -> dict[str, Any]:
    """levers/1 of an account or relationship, newest or of a day."""
    with standing(engine) as con:
        on = scored_on(con, day)
        return levers_for(con, _definitions(engine), find(con, id_), target, on=on)


def why_changed(
    engine: Engine, id_: str, first: date | None, last: date | None, reading: str | None
) -> dict[str, Any]:
    """why-changed/1 of an account or relationship between two days, and which days there are (`days`).

    Without days: the newest, and the month end before it. The reading is `known` (each day as it was known then) or
    `restated` (both by what is known and configured now); without one, known where both days were kept. Raises
    UsageError, naming the days, for a day without scores.
    """
    with standing(engine) as con:
        found = {"known": kept.days(engine.store.facts), "restated": _dates(con)}
        reading, days = kept.choose(found, first, last, reading)
        for day in days if reading == "known" else ():
            kept.attach(con, engine.store.facts, day)
        ends = tuple(End.kept(day) if reading == "known" else End(day) for day in days)
        document = changed(con, _definitions(engine), find(con, id_), (ends[0], ends[1]), reading)
    return {**document, "days": found}


def why_not(engine: Engine, id_: str, rule: str | None) -> dict[str, Any]:
    """why-not/1: why a rule did not fire for an account or relationship; without a rule, why the account does not need
    attention. By the newest scores. Raises UsageError for an unknown rule.
    """
    with standing(engine) as con:
        day = scored_on(con, None)
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
    words = {name: {"title": m.title, "unit": m.unit} for name, m in metrics.by_name.items()}
    words |= {name: {"title": title, "unit": ""} for name, title in STANDING.items()}
    used = {word for word in words if re.search(rf"\b{word}\b", desk.rules[rule].when)}
    return {
        **head, "list": None, "when": desk.rules[rule].when, "words": {n: words[n] for n in sorted(used)},
        "fired": any(f["fired"] for f in found), "because": told, "relationships": found,
    }  # fmt: skip


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


def scored_on(con: duckdb.DuckDBPyConnection, day: date | None) -> date:
    """The day itself, or the newest with scores. Raises UsageError, naming the dates, when it has none."""
    dates = _dates(con)
    if day in dates or (day is None and dates):
        return day or dates[0]
    raise UsageError(
        f"there are no scores of {day}" if day else "there are no scores",
        why=f"there are scores of {', '.join(map(str, dates))}" if dates else "",
        safe="nothing was changed",
        fix="name one of these dates, or compute it with: cs-connector run --dry-run --as-of DATE",
    )


def _dates(con: duckdb.DuckDBPyConnection) -> list[date]:
    query = "SELECT DISTINCT on_date FROM snapshot ORDER BY on_date DESC"
    return [row[0] for row in con.execute(query).fetchall()]


def _definitions(engine: Engine) -> Definitions:
    return load_definitions([*engine.project.shipped, engine.project.root])


def find(con: duckdb.DuckDBPyConnection, id_: str) -> str:
    """The entity that an entity id, a record id or an exact name means."""
    found = con.execute(
        "SELECT DISTINCT account_id, name FROM account WHERE account_id = $id OR name = $id UNION "
        "SELECT DISTINCT relationship_id, name FROM relationship WHERE relationship_id = $id OR name = $id OR key = $id UNION "
        "SELECT DISTINCT entity_id, entity FROM link WHERE entity = 'account' AND record_id = $id",
        {"id": id_},
    ).fetchall()
    entities = sorted({row[0] for row in found})
    if len(entities) == 1:
        return str(entities[0])
    if entities:
        raise UsageError(
            f"{id_!r} means {len(entities)} things",
            safe="nothing was changed",
            fix=f"name one: {', '.join(entities)}",
        )
    names = [row[0] for row in con.execute("SELECT name FROM account WHERE name IS NOT NULL").fetchall()]
    close = process.extractOne(id_, names, score_cutoff=60)
    raise UsageError(
        f"there is no account called {id_!r}",
        why="it is no entity id, no record id and no exact name",
        safe="nothing was changed",
        fix=f"did you mean {close[0]!r}?" if close else "look at cs-connector export",
    )


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
        return [
            dict(r) for r in db.execute(query.order_by(table.c.started_at.desc()).limit(count)).mappings()
        ]


def run(engine: Engine, id_: str) -> dict[str, Any]:
    """run/1 of a past run. Raises UsageError for an unknown one."""
    with engine.store.state.read() as db:
        row = db.execute(sa.select(tables.runs).where(tables.runs.c.id == id_)).one_or_none()
    if row is None:
        raise UsageError(f"there is no run {id_!r}", safe="nothing was changed", fix="cs-connector runs")
    return dict(row.summary or {"schema": "run/1", "run": id_, "status": row.status, "exit": row.exit})


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
