"""The accounts that need attention first, and why one is not among them."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb

from cs_connector.language.sizes import sized

from .deciding import standing
from .engine import Engine

SHOWN = 10
_RANKED = (
    "SELECT s.*, a.name, a.arr AS revenue, a.renewal_on, row_number() OVER (ORDER BY s.band = 'red' DESC, "
    "a.relative_size DESC NULLS LAST, a.name, a.account_id) AS place FROM snapshot s "
    f"JOIN {sized('account')} a ON a.account_id = s.entity_id "
    "WHERE s.entity = 'account' AND s.main AND s.on_date = $day AND s.band IN ('red', 'yellow')"
)


def worst(engine: Engine, count: int = SHOWN) -> list[tuple[Any, ...]]:
    """Name, score, band, revenue a year, renewal and reason: red first, then by revenue, beside others of the same currency."""
    with standing(engine) as con:
        return con.execute(
            f"SELECT name, score, band, revenue, renewal_on, reason FROM ({_RANKED}) ORDER BY place LIMIT $n",
            {"day": engine.as_of, "n": count},
        ).fetchall()


def unlisted(con: duckdb.DuckDBPyConnection, account: str, day: date) -> dict[str, Any]:
    """Where an account stands in the list of a day: `listed`, `place`, `of` and `because`."""
    ranked = con.execute(
        f"SELECT place, band, revenue, (SELECT count(*) FROM ({_RANKED})) FROM ({_RANKED}) WHERE entity_id = $id",
        {"day": day, "id": account},
    ).fetchone()
    if ranked is None:
        return {"listed": False, "place": None, "of": None, "because": _unranked(con, account, day)}
    place, band, revenue, total = ranked
    money = "no revenue is known" if revenue is None else f"{revenue:,.0f} a year"
    told = f"number {place} of {total}: {band}, {money}"
    if place > SHOWN:
        told += (
            f"; the list shows {SHOWN}, red before yellow, then by revenue among those of the same currency"
        )
    return {"listed": place <= SHOWN, "place": place, "of": total, "because": told}


def _unranked(con: duckdb.DuckDBPyConnection, account: str, day: date) -> str:
    row = con.execute(
        "SELECT a.customer_status, a.status_reason, s.band, s.score, s.reason FROM account a LEFT JOIN snapshot s ON s.entity = 'account' "
        "AND s.main AND s.on_date = $day AND s.entity_id = a.account_id WHERE a.account_id = $id",
        {"day": day, "id": account},
    ).fetchone()
    status, why, band, score, reason = row or (None,) * 5
    if status not in ("Customer", "Trial"):
        return f"it is no customer: {why or status or 'no reason is known'}"
    if band is None:
        return f"it has no score of {day}"
    if band == "unknown":
        return f"its band is unknown, which is the admin's business first: {reason}"
    return f"it is {band} {score}; the list has red and yellow accounts"
