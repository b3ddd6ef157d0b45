"""How every scored relationship stands: its metrics, its score by what is known, and how that moved."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta

import duckdb

from cs_connector.health import moved
from cs_connector.health.bands import DEFAULT, Bands

from .rules import BACK

SETTLED = 15  # days: a score is compared with one that is at least so old
EDGE = 3  # points: what holds with a score so much lower and so much higher is no matter of chance
# one that holds only by what was last known makes the number unknown
_CONTRADICTED = (
    "SELECT account_id, CASE WHEN bool_and(known) THEN count(*)::DOUBLE END AS contradictions FROM contradiction "
    "WHERE on_date = $as_of GROUP BY account_id"
)
_SHIFTED = ("known_score", "value_score", "value_change")


def stand(
    con: duckdb.DuckDBPyConnection,
    metrics: Sequence[str],
    as_of: date,
    used: Collection[str] = (),
    bands: Bands = DEFAULT,
) -> None:
    """Fill `standing`: one row for each scored relationship with its metrics and how it moved.

    `used` are the names that conditions speak of: of past month ends only those are looked up. `standing_low` and
    `standing_high` are the same with every score EDGE points lower and higher.
    """
    before = _settled(con, as_of)
    _measured(con, metrics, as_of, used)
    moved.publish(con, as_of, before)
    fell = bands.sql("v.value_score")
    con.execute(
        "CREATE OR REPLACE TABLE standing AS SELECT r.relationship_id, r.account_id, r.name, r.arr, r.renewal_on, "
        "r.owner_user_id, r.renewal_manager_user_id, r.sales_owner_user_id, r.alerts_paused_until, r.type AS relation, "
        "r.partner_account_id, a.name AS account_name, a.currency, s.band, s.score, s.reason, s.override, s.scorecard, "
        "s.known_score::DOUBLE AS known_score, "
        "(s.known_band = 'red')::INTEGER::DOUBLE AS is_red, (s.known_band = 'yellow')::INTEGER::DOUBLE AS is_yellow, "
        "(s.known_band = 'green')::INTEGER::DOUBLE AS is_green, (b.band = 'green')::INTEGER::DOUBLE AS was_green, "
        "v.value_score::DOUBLE AS value_score, (v.value_score - v.was)::DOUBLE AS value_change, "
        f"CASE WHEN v.value_score IS NOT NULL THEN ({fell} = 'red')::INTEGER::DOUBLE END AS value_red, "
        "coalesce(v.lost, FALSE) AS lost, coalesce(r.type = 'Trial', FALSE)::INTEGER::DOUBLE AS is_trial, "
        "(r.owner_user_id IS NOT NULL AND r.owner_source IS DISTINCT FROM 'fallback')::INTEGER::DOUBLE AS has_owner, "
        "date_diff('day', r.start_on, CAST($as_of AS DATE))::DOUBLE AS tenure, "
        "(ntile(3) OVER (PARTITION BY a.currency ORDER BY coalesce(r.arr, 0) DESC, r.relationship_id) = 1)"
        "::INTEGER::DOUBLE AS top_third, "
        "(max(s.known_band = 'red') OVER (PARTITION BY r.account_id))::INTEGER::DOUBLE AS account_red, "
        "CASE WHEN q.account_id IS NULL THEN 0 ELSE q.contradictions END AS contradictions, p.* EXCLUDE (entity_id), m.* EXCLUDE (relationship_id) "
        "FROM relationship r JOIN account a USING (account_id) "
        "JOIN snapshot s ON s.entity = 'relationship' AND s.main AND s.on_date = $as_of AND s.entity_id = r.relationship_id "
        "LEFT JOIN snapshot b ON b.entity = 'relationship' AND b.main AND b.entity_id = r.relationship_id AND b.on_date = $before "
        "LEFT JOIN score_past p ON p.entity_id = r.relationship_id "
        "LEFT JOIN moved v ON v.relationship_id = r.relationship_id "
        f"LEFT JOIN ({_CONTRADICTED}) q ON q.account_id = r.account_id "
        "LEFT JOIN metric_now m ON m.relationship_id = r.relationship_id WHERE r.status <> 'Ended'",
        {"as_of": as_of, "before": before},
    )
    beside(con, bands)


def beside(con: duckdb.DuckDBPyConnection, bands: Bands = DEFAULT) -> None:
    """Make `standing_low` and `standing_high` of `standing`."""
    for name, points in (("standing_low", -EDGE), ("standing_high", EDGE)):
        score = f"(known_score + {points})"
        moves = [f"{column} + {points} AS {column}" for column in _SHIFTED]
        named = [
            f"CASE WHEN known_score IS NOT NULL THEN ({bands.sql(score)} = '{name}')::INTEGER::DOUBLE END AS is_{name}"
            for name in bands.limits
        ]
        fell = bands.sql(f"(value_score + {points})")
        named.append(
            f"CASE WHEN value_score IS NOT NULL THEN ({fell} = 'red')::INTEGER::DOUBLE END AS value_red"
        )
        con.execute(
            f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT * REPLACE ({', '.join(moves + named)}) FROM standing"
        )


def _measured(
    con: duckdb.DuckDBPyConnection, metrics: Sequence[str], as_of: date, used: Collection[str]
) -> None:
    """Make `metric_now` (a column for each metric, and for those of past month ends) and `score_past`."""
    ends = _month_ends(con, as_of)
    columns = [_column(name, name, as_of) for name in metrics]
    columns += [
        _column(name, f"{name}_{back}", day)
        for back, day in enumerate(ends, 1)
        for name in metrics
        if f"{name}_{back}" in used
    ]
    listed = ", ".join(f"DATE '{day}'" for day in (as_of, *(d for d in ends if d)))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE metric_now AS SELECT relationship_id, {', '.join(columns)} FROM metric_value "
        f"WHERE on_date IN ({listed}) GROUP BY relationship_id"
    )
    scores = ", ".join(
        f"(max(known_score) FILTER (on_date = {_day(day)}))::DOUBLE AS known_score_{back}"
        for back, day in enumerate(ends, 1)
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE score_past AS SELECT entity_id, {scores} FROM snapshot "
        "WHERE entity = 'relationship' AND main GROUP BY entity_id"
    )


def _column(metric: str, called: str, day: date | None) -> str:
    return f"max(value) FILTER (metric = '{metric}' AND known AND on_date = {_day(day)}) AS \"{called}\""


def _day(day: date | None) -> str:
    return f"DATE '{day}'" if day else "NULL"


def _month_ends(con: duckdb.DuckDBPyConnection, as_of: date) -> list[date | None]:
    """The last BACK dates with scores before a day, the newest first."""
    found = con.execute(
        f"SELECT DISTINCT on_date FROM snapshot WHERE on_date < ? ORDER BY on_date DESC LIMIT {BACK}", [as_of]
    ).fetchall()
    return [*(row[0] for row in found), *[None] * (BACK - len(found))]


def _settled(con: duckdb.DuckDBPyConnection, as_of: date) -> date:
    """The newest date with scores that is old enough; before all of them, where there is none."""
    latest = as_of - timedelta(days=SETTLED)
    found = con.execute("SELECT max(on_date) FROM snapshot WHERE on_date <= ?", [latest]).fetchone()
    return found[0] if found and found[0] else date.min
