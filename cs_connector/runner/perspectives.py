"""The same customers seen by product, region, owner or segment: whatever the view, the totals agree."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import duckdb

from cs_connector.errors import UsageError

BY = {
    "product": "r.product",
    "region": "r.region",
    "owner": "u.name",
    "segment": "a.segment",
    "group": "top.name",
    "type": "r.type",
    "status": "r.status",
    "stage": "r.stage",
    "industry": "a.industry",
    "currency": "a.currency",
    "band": "s.band",
}
SCORED = ("Customer", "Trial")

# two who are called alike stay two
_CALLED = """(SELECT {key}, CASE WHEN count(*) OVER (PARTITION BY name) > 1 THEN name || ' (' || {key} || ')' ELSE name END AS name
FROM "{table}")"""
_USERS, _TOPS = _CALLED.format(key="user_id", table="user"), _CALLED.format(key="account_id", table="account")

# a row for each relationship that is going on, and one for each customer without any
_BASE = """CREATE OR REPLACE TEMP TABLE base AS
SELECT {by} AS value, a.account_id, r.relationship_id, coalesce(a.currency, '') AS currency, r.arr, coalesce(s.band = 'red', FALSE) AS red
FROM account a LEFT JOIN relationship r ON r.account_id = a.account_id AND r.status <> 'Ended'
LEFT JOIN {tops} top ON top.account_id = a.ultimate_parent_id LEFT JOIN band s ON s.relationship_id = r.relationship_id LEFT JOIN {users} u ON u.user_id = r.owner_user_id
WHERE a.customer_status IN {scored}"""

_GROUPS = """SELECT value, grouping(value) AS whole, count(DISTINCT account_id) AS accounts, count(relationship_id) AS relationships,
count(*) FILTER (red) AS red FROM base GROUP BY GROUPING SETS ((value), ()) ORDER BY whole, relationships DESC, value NULLS LAST"""

_MONEY = """SELECT value, grouping(value) AS whole, currency, sum(arr) AS revenue, sum(arr) FILTER (red) AS at_risk
FROM base WHERE arr IS NOT NULL GROUP BY GROUPING SETS ((value, currency), (currency)) ORDER BY ALL"""


def perspective(con: duckdb.DuckDBPyConnection, by: str) -> dict[str, Any]:
    """The groups and the total of one view; needs the entity tables and `band` (relationship_id, band).

    An account with relationships in several groups counts in each of them, and once in the total; relationships and
    revenue (a sum for each currency) are in exactly one. `value` is None for what has none. Raises UsageError.
    """
    if by not in BY:
        raise UsageError(
            f"customers cannot be seen by {by!r}",
            safe="nothing was changed",
            fix=f"use one of: {', '.join(BY)}",
        )
    con.execute(_BASE.format(by=BY[by], scored=SCORED, users=_USERS, tops=_TOPS))
    counted = con.execute(_GROUPS).fetchall()
    money = con.execute(_MONEY).fetchall()
    rows = [_group(row, (m for m in money if m[:2] == row[:2])) for row in counted]
    total = rows.pop()
    total.pop("value")
    return {"by": by, "groups": rows, "total": total}


def _group(row: tuple[Any, ...], money: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    value, _, accounts, relationships, red = row
    found = list(money)
    return {
        "value": value,
        "accounts": accounts,
        "relationships": relationships,
        "red": red,
        "revenue": {m[2]: float(m[3]) for m in found},
        "at_risk": {m[2]: float(m[4]) for m in found if m[4] is not None},
    }
