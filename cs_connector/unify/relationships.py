"""Post-sale relationships: what a customer has going with us, one for each product of an account."""

from __future__ import annotations

from datetime import date

import duckdb

from cs_connector.model import RELATIONSHIP

from .sql import ident

_LIVE = "coalesce(s.status, 'Active') <> 'Ended' AND coalesce(s.end_on, $as_of) >= $as_of"
_FOREIGN = "coalesce(upper(l.currency) <> h.currency, FALSE)"
_STAGES = "('Closed Won', 'Onboarding', 'First Value', 'Executive Business Review', 'Renewal')"


def derive(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Make `relationship` from subscriptions that have begun, and set stage, revenue and next renewal of accounts.

    Expects `said`: what records of relationships say, by key. Amounts in a currency that is not the account's
    are in no figure; `mixed_currency` (account_id) lists where that is so.
    """
    _begun(con, as_of)
    _sold(con)
    _words(con)
    con.execute(
        "UPDATE account SET arr = r.arr, renewal_on = r.renewal_on, lifecycle_stage = r.stage FROM (SELECT account_id, "
        "sum(arr) AS arr, min(renewal_on) AS renewal_on, first(stage ORDER BY arr DESC, relationship_id) AS stage "
        "FROM relationship WHERE status <> 'Ended' GROUP BY account_id) r WHERE r.account_id = account.account_id"
    )


def _begun(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE live AS SELECT s.*, {_LIVE} AS live, "
        "coalesce(s.product, s.type, 'Subscription') AS what FROM subscription s WHERE s.account_id IS NOT NULL "
        "AND coalesce(s.start_on, $as_of) <= $as_of",
        {"as_of": as_of},
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE stage_now AS SELECT account_id, product, max_by(kind, (on_date, kind)) AS stage "
        f"FROM lifecycle_event WHERE on_date <= $as_of AND kind IN {_STAGES} GROUP BY ALL",
        {"as_of": as_of},
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE home AS SELECT l.account_id, upper(coalesce(any_value(a.currency), "
        "CASE WHEN count(DISTINCT upper(l.currency)) = 1 THEN min(l.currency) ELSE 'several' END)) AS currency "
        "FROM live l JOIN account a USING (account_id) WHERE l.live GROUP BY 1"
    )
    con.execute(
        "CREATE OR REPLACE TABLE mixed_currency AS SELECT DISTINCT l.account_id FROM live l "
        f"JOIN home h USING (account_id) WHERE l.live AND l.arr IS NOT NULL AND {_FOREIGN}"
    )


def _sold(con: duckdb.DuckDBPyConnection) -> None:
    """One row for each product of an account."""
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
        "arr": f"coalesce(sum(l.arr) FILTER (l.live AND NOT {_FOREIGN}), "
        f"CASE WHEN count(l.arr) FILTER (l.live AND {_FOREIGN}) = 0 THEN 0 END)",
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
        "LEFT JOIN account a ON a.account_id = l.account_id LEFT JOIN home h ON h.account_id = l.account_id "
        "LEFT JOIN stage_now p ON p.account_id = l.account_id AND p.product = l.product "
        "LEFT JOIN stage_now q ON q.account_id = l.account_id AND q.product IS NULL GROUP BY l.account_id, l.what"
    )


def _words(con: duckdb.DuckDBPyConnection) -> None:
    """Lay what the CRM says of a relationship over what was made, and what it says of the account under both."""
    names = [c.name for c in RELATIONSHIP.columns if c.name not in ("relationship_id", "account_id", "key")]
    known = {n: ident(n) for n in names} | {"csm_judgement_on": "csm_judgement"}
    first = ", ".join(
        f"first({ident(n)} ORDER BY rank, record_id) FILTER ({known[n]} IS NOT NULL) AS {ident(n)}"
        for n in names
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE own AS SELECT key, {first} FROM said WHERE key IS NOT NULL GROUP BY key"
    )
    laid = ", ".join(f"{ident(n)} = coalesce(o.{ident(n)}, relationship.{ident(n)})" for n in names)
    con.execute(f"UPDATE relationship SET {laid} FROM own o WHERE o.key = relationship.key")
    con.execute(
        "UPDATE relationship SET csm_judgement = coalesce(relationship.csm_judgement, a.csm_judgement), "
        "csm_judgement_on = CASE WHEN relationship.csm_judgement IS NULL THEN a.csm_judgement_on "
        "ELSE relationship.csm_judgement_on END, "
        "alerts_paused_until = coalesce(relationship.alerts_paused_until, a.alerts_paused_until) "
        "FROM account a WHERE a.account_id = relationship.account_id"
    )
    con.execute(
        "INSERT INTO link SELECT r.relationship_id, 'relationship', s.connection, s.object, s.record_id, 'key', 1.0, '' "
        "FROM said s JOIN relationship r USING (key)"
    )
