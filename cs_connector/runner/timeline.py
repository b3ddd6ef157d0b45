"""What happened at one account, in order: tickets, answers, usage, stages, talks, money, tasks, scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any

import duckdb
import sqlalchemy as sa

from cs_connector.store import tables

from .engine import Engine
from .finding import find
from .relations import unified

_AGREED = frozenset({"relationship", "stage"})  # where no record of a CRM stands behind it
STEP = 0.2  # by how much a month of usage must differ from the one before to be told

_SNAPSHOT = {
    "entity": "VARCHAR", "entity_id": "VARCHAR", "account_id": "VARCHAR", "main": "BOOLEAN", "on_date": "DATE", "score": "INTEGER",
    "band": "VARCHAR",
}  # fmt: skip

# each gives a date or a time, about (a product, or null), said, entity_id (null where no record of a CRM stands behind it)
_TOLD = {
    "ticket": """
        SELECT opened_at, product, coalesce(priority || ' ', '') || 'ticket opened', ticket_id
        FROM ticket WHERE account_id = $account AND opened_at IS NOT NULL
        UNION ALL
        SELECT closed_at, product, coalesce(priority || ' ', '') || 'ticket closed'
               || coalesce(' after ' || days(date_diff('day', opened_at::DATE, closed_at::DATE)), ''), ticket_id
        FROM ticket WHERE account_id = $account AND closed_at IS NOT NULL""",
    "survey": """
        SELECT answered_on, NULL, coalesce(CASE WHEN length(kind) < 5 THEN upper(kind) ELSE kind END, 'survey') || ' answer: '
               || printf('%g', score::DOUBLE) || coalesce(' of ' || printf('%g', scale_max::DOUBLE), '')
               || CASE WHEN p.decision_maker THEN ', from a decision maker' ELSE '' END, survey_response_id
        FROM survey_response s LEFT JOIN person p USING (person_id)
        WHERE s.account_id = $account AND answered_on IS NOT NULL AND score IS NOT NULL""",
    "usage": """
        SELECT last_day(on_date), product, replace(metric, '_', ' ') || ' ' || printf('%g', before::DOUBLE) || ' → ' || printf('%g', value::DOUBLE)
               || ' (' || printf('%+.0f', (value / before - 1)::DOUBLE * 100) || ' %)', usage_id
        FROM (SELECT *, lag(value) OVER (PARTITION BY product, metric ORDER BY on_date) AS before,
                     lag(on_date) OVER (PARTITION BY product, metric ORDER BY on_date) AS month_before
              FROM usage WHERE account_id = $account AND grain = 'month')
        WHERE before > 0 AND month_before = on_date - INTERVAL 1 MONTH AND abs(value / before - 1) >= $step""",
    "stage": """
        SELECT on_date, product, kind, lifecycle_event_id FROM lifecycle_event
        WHERE account_id = $account AND on_date IS NOT NULL""",
    "opportunity": """
        SELECT close_on, NULL, coalesce(type, 'Opportunity') || CASE WHEN won THEN ' won' WHEN NOT won THEN ' lost' ELSE ' closed' END
               || coalesce(', ' || printf('%,d', amount::BIGINT), ''), opportunity_id
        FROM opportunity WHERE account_id = $account AND closed AND close_on IS NOT NULL""",
    "contact": """
        SELECT a.at, NULL, coalesce(kind, 'contact') || CASE WHEN p.decision_maker THEN ' with a decision maker' ELSE '' END,
               activity_id
        FROM activity a LEFT JOIN person p USING (person_id) WHERE a.account_id = $account AND a.at IS NOT NULL AND coalesce(kind, '') NOT LIKE 'mailing %'""",
    "invoice": """
        SELECT paid_on, NULL, 'invoice paid' || CASE WHEN paid_on > due_on
               THEN ' ' || days(date_diff('day', due_on, paid_on)) || ' late' ELSE '' END, invoice_id
        FROM invoice WHERE account_id = $account AND paid_on IS NOT NULL
        UNION ALL
        SELECT due_on, NULL, 'invoice due and not paid', invoice_id
        FROM invoice WHERE account_id = $account AND paid_on IS NULL AND due_on IS NOT NULL""",
    "goal": """
        SELECT updated_on, product, 'goal ' || lower(status), goal_id FROM goal
        WHERE account_id = $account AND updated_on IS NOT NULL AND status IS NOT NULL""",
    "relationship": """
        SELECT start_on, product, 'relationship begins: ' || name, NULL FROM relationship WHERE account_id = $account
        UNION ALL
        SELECT previous_end_on, product, 'relationship had ended: ' || name, NULL FROM relationship WHERE account_id = $account
        UNION ALL
        SELECT notice_on, product, 'notice given: ' || name, NULL FROM relationship WHERE account_id = $account
        UNION ALL
        SELECT renewal_on, product, 'renewal: ' || name, NULL FROM relationship WHERE account_id = $account AND status <> 'Ended'
        UNION ALL
        SELECT end_on, product, 'relationship ends: ' || name, NULL FROM relationship WHERE account_id = $account""",
    "score": """
        SELECT on_date, product, coalesce(before || ' → ', '') || now, NULL
        FROM (SELECT s.on_date, r.product, s.band || CASE WHEN s.band <> 'unknown' THEN coalesce(' ' || printf('%g', s.score::DOUBLE), '') ELSE '' END AS now,
                     lag(s.band) OVER (PARTITION BY s.entity_id ORDER BY s.on_date) AS before, s.band
              FROM snapshot s LEFT JOIN relationship r ON r.relationship_id = s.entity_id
              WHERE s.account_id = $account AND s.main AND s.entity IN ('account', 'relationship'))
        WHERE before IS DISTINCT FROM band""",
}  # fmt: skip
_STAGES = """SELECT s.due_on, r.product, s.stage || CASE s.state WHEN 'skipped' THEN ' was due and skipped'
    WHEN 'late' THEN ' was due; reached ' || days(s.days_late) || ' late' WHEN 'overdue' THEN ' was due and is overdue' ELSE ' is due' END
FROM stage_reached s JOIN relationship r USING (relationship_id)
WHERE s.account_id = $account AND s.due_on IS NOT NULL AND (s.state IN ('late', 'overdue', 'skipped') OR s.state = 'ahead' AND s.stage <> 'Renewal')"""
_DAYS = "CREATE OR REPLACE TEMP MACRO days(n) AS n || CASE WHEN n = 1 THEN ' day' ELSE ' days' END"
_SOURCES = """SELECT entity_id, connection, object, record_id FROM link
WHERE entity_id IN (SELECT unnest($ids)) ORDER BY ALL"""


def timeline(engine: Engine, id_: str) -> dict[str, Any]:
    """timeline/1 of an account: `events` up to the day, the newest first, and what is known to be `ahead`.

    Raises UsageError for an account that is not known.
    """
    with unified(engine) as con:
        engine.store.facts.attach(con, "health/snapshot", "snapshot", _SNAPSHOT)
        account, name = _account(con, find(con, id_))
        events = [*told(con, account), *missed(con, account), *_tasks(engine, account)]
        _sourced(con, events)
    events = ordered(events)
    past = [e for e in events if e["on"] <= engine.as_of]
    return {
        "schema": "timeline/1",
        "id": account,
        "name": name,
        "as_of": engine.as_of,
        "events": past[::-1],
        "ahead": [e for e in events if ahead(e, engine.as_of, engine.clock.now().date())],
    }


def ahead(event: Mapping[str, Any], as_of: date, today: date) -> bool:
    """Whether that was known on a day to be coming: of what happened since, only what had been agreed before."""
    agreed = event["kind"] in _AGREED and not event["sources"]
    return event["on"] > as_of and event["kind"] != "score" and bool(agreed or event["on"] > today)


def ordered(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events in the order in which they happened: within a day by their `turn`, the time where one is known."""
    turned = sorted(events, key=lambda e: (e["on"], e["turn"], e["kind"], e["text"], str(e["sources"])))
    return [{name: value for name, value in event.items() if name != "turn"} for event in turned]


def _account(con: duckdb.DuckDBPyConnection, entity: str) -> tuple[str, str | None]:
    """Id and name of the account itself, or of the one that a relationship is with."""
    query = (
        "SELECT account_id, name FROM account WHERE account_id = $id "
        "OR account_id IN (SELECT account_id FROM relationship WHERE relationship_id = $id)"
    )
    ((account, name),) = con.execute(query, {"id": entity}).fetchall()
    return account, name


def told(con: duckdb.DuckDBPyConnection, account: str) -> Iterator[dict[str, Any]]:
    """What the entity tables and the snapshots tell of an account, in no order."""
    con.execute(_DAYS)
    for kind, query in _TOLD.items():
        wanted = {"account": account} | ({"step": STEP} if "$step" in query else {})
        for at, about, said, entity in con.execute(query, wanted).fetchall():
            if at is not None and said is not None:
                on, turn = (at.date(), at.time()) if isinstance(at, datetime) else (at, time.min)
                yield {"on": on, "turn": turn, "kind": kind, "product": about, "text": said, "entity": entity}


def missed(con: duckdb.DuckDBPyConnection, account: str) -> Iterator[dict[str, Any]]:
    """Stages that were not reached by their day, and those that are to come."""
    con.execute(_DAYS)
    for on, about, said in con.execute(_STAGES, {"account": account}).fetchall():
        yield {"on": on, "turn": time.min, "kind": "stage", "product": about, "text": said, "entity": None}


def _tasks(engine: Engine, account: str) -> Iterator[dict[str, Any]]:
    """Tasks that we gave to somebody: when they were opened and closed, and why."""
    table = tables.calls
    with engine.store.state.read() as db:
        rows = db.execute(sa.select(table).where(table.c.account_id == account).order_by(table.c.key)).all()
    for row in rows:
        common = {"kind": "task", "product": None, "entity": None}
        subject = (row.sent or {}).get("subject") or row.rule
        if row.opened_on:
            yield {"on": row.opened_on, "turn": time.min, "text": f"task opened: {subject}", **common}
        if row.closed_on:
            why = row.closed_why or "done"
            told = f", {row.outcome}" if row.outcome and row.outcome not in why else ""
            yield {
                "on": row.closed_on,
                "turn": time.max,
                "text": f"task closed ({why}{told}): {subject}",
                **common,
            }


def _sourced(con: duckdb.DuckDBPyConnection, events: list[dict[str, Any]]) -> None:
    """Replace each event's entity by the records of the CRMs that it comes from."""
    found: dict[str, list[dict[str, str]]] = {}
    ids = sorted({e["entity"] for e in events if e["entity"]})
    for entity, connection, object_, record in con.execute(_SOURCES, {"ids": ids}).fetchall():
        found.setdefault(entity, []).append({"connection": connection, "object": object_, "id": record})
    for event in events:
        event["sources"] = found.get(event.pop("entity") or "", [])
