"""Trend, change over three months and the start of the band: from the dates of the grid and the run before."""

from __future__ import annotations

from cs_connector.health.rolling.rollup import SENTENCE
from cs_connector.language.executor import Connection

STEADY = 5  # points
BEFORE = {
    "entity": "VARCHAR",
    "entity_id": "VARCHAR",
    "scorecard": "VARCHAR",
    "main": "BOOLEAN",
    "on_date": "DATE",
    "band": "VARCHAR",
    "band_since": "DATE",
}  # what is read of the snapshots of the run before
REASON = f"""CASE WHEN s.entity = 'account' AND b.note IS NOT NULL THEN left(b.note || w.reason, 255)
    WHEN s.entity = 'group' THEN {SENTENCE} ELSE w.reason END"""


def publish(con: Connection) -> None:
    """Make the table `snapshot`.

    Trend compares the last month end with the one three months before; it is New until three month ends
    have a score. A band lasts since the first date of the grid from which on it did not change, or since the
    date that the run before gave it: the view `snapshot_before` (columns of BEFORE; empty where there is none).
    """
    nothing = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in BEFORE.items())
    con.execute(f"CREATE TEMP VIEW IF NOT EXISTS snapshot_before AS SELECT {nothing} WHERE FALSE")
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE snapshot AS
        WITH days AS (SELECT on_date, row_number() OVER (ORDER BY on_date DESC) - 1 AS back FROM grid),
        ends AS (SELECT entity, entity_id, scorecard, count(score) FILTER (back > 0) AS month_ends,
                max(score) FILTER (back = 1) AS last, max(score) FILTER (back = 4) AS before,
                max(score) FILTER (back = 3) AS later
            FROM snapshot_raw JOIN days USING (on_date) GROUP BY ALL),
        moved AS (SELECT entity, entity_id, scorecard,
                CASE WHEN month_ends >= 3 THEN last - coalesce(before, later) END AS change FROM ends),
        runs AS (SELECT *, lag(on_date) OVER line AS last_date, band IS DISTINCT FROM lag(band) OVER line AS starts
            FROM snapshot_raw WINDOW line AS (PARTITION BY entity, entity_id, scorecard ORDER BY on_date)),
        spans AS (SELECT *, max(on_date) FILTER (starts) OVER line AS starts_on,
                max(last_date) FILTER (starts) OVER line AS other_on
            FROM runs WINDOW line AS (PARTITION BY entity, entity_id, scorecard ORDER BY on_date)),
        since AS (SELECT n.*, CASE WHEN p.band = n.band AND coalesce(n.other_on <= p.on_date, TRUE)
                THEN least(n.starts_on, p.band_since) ELSE n.starts_on END AS band_since
            FROM spans AS n ASOF LEFT JOIN snapshot_before AS p ON p.entity = n.entity
                AND p.entity_id = n.entity_id AND p.scorecard = n.scorecard AND p.on_date <= n.on_date)
        SELECT s.entity, s.entity_id, s.account_id, s.scorecard, s.main, s.on_date, s.score, s.band, s.uncapped,
            s.coverage, s.low, s.high, s.published, s.known_score, s.known_band, s.cap, s.override, s.cap_unsure,
            CASE WHEN s.override IS NOT NULL THEN w.override_reason END AS override_reason, w.driver, {REASON} AS reason, w.next_step,
            CASE WHEN back > 0 THEN NULL WHEN change IS NULL THEN 'New' WHEN change >= {STEADY} THEN 'Improving'
                WHEN change <= -{STEADY} THEN 'Declining' ELSE 'Steady' END AS trend,
            CASE WHEN back = 0 THEN change END AS change_3m, s.band_since,
            CAST((SELECT max(on_date) FROM grid) AS TIMESTAMP) AS known_at
        FROM since AS s JOIN days USING (on_date) JOIN moved USING (entity, entity_id, scorecard)
        LEFT JOIN binding AS b ON s.entity = 'account' AND b.account_id = s.entity_id AND b.on_date = s.on_date
        LEFT JOIN words AS w ON back = 0 AND w.scorecard = s.scorecard
            AND w.relationship_id = CASE s.entity WHEN 'relationship' THEN s.entity_id ELSE b.entity_id END
        LEFT JOIN grouped AS g ON s.entity = 'group' AND g.parent = s.entity_id AND g.on_date = s.on_date
        """
    )
