"""Tickets that change because of what happens to people and organizations."""

from __future__ import annotations

from typing import Any

from ..kinds import TICKET
from ..records.table import Record
from ..state import State


class TicketMoves:
    def __init__(self, state: State) -> None:
        self._state, self._table = state, state.table(TICKET)

    def of(self, column: str, ident: Any) -> list[Record]:
        """The live tickets of a requester, an assignee or an organization."""
        found = (self._table.get(key) for key in self._table.where(column, ident))
        return [record for record in found if record is not None and record.get("status") != "deleted"]

    def move(self, record: Record, organization: int | None) -> None:
        self._change(record, {"organization_id": organization})

    def hand_over(self, record: Record, user: Record) -> None:
        """Make somebody else the requester."""
        self._change(record, {"requester_id": user["id"], "organization_id": user.get("organization_id")})

    def _change(self, old: Record, changes: dict[str, Any]) -> None:
        """A change by the system moves generated_timestamp and leaves updated_at as it is."""
        new = {**old, **changes, "generated_timestamp": self._state.now()}
        self._state.keep(TICKET, new, old)
        before = {name: old.get(name) for name in changes}
        self._state.log(TICKET.plural, old["id"], "update", before, changes)
