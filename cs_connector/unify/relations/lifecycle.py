"""The life of a relationship after the sale: its stages with their dates, and which are late or were skipped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb

from cs_connector.unify.sql import literal

from .rulebook import Rulebook, Stage

EARLY = 120  # days by which a sale, and what follows it, may come before a relationship begins

# what is said of the relationship itself counts before what is said of its product, and that before its account;
# what the account reached long before a relationship began is that of an older one, where it has any
_EVENTS = """CREATE OR REPLACE TEMP TABLE lived AS
WITH told AS (SELECT e.* REPLACE ([{stages}][list_position([{plain}], lower(trim(e.kind)))] AS kind), a.relationship_id
    FROM lifecycle_event e LEFT JOIN attachment a ON a.entity = 'lifecycle_event' AND a.entity_id = e.lifecycle_event_id
    WHERE e.on_date <= $as_of AND lower(trim(e.kind)) IN ({plain})),
oldest AS (SELECT account_id, min(start_on) - {early} AS since FROM relationship GROUP BY 1)
SELECT r.relationship_id, t.kind, t.on_date,
    CASE WHEN t.relationship_id IS NOT NULL THEN 0 WHEN t.product IS NOT NULL THEN 1 ELSE 2 END AS far
FROM told t JOIN relationship r ON r.account_id = t.account_id AND (t.relationship_id = r.relationship_id
    OR (t.relationship_id IS NULL AND (t.product IS NULL OR t.product = r.product)))
JOIN oldest o ON o.account_id = r.account_id
WHERE (r.previous_end_on IS NULL OR t.on_date > greatest(r.previous_end_on, r.start_on - {early} - 1))
    AND (far < 2 OR coalesce(t.on_date NOT BETWEEN o.since AND r.start_on - {early} - 1, TRUE))"""

_NOW = """UPDATE relationship SET stage = n.stage,
status = CASE WHEN status = 'Active' AND n.stage IN ('Closed Won', 'Onboarding') THEN 'Onboarding' ELSE status END
FROM (SELECT relationship_id, max_by(kind, (on_date, list_position([{stages}], kind))) AS stage FROM lived l
    JOIN (SELECT relationship_id, min(far) AS far FROM lived GROUP BY 1) USING (relationship_id, far) GROUP BY 1) n
WHERE n.relationship_id = relationship.relationship_id"""

# where nothing else tells of a sale or a renewal, the opportunity that was won does
_WON = """SELECT r.relationship_id, CASE WHEN lower(o.type) LIKE 'renewal%' THEN 'Renewal' ELSE 'Closed Won' END AS kind,
    o.close_on AS on_date, 3 AS far
FROM opportunity o JOIN relationship r USING (account_id)
WHERE o.won AND o.close_on <= $as_of AND (r.previous_end_on IS NULL OR o.close_on > r.previous_end_on)
    AND ((lower(o.type) LIKE 'renewal%' AND o.close_on > r.start_on)
        OR (lower(o.type) LIKE 'new%' AND o.close_on BETWEEN r.start_on - {early} AND r.start_on + 30))"""

# a stage on the renewal comes again with every renewal; where nobody keeps events, nothing is late
_JUDGED = """CREATE OR REPLACE TABLE stage_reached AS
WITH every AS (FROM lived UNION ALL {won}),
nearest AS (SELECT relationship_id, kind, min_by(on_date, (far, on_date)) AS first_on, max(on_date) AS last_on FROM every GROUP BY ALL),
furthest AS (SELECT p.type, n.relationship_id, max(p.place) AS furthest FROM nearest n JOIN plan p ON p.stage = n.kind GROUP BY ALL),
planned AS (SELECT r.relationship_id, r.account_id, r.status, p.type, p.place, p.stage, coalesce(p.dated = 'renewal_on', FALSE) AS again,
        CASE WHEN p.dated = 'start_on' AND r.start_on <= $as_of THEN r.start_on END AS begun_on,
        CASE p.dated WHEN 'renewal_on' THEN r.renewal_on WHEN 'start_on' THEN r.start_on ELSE r.start_on + p.within END AS due_on
    FROM relationship r JOIN plan p ON p.type IS NOT DISTINCT FROM CASE WHEN r.type IN ({special}) THEN r.type END),
met AS (SELECT p.*, CASE WHEN again THEN n.last_on ELSE coalesce(n.first_on, begun_on) END AS reached_on,
        coalesce(p.place < f.furthest, FALSE) AS passed
    FROM planned p LEFT JOIN nearest n ON n.relationship_id = p.relationship_id AND n.kind = p.stage
    LEFT JOIN furthest f ON f.relationship_id = p.relationship_id AND f.type IS NOT DISTINCT FROM p.type),
said AS (SELECT *, CASE
    WHEN again AND status <> 'Ended' THEN CASE WHEN coalesce(due_on >= $as_of, reached_on IS NULL) THEN 'ahead'
        WHEN reached_on < due_on - 180 OR reached_on IS NULL THEN 'overdue' ELSE 'done' END
    WHEN reached_on > due_on AND NOT again THEN 'late' WHEN reached_on IS NOT NULL THEN 'done'
    WHEN passed THEN 'skipped' WHEN status = 'Ended' THEN 'never'
    WHEN NOT EXISTS (FROM lifecycle_event) THEN 'unknown' WHEN due_on < $as_of THEN 'overdue' ELSE 'ahead' END AS state FROM met)
SELECT relationship_id, account_id, place, stage, reached_on, due_on, state, CASE state
    WHEN 'late' THEN date_diff('day', due_on, reached_on)
    WHEN 'overdue' THEN date_diff('day', due_on, CAST($as_of AS DATE)) END AS days_late
FROM said"""


def follow(con: duckdb.DuckDBPyConnection, book: Rulebook, as_of: date) -> None:
    """Make `lived`, the events of every relationship, and set the stage that each is in; a new one is in onboarding."""
    stages = ", ".join(map(literal, book.stages)) or "NULL"
    plain = ", ".join(literal(stage.strip().lower()) for stage in book.stages) or "NULL"
    con.execute(_EVENTS.format(stages=stages, plain=plain, early=EARLY), {"as_of": as_of})
    con.execute(_NOW.format(stages=stages))


def judge(con: duckdb.DuckDBPyConnection, book: Rulebook, as_of: date) -> None:
    """Make `stage_reached`: relationship_id, account_id, place, stage, reached_on, due_on, state, days_late.

    State: done, late (reached after its day), overdue (not reached, and the day has passed), skipped (a later one was reached),
    ahead, never (it ended before), unknown (no system tells of stages).
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE plan(type VARCHAR, place INTEGER, stage VARCHAR, within INTEGER, dated VARCHAR)"
    )
    special = {name: t.lifecycle for name, t in sorted(book.types.items()) if t.lifecycle is not None}
    for kind, stages in ((None, book.lifecycle), *special.items()):
        _plan(con, kind, stages)
    among = ", ".join(map(literal, special)) or "NULL"
    con.execute(_JUDGED.format(won=_WON.format(early=EARLY), special=among), {"as_of": as_of})


def _plan(con: duckdb.DuckDBPyConnection, kind: str | None, stages: Sequence[Stage]) -> None:
    for place, stage in enumerate(stages, 1):
        con.execute(
            "INSERT INTO plan VALUES (?, ?, ?, ?, ?)",
            [kind, place, stage.stage, stage.within, stage.on],
        )
