"""How a call ends: a person closed or deleted its task, said what came of it, or its cause is gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb
import sqlalchemy as sa

from cs_connector.store.tables import calls

from . import texts
from .desk import Call, Desk, Round, Seen
from .obstacles import DELETED

GONE = "the cause is gone"


def close(
    con: duckdb.DuckDBPyConnection,
    state: sa.Connection,
    desk: Desk,
    known: Sequence[Call],
    found: Iterable[Call],
    seen: Seen,
    done: Round,
) -> None:
    """Close what a person closed or deleted and what has no cause; drop what was never sent."""
    still, told = _causes(found, desk), _health(con, known)
    for call in known:
        caused = bool({(call["relationship_id"], call["type"]), (call["account_id"], call["rule"])} & still)
        caused = caused or (call["relationship_id"], call["rule"]) in seen.undecided
        if call["state"] != "open":
            _note(state, desk, call, seen, caused=caused)
            continue
        why = _ending(call, seen, caused=caused)
        if why and not seen.sent(call):
            state.execute(sa.delete(calls).where(calls.c.key == call["key"]))
            call["state"] = "dropped"
        elif why:
            _end(state, desk, call, why, seen, told.get(call["relationship_id"]))
            done.closed += 1


def _causes(rows: Iterable[Mapping[str, object]], desk: Desk) -> set[tuple[object, ...]]:
    found: set[tuple[object, ...]] = set()
    for row in rows:
        found.add((row["relationship_id"], row["type"]))
        if desk.rules[str(row["rule"])].level == "account":
            found.add((row["account_id"], row["rule"]))
    return found


def _ending(call: Call, seen: Seen, *, caused: bool) -> str:
    """Why an open call ends now, or nothing. What cannot be judged now is not gone."""
    if call["key"] in seen.finished:
        return f"closed in the CRM: {seen.finished[call['key']]}"
    if call["key"] in seen.outcomes:
        return f"said in the CRM: {seen.outcomes[call['key']]}"
    if call["record_id"] in seen.deleted:
        return DELETED
    return "" if caused else GONE


def _end(state: sa.Connection, desk: Desk, call: Call, why: str, seen: Seen, health: str | None) -> None:
    changed: dict[str, Any] = {"state": "closed", "closed_on": desk.as_of, "closed_why": why}
    changed["outcome"] = seen.outcomes.get(call["key"])
    if why == GONE:
        changed["cleared_on"] = desk.as_of
        gone = f"its reason is gone; health is {health}" if health else "its reason is gone"
        told = texts.ended(call["sent"]["description"], gone, desk.as_of)
        changed["sent"] = call["sent"] | {"ended": told}
    call.update(changed)
    state.execute(sa.update(calls).where(calls.c.key == call["key"]).values(changed))


def _health(con: duckdb.DuckDBPyConnection, known: Sequence[Call]) -> dict[str, str]:
    """The health of now, in words, of the relationships that have an open call."""
    asked = sorted({call["relationship_id"] for call in known if call["state"] == "open"})
    query = "SELECT relationship_id, score, band FROM standing WHERE score IS NOT NULL AND relationship_id IN (SELECT unnest(?))"
    rows = con.execute(query, [asked]).fetchall() if asked else []
    return {relationship: f"{score}, {band}" for relationship, score, band in rows}


def _note(state: sa.Connection, desk: Desk, call: Call, seen: Seen, *, caused: bool) -> None:
    """What becomes known of a closed call later: its outcome, and the day on which its cause was gone."""
    changed: dict[str, Any] = {}
    said = seen.outcomes.get(call["key"])
    if said and said != call["outcome"]:
        changed["outcome"] = said
    if call["cleared_on"] is None and not caused:
        changed["cleared_on"] = desk.as_of
    if changed and call["state"] == "closed":
        call.update(changed)
        state.execute(sa.update(calls).where(calls.c.key == call["key"]).values(changed))
