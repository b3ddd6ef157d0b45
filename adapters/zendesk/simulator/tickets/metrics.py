"""How long a ticket took, and how often it came back: one metric a ticket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cs_connector.sandbox.wire import Response

from ..answers import not_found, reply
from ..call import Call
from ..kinds import TICKET
from ..paths import Routes
from ..records.paging import Lister
from ..records.table import Record
from ..state import State

DURATIONS = (
    "reply_time_in_minutes",
    "first_resolution_time_in_minutes",
    "full_resolution_time_in_minutes",
    "agent_wait_time_in_minutes",
    "requester_wait_time_in_minutes",
    "on_hold_time_in_minutes",
)


class Metrics:
    """A metric bears the number of its ticket as its own id."""

    def __init__(self, state: State) -> None:
        self._state, self._table = state, state.table(TICKET)

    def routes(self) -> Routes:
        return {
            ("GET", "ticket_metrics"): self.all,
            ("GET", "ticket_metrics/:id"): self.show,
            ("GET", "tickets/:id/metrics"): self.of_ticket,
        }

    def all(self, call: Call) -> Response:
        page = Lister(self._state, self._table, "ticket_metrics", "tickets", _alive).page(call)
        rows = page.pop("tickets")
        return reply({"ticket_metrics": [self.view(record) for record in rows], **page})

    def show(self, call: Call) -> Response:
        """The vendor's own example wraps a list."""
        return reply({"ticket_metric": [self.view(self._find(call))]})

    def of_ticket(self, call: Call) -> Response:
        return reply({"ticket_metric": self.view(self._find(call))})

    def view(self, record: Record) -> dict[str, Any]:
        """A ticket's metric: as it was seeded, and unknown otherwise."""
        solved = record.get("status") in ("solved", "closed")
        known: Mapping[str, Any] = record.get("metric_set") or {}
        made, changed = record.get("created_at"), record.get("updated_at")
        return {
            "url": self._state.url(f"ticket_metrics/{record['id']}.json"),
            "id": record["id"],
            "ticket_id": record["id"],
            "created_at": made,
            "updated_at": changed,
            "group_stations": 1,
            "assignee_stations": 0 if record.get("assignee_id") is None else 1,
            "reopens": 0,
            "replies": 0,
            "assignee_updated_at": None,
            "requester_updated_at": made,
            "status_updated_at": changed,
            "initially_assigned_at": None,
            "assigned_at": None,
            "solved_at": changed if solved else None,
            "latest_comment_added_at": changed,
            **{name: {"calendar": None, "business": None} for name in DURATIONS},
            **known,
        }

    def _find(self, call: Call) -> Record:
        record = self._table.get(int(call.ident))
        if record is None or not _alive(record):
            raise not_found()
        return record


def _alive(record: Record) -> bool:
    return record.get("status") != "deleted"
