"""Everybody's book: how the health of the relationships that somebody owns changed, and by what.

Both days are read by the scorecards in force now, so nothing here is a change of configuration. What customers did is the
value and cap part of why-changed; the rest is what became known or unknown. Relationships that were not scored on both
days are counted, and have no part in the change; nor have those that leave for reasons that nobody could prevent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from cs_connector.health import moved
from cs_connector.language.executor import Connection

UNCONTROLLABLE = "leaving_uncontrollable"  # the override that says so
CLEAR = 5  # points by which a relationship is better or worse


@dataclass(frozen=True, slots=True)
class Book:
    """One owner; means are over the relationships with a score on both days, `by_customers + by_coverage = after - before`."""

    owner: str | None
    relationships: int
    compared: int
    joined: int
    left: int
    aside: int
    before: float | None
    after: float | None
    by_customers: float | None
    by_coverage: float | None
    better: int
    worse: int
    red: int


def books(con: Connection, first: date, last: date) -> list[Book]:
    """Every owner with a relationship on either day, the one without owner last.

    Needs `relationship`, `user`, and `snapshot` and `measure_score` of one run that has both days.
    """
    moved.publish(con, last, first)
    rows = con.execute(_QUERY, {"first": first, "last": last}).fetchall()
    return [Book(*row) for row in rows]


def _mean(value: str) -> str:
    """Scores are whole, so their sums are the same in any order."""
    return f"round(CAST(sum({value}) FILTER (counts) AS DOUBLE) / nullif(count(*) FILTER (counts), 0), 6)"


_QUERY = f"""
WITH now AS (SELECT entity_id, score, band, override FROM snapshot WHERE entity = 'relationship' AND main AND on_date = $last),
earlier AS (SELECT entity_id, score FROM snapshot WHERE entity = 'relationship' AND main AND on_date = $first),
owned AS (SELECT r.owner_user_id AS owner, n.entity_id IS NOT NULL AS here,
        n.entity_id IS NOT NULL AND coalesce(r.start_on > $first, t.entity_id IS NULL) AS joined,
        coalesce(r.status = 'Ended' AND r.end_on > $first AND r.end_on <= $last, FALSE) AS gone,
        coalesce(n.override = '{UNCONTROLLABLE}', FALSE) AS aside, n.band, m.was, n.score, m.value_score
    FROM relationship AS r LEFT JOIN now AS n ON n.entity_id = r.relationship_id LEFT JOIN earlier AS t ON t.entity_id = r.relationship_id
    LEFT JOIN moved AS m USING (relationship_id)),
counted AS (SELECT *, NOT aside AND NOT joined AND was IS NOT NULL AND score IS NOT NULL AND value_score IS NOT NULL AS counts
    FROM owned WHERE here OR gone),
named AS (SELECT user_id, CASE WHEN count(*) OVER (PARTITION BY name) > 1 THEN name || ' (' || user_id || ')' ELSE name END AS name
    FROM "user")
SELECT coalesce(any_value(u.name), owner), count(*) FILTER (here), count(*) FILTER (counts), count(*) FILTER (joined), count(*) FILTER (gone),
    count(*) FILTER (aside), {_mean("was")}, {_mean("score")}, {_mean("value_score - was")}, {_mean("score - value_score")},
    count(*) FILTER (counts AND value_score - was >= {CLEAR}), count(*) FILTER (counts AND value_score - was <= -{CLEAR}),
    count(*) FILTER (here AND band = 'red')
FROM counted LEFT JOIN named AS u ON u.user_id = owner GROUP BY owner ORDER BY owner IS NULL, 1"""
