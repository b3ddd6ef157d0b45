"""Post-sale relationships: what a customer has going with us, one for each product of an account."""

from __future__ import annotations

from datetime import date

import duckdb

from cs_connector.model import RELATIONSHIP

from .sql import ident

_LIVE = "coalesce(s.status, 'Active') <> 'Ended' AND coalesce(s.start_on, $as_of) <= $as_of AND coalesce(s.end_on, $as_of) >= $as_of"
_STAGES = "('Closed Won', 'Onboarding', 'First Value', 'Executive Business Review', 'Renewal')"


def derive(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Make `relationship` from subscriptions, and set stage, revenue and next renewal of accounts."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE live AS SELECT s.*, {_LIVE} AS live, "
        "coalesce(s.product, s.type, 'Subscription') AS what FROM subscription s WHERE s.account_id IS NOT NULL",
        {"as_of": as_of},
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE stage_now AS SELECT account_id, product, max_by(kind, (on_date, kind)) AS stage "
        f"FROM lifecycle_event WHERE on_date <= $as_of AND kind IN {_STAGES} GROUP BY ALL",
        {"as_of": as_of},
    )
    given = {
        "relationship_id": "'rel_' || left(md5(l.account_id || '|' || l.what), 16)",
        "account_id": "l.account_id",
        "key": "'rel_' || left(md5(l.account_id || '|' || l.what), 16)",
        "type": "coalesce(first(l.type ORDER BY l.live DESC, l.start_on DESC, l.subscription_id), 'Subscription')",
        "name": "coalesce(any_value(a.name), 'Account') || ' · ' || l.what",
        "product": "any_value(l.product)",
        "region": "first(l.region ORDER BY l.live DESC, l.start_on DESC, l.subscription_id)",
        "status": "CASE WHEN bool_or(l.live) THEN CASE WHEN any_value(coalesce(p.stage, q.stage)) IN "
        "('Closed Won', 'Onboarding') THEN 'Onboarding' ELSE 'Active' END ELSE 'Ended' END",
        "stage": "any_value(coalesce(p.stage, q.stage))",
        "start_on": "min(l.start_on)",
        "renewal_on": "min(coalesce(l.renewal_on, l.end_on)) FILTER (l.live)",
        "end_on": "CASE WHEN NOT bool_or(l.live) THEN max(l.end_on) END",
        "arr": "coalesce(sum(l.arr) FILTER (l.live), 0)",
        "seats": "sum(l.seats) FILTER (l.live)",
        "features_bought": "max(l.features_bought) FILTER (l.live)",
        "notice_on": "min(l.notice_on) FILTER (l.live)",
        "owner_user_id": "first(l.owner_user_id ORDER BY l.live DESC, l.start_on DESC, l.subscription_id) "
        "FILTER (l.owner_user_id IS NOT NULL)",
    }
    columns = ", ".join(
        f"{given.get(c.name, 'NULL')}::{c.type} AS {ident(c.name)}" for c in RELATIONSHIP.columns
    )
    con.execute(
        f"CREATE OR REPLACE TABLE relationship AS SELECT {columns} FROM live l "
        "LEFT JOIN account a ON a.account_id = l.account_id "
        "LEFT JOIN stage_now p ON p.account_id = l.account_id AND p.product = l.product "
        "LEFT JOIN stage_now q ON q.account_id = l.account_id AND q.product IS NULL GROUP BY l.account_id, l.what"
    )
    con.execute(
        "UPDATE relationship SET csm_judgement = a.csm_judgement, csm_judgement_on = a.csm_judgement_on, "
        "alerts_paused_until = a.alerts_paused_until FROM account a WHERE a.account_id = relationship.account_id"
    )
    con.execute(
        "UPDATE account SET arr = r.arr, renewal_on = r.renewal_on, lifecycle_stage = r.stage FROM (SELECT account_id, "
        "sum(arr) AS arr, min(renewal_on) AS renewal_on, first(stage ORDER BY arr DESC, relationship_id) AS stage "
        "FROM relationship WHERE status <> 'Ended' GROUP BY account_id) r WHERE r.account_id = account.account_id"
    )
