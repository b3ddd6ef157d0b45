"""What accounts may say besides, for those who asked for it in their mapping."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import duckdb

_REDS = "SELECT account_id, count(*) FILTER (band = 'red') AS red_relationships FROM standing_relationship GROUP BY 1"
_SUMMARY = (
    "SELECT account_id, string_agg(name || ': ' || coalesce(band || coalesce(' ' || score, ''), 'unknown') "
    "|| coalesce(', renews ' || strftime(renewal_on, '%-d %b %Y'), ''), chr(10) ORDER BY score NULLS LAST, name) "
    "AS relationship_summary FROM standing_relationship GROUP BY 1"
)
# UNION, not UNION ALL: accounts that stand above each other in a circle end the walk
_GROUP = (
    "WITH RECURSIVE below(account_id, under) AS (SELECT parent_id, account_id FROM account WHERE parent_id IS NOT NULL UNION "
    "SELECT b.account_id, a.account_id FROM below b JOIN account a ON a.parent_id = b.under), "
    "seen AS (SELECT b.account_id, s.band, coalesce(a.arr, 0) AS arr FROM below b JOIN account a ON a.account_id = b.under "
    "AND a.customer_status IN ('Customer', 'Trial') AND b.under <> b.account_id JOIN snapshot s ON s.entity = 'account' AND s.main "
    "AND s.on_date = $as_of AND s.entity_id = b.under) SELECT account_id, count(*) FILTER (band = 'red') || ' of ' || count(*) "
    "|| CASE count(*) WHEN 1 THEN ' account red' ELSE ' accounts red' END || coalesce(', ' || "
    "CAST(round(100 * sum(arr) FILTER (band = 'red') / nullif(sum(arr), 0)) AS INTEGER) || ' % of revenue', '') AS group_health "
    "FROM seen GROUP BY 1"
)
_CONTRADICTION = (
    "SELECT account_id, first(text ORDER BY place, relationship_id) AS contradiction FROM contradiction "
    "WHERE on_date = $as_of GROUP BY 1"
)
_NPS = (
    "SELECT account_id, CAST(arg_max(score_10, (answered_on, survey_response_id)) AS INTEGER) AS latest_nps FROM survey_response "
    "WHERE lower(kind) = 'nps' AND score_10 IS NOT NULL AND answered_on <= $as_of GROUP BY 1"
)
_CALLS = (
    "SELECT account_id, count(*) AS open_calls FROM wanted_call WHERE NOT coalesce(closing, FALSE) GROUP BY 1"
)
_DETAILS = (
    "SELECT account_id, string_agg(line, chr(10) ORDER BY name, group_name, measure) AS details FROM (SELECT m.account_id, r.name, "
    "m.group_name, m.measure, r.name || ' | ' || m.group_name || ' | ' || replace(m.measure, '_', ' ') || ': ' || "
    "CASE WHEN m.score IS NULL THEN 'unknown' ELSE CAST(round(m.score) AS INTEGER) || ' of 100, ' "
    "|| printf('%.1f', coalesce(m.contribution, 0)) || ' points' END AS line FROM measure_score m "
    "JOIN standing_relationship r USING (relationship_id, scorecard) WHERE m.on_date = $as_of) GROUP BY 1"
)
EXTRAS = {
    "red_relationships": _REDS,
    "relationship_summary": _SUMMARY,
    "group_health": _GROUP,
    "contradiction": _CONTRADICTION,
    "latest_nps": _NPS,
    "open_calls": _CALLS,
    "details": _DETAILS,
}
_COUNTED = ("red_relationships", "open_calls")  # none is 0, not empty


def extend(con: duckdb.DuckDBPyConnection, as_of: date, columns: Collection[str]) -> None:
    """Give `wanted_account` those of `columns` that are EXTRAS; accounts that are no customers get none of it.

    Needs `wanted_call` beside what `want` needs.
    """
    asked = [name for name in EXTRAS if name in columns]
    if not asked:
        return
    con.execute(
        "CREATE OR REPLACE TEMP TABLE standing_relationship AS SELECT r.relationship_id, r.account_id, coalesce(r.name, r.key) AS name, "
        "r.renewal_on, s.scorecard, s.score, s.band FROM relationship r JOIN snapshot s ON s.entity = 'relationship' AND s.main "
        "AND s.on_date = ? AND s.entity_id = r.relationship_id WHERE r.status <> 'Ended'",
        [as_of],
    )
    for name in asked:
        query = EXTRAS[name]
        given = {"as_of": as_of} if "$as_of" in query else {}
        con.execute(f"CREATE OR REPLACE TEMP TABLE extra_{name} AS {query}", given)
    values = ", ".join(_value(name) for name in asked)
    joins = " ".join(f"LEFT JOIN extra_{name} USING (account_id)" for name in asked)
    con.execute(
        f"CREATE OR REPLACE TABLE wanted_account AS SELECT w.*, {values} FROM wanted_account w {joins}"
    )


def _value(name: str) -> str:
    found = f"coalesce(extra_{name}.{name}, 0)" if name in _COUNTED else f"extra_{name}.{name}"
    return f"CASE WHEN w.customer_status IN ('Customer', 'Trial') THEN {found} END AS {name}"
