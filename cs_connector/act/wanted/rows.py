"""What the CRM should say: one row for each account, relationship and call, in our own words."""

from __future__ import annotations

from datetime import date

import duckdb

from . import snapshots

_STANDING = (
    "CASE WHEN s.band <> 'unknown' THEN s.score END AS score, s.band, s.trend, s.change_3m, s.reason, coalesce(s.driver, 'None') AS driver, s.next_step, "
    "CASE WHEN s.cap IS NOT NULL THEN 'Capped at ' || CAST(CAST(s.cap AS INTEGER) AS VARCHAR) || ': ' "
    "|| coalesce(s.override_reason, replace(s.override, '_', ' ')) END AS cap_text, round(s.coverage * 10) * 10 AS coverage, s.band_since"
)
_NOTHING = (
    "NULL::BIGINT AS score, NULL AS band, NULL AS trend, NULL::BIGINT AS change_3m, NULL AS reason, NULL AS driver, "
    "NULL AS next_step, NULL AS cap_text, NULL::DOUBLE AS coverage, NULL::DATE AS band_since"
)
_SCORED = "('Customer', 'Trial')"


def want(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Fill `wanted_account`, `wanted_relationship` and `wanted_snapshot` from entities and what was scored.

    An account that is no customer has a row of nothing: what was once written to it is cleared, and no more.
    """
    con.execute(
        "CREATE OR REPLACE TABLE wanted_account AS WITH risk AS (SELECT r.account_id, sum(r.arr) AS at_risk "
        "FROM relationship r JOIN snapshot s ON s.entity = 'relationship' AND s.main AND s.on_date = $as_of "
        "AND s.entity_id = r.relationship_id WHERE s.band = 'red' AND r.status <> 'Ended' GROUP BY 1) "
        f"SELECT a.account_id, a.account_id AS key, a.customer_status, {_STANDING}, a.renewal_on, a.arr, "
        "CASE WHEN a.arr IS NOT NULL THEN coalesce(risk.at_risk, 0) END AS arr_at_risk, a.lifecycle_stage AS stage, "
        "u.name AS csm_name FROM account a LEFT JOIN snapshot s ON s.entity = 'account' AND s.main "
        "AND s.on_date = $as_of AND s.entity_id = a.account_id LEFT JOIN risk ON risk.account_id = a.account_id "
        'LEFT JOIN "user" u ON u.user_id = a.csm_user_id '
        f"WHERE a.customer_status IN {_SCORED} UNION ALL SELECT a.account_id, a.account_id, a.customer_status, "
        f"{_NOTHING}, NULL::DATE, NULL, NULL, NULL, NULL FROM account a WHERE a.customer_status = 'Former customer' "
        f"UNION ALL SELECT a.account_id, NULL, NULL, {_NOTHING}, NULL::DATE, NULL, NULL, NULL, NULL FROM account a "
        "WHERE a.customer_status IS NULL",
        {"as_of": as_of},
    )
    con.execute(
        "CREATE OR REPLACE TABLE wanted_relationship AS SELECT r.relationship_id, r.account_id, r.key, r.name, "
        "r.type, r.status, r.stage, r.product, r.region, r.start_on, r.renewal_on, r.end_on, r.arr, r.seats, "
        f"r.owner_user_id, s.scorecard, {_STANDING} FROM relationship r JOIN account a USING (account_id) "
        "LEFT JOIN snapshot s ON s.entity = 'relationship' AND s.main AND s.on_date = $as_of "
        f"AND s.entity_id = r.relationship_id WHERE a.customer_status IN {_SCORED} OR r.status = 'Ended'",
        {"as_of": as_of},
    )
    snapshots.want(con, as_of)
