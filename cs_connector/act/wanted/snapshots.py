"""The health of each customer at the last month's end, kept in the CRM for reports."""

from __future__ import annotations

from datetime import date, timedelta

import duckdb

from cs_connector.health.reasons.reason import WORTH

KEPT = 18  # month ends
KEY = r"^\w+ (\d{4}-\d{2}-\d{2})$"
_GROUPS = ("Usage", "Goals", "Support", "Survey", "Billing", "Relationship")
# a measure of a large relationship counts more for its account, as in the account's score
_WEIGHT = "m.weight * coalesce(nullif(r.arr, 0), 1)"

_MEASURES = (
    "FROM measure_score m JOIN relationship r USING (relationship_id) JOIN snapshot s ON s.entity = 'relationship' AND s.main "
    "AND s.entity_id = m.relationship_id AND s.on_date = m.on_date AND s.scorecard = m.scorecard "
    "WHERE m.on_date = $day AND m.score IS NOT NULL AND m.weight > 0"
)


def want(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Fill `wanted_snapshot`: a row for each customer whose health is known at the last month's end.

    Its driver is the group in which most points were lost; a capped score has its cap instead.
    """
    groups = ", ".join(
        f"round(sum({_WEIGHT} * m.score) FILTER (m.group_name = '{name}') / sum({_WEIGHT}) FILTER (m.group_name = '{name}')) "
        f"AS {name.lower()}_score"
        for name in _GROUPS
    )
    con.execute(
        f"CREATE OR REPLACE TABLE wanted_snapshot AS WITH grouped AS (SELECT m.account_id, {groups} {_MEASURES} GROUP BY 1), "
        f"costs AS (SELECT m.account_id, m.group_name, sum({_WEIGHT} * (100 - m.score)) AS lost, sum({_WEIGHT}) AS weight "
        f"{_MEASURES} GROUP BY 1, 2), "
        "worst AS (SELECT account_id, first(group_name ORDER BY round(lost, 9) DESC, group_name) AS group_name, "
        "max(lost) / sum(weight) AS points FROM costs GROUP BY 1) "
        "SELECT a.account_id, a.account_id || ' ' || $day AS key, $day AS as_of, CASE WHEN s.band <> 'unknown' THEN s.score END AS score, s.band, b.band AS previous_band, "
        "grouped.* EXCLUDE (account_id), CASE WHEN s.cap IS NOT NULL OR worst.points IS NULL THEN NULL "
        f"WHEN worst.points >= {WORTH} THEN worst.group_name ELSE 'None' END AS driver, CASE WHEN s.cap IS NOT NULL THEN left('Capped at ' "
        "|| CAST(CAST(s.cap AS INTEGER) AS VARCHAR) || ': ' || replace(s.override, '_', ' '), 80) END AS cap_text, "
        "round(s.coverage * 10) * 10 AS coverage, a.arr, CASE WHEN u.active THEN a.csm_user_id END AS owner_user_id, s.scorecard FROM account a "
        "JOIN snapshot s ON s.entity = 'account' AND s.main AND s.entity_id = a.account_id AND s.on_date = $day "
        "LEFT JOIN snapshot b ON b.entity = 'account' AND b.main AND b.entity_id = a.account_id AND b.on_date = $before "
        'LEFT JOIN "user" u ON u.user_id = a.csm_user_id '
        "LEFT JOIN grouped ON grouped.account_id = a.account_id LEFT JOIN worst ON worst.account_id = a.account_id WHERE a.customer_status = 'Customer'",
        {"day": month_end(as_of, 1), "before": month_end(as_of, 2)},
    )


def oldest(as_of: date) -> date:
    """The first month end that is kept."""
    return month_end(as_of, KEPT)


def month_end(as_of: date, back: int) -> date:
    """The end of the month that is so many months before that of a day."""
    months = as_of.year * 12 + as_of.month - back  # counted so that December is the last of its year
    return date(months // 12, months % 12 + 1, 1) - timedelta(days=1)
