"""How far facts alone moved each score since a date: the value and cap part of why-changed, for everybody at once."""

from __future__ import annotations

from datetime import date

from cs_connector.health.scoring import half_up
from cs_connector.language.executor import Connection


def publish(con: Connection, day: date, before: date) -> None:
    """Make the table `moved` (relationship_id, was, value_score, lost): the scores of `before`, what facts make of them.

    Both dates are read from `snapshot` and `measure_score`, which are of one configuration, so that `value_score` is
    the score of the first date with the new values of what is known at both, under the cap that facts brought. It is
    half-up rounded from sums of decimals: the same on every machine. `changes.decompose` gives the same for one.
    `lost` says that something known then is not known now: the score may have moved further.
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE moved AS
        WITH pairs AS (SELECT b.entity_id AS relationship_id, a.scorecard, a.score AS was, a.uncapped, a.cap, b.cap AS new_cap,
                CASE WHEN coalesce(b.cap, 101) < coalesce(a.cap, 101) THEN b.override ELSE a.override END AS decisive,
                string_split(coalesce(b.cap_unsure, ''), ' ') AS unsure
            FROM snapshot AS b JOIN snapshot AS a USING (entity, entity_id, scorecard)
            WHERE entity = 'relationship' AND a.main AND b.main AND a.on_date = $before AND b.on_date = $day),
        values AS (SELECT relationship_id, scorecard, NOT bool_and(b.known) AS lost,
                CAST(sum(CAST(round(a.weight * (b.score - a.score), 9) AS DECIMAL(18, 9))) FILTER (b.known) AS DOUBLE) AS points
            FROM measure_score AS a JOIN measure_score AS b USING (relationship_id, scorecard, measure)
            WHERE a.on_date = $before AND b.on_date = $day AND a.known GROUP BY ALL),
        facts AS (SELECT *, uncapped + coalesce(points, 0) AS reached,
                CASE WHEN list_contains(unsure, decisive) THEN cap ELSE new_cap END AS holds
            FROM pairs LEFT JOIN values USING (relationship_id, scorecard))
        SELECT relationship_id, was, coalesce(lost, FALSE) AS lost,
            CASE WHEN reached IS NOT NULL THEN {half_up("least(reached, coalesce(holds, 100))")} END AS value_score
        FROM facts
        """,
        {"day": day, "before": before},
    )
