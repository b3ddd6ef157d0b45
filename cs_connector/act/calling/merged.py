"""Calls of a customer that was merged into another one: they go on there, with the task that they have."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import sqlalchemy as sa

from cs_connector.store.tables import calls

from .desk import Call


def follow(
    con: duckdb.DuckDBPyConnection, state: sa.Connection, known: Sequence[Call], found: Sequence[Call]
) -> None:
    """Give open calls whose relationship is gone to the one that has their cause now, where their task is now.

    A CRM hands the tasks of the account that is merged away to the one that stays. One that has a call of its own
    already gets no second one: the other then ends, its cause is gone.
    """
    places = dict(con.execute("SELECT key, account_id FROM task WHERE account_id IS NOT NULL").fetchall())
    there = {row[0] for row in con.execute("SELECT relationship_id FROM standing").fetchall()}
    taken = {(c["relationship_id"], c["type"]) for c in known if c["state"] == "open"}
    for call in known:
        place = places.get(call["key"])
        if call["state"] != "open" or call["relationship_id"] in there or place in (None, call["account_id"]):
            continue
        same = [r for r in found if (r["account_id"], r["type"]) == (place, call["type"])]
        free = [r for r in same if (r["relationship_id"], r["type"]) not in taken]
        new = next((r for r in free if r["rule"] == call["rule"]), free[0] if free else None)
        if new is not None:
            taken.add((new["relationship_id"], new["type"]))
            _move(state, known, call["relationship_id"], new)


def _move(state: sa.Connection, known: Sequence[Call], old: str, new: Call) -> None:
    """All that was ever called for the old relationship is of the new one: cool-downs and episodes go on."""
    values = {"relationship_id": new["relationship_id"], "account_id": new["account_id"]}
    state.execute(sa.update(calls).where(calls.c.relationship_id == old).values(values))
    for call in known:
        if call["relationship_id"] == old:
            call.update(values)
