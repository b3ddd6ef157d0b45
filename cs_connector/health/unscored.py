"""Why somebody who is known has no score."""

from __future__ import annotations

from typing import Any

from cs_connector.errors import UsageError
from cs_connector.language.executor import Connection

SCORED = ("Customer", "Trial")
_WHO = """SELECT a.name, a.customer_status, a.status_reason FROM account AS a WHERE a.account_id = $id UNION ALL
    SELECT r.name, a.customer_status, a.status_reason FROM relationship AS r JOIN account AS a USING (account_id)
    WHERE r.relationship_id = $id"""
_CARDS = "SELECT DISTINCT scorecard FROM snapshot WHERE entity = 'relationship' AND $id IN (entity_id, account_id) ORDER BY 1"
_GROUP = """SELECT band, score, reason FROM snapshot WHERE entity = 'group' AND entity_id = $id
    ORDER BY on_date DESC LIMIT 1"""


def unscored(con: Connection, entity_id: str, scorecard: str | None = None) -> UsageError:
    """The error that says so, by `account`, `relationship` and `snapshot`; `scorecard` is the one that was asked for."""
    found = con.execute(_WHO, {"id": entity_id}).fetchone()
    name, status, reason = found or (None, None, None)
    return UsageError(
        f"{name or entity_id} has no score{f' by the scorecard {scorecard}' if scorecard else ''}",
        why=_why(con, entity_id, found is not None, status, reason, scorecard),
        safe="nothing was changed",
        fix=f'see who is a customer and why: cs-connector relationships "{name}"' if name else "give the id of an account or a relationship that is scored",
    )  # fmt: skip


def _why(
    con: Connection,
    entity_id: str,
    known: bool,
    status: str | None,
    reason: str | None,
    scorecard: str | None,
) -> str:
    if not known:
        return "the id is not known"
    if status in SCORED and scorecard:
        cards = con.execute(_CARDS, {"id": entity_id}).fetchall()
        return f"it is scored by {', '.join(card for (card,) in cards)}"
    if status in SCORED:
        return "none of its relationships is scored: they have ended, had not begun, or no scorecard in assign.yml fits them"
    told = f"it is not scored: {reason or status or 'no reason is known'}"
    group: tuple[Any, ...] | None = con.execute(_GROUP, {"id": entity_id}).fetchone()
    return f"{told}; its group is {group[0]} {group[1]}, {group[2]}" if group and group[2] else told
