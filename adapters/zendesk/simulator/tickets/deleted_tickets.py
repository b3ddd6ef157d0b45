"""Tickets that were deleted: listed, brought back, or deleted for good by a job.

Facts: the vendor's reference. What a ticket shows in the exports after it was deleted for good was never seen live.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cs_connector.sandbox.wire import Response

from ..answers import empty, not_found, reply
from ..bulk.jobs import Jobs
from ..call import Call
from ..digits import number
from ..kinds import TICKET
from ..paths import Routes
from ..people.users import me
from ..records.table import Record
from ..state import State
from .tickets import Tickets

SCRUBBED = "SCRUBBED"


class DeletedTickets:
    def __init__(self, state: State, tickets: Tickets, jobs: Jobs) -> None:
        self._state, self._tickets, self._jobs = state, tickets, jobs

    def routes(self) -> Routes:
        return {
            ("GET", "deleted_tickets"): self.all,
            ("PUT", "deleted_tickets/restore_many"): self.restore_many,
            ("DELETE", "deleted_tickets/destroy_many"): self.destroy_many,
            ("PUT", "deleted_tickets/:id/restore"): self.restore,
            ("DELETE", "deleted_tickets/:id"): self.destroy,
        }

    def all(self, call: Call) -> Response:
        headers = self._state.buckets.endpoint("deleted-tickets")
        table = self._tickets.table
        ids = table.where("status", "deleted")
        page = self._tickets.lister("deleted_tickets").of(restorable).page(call, ids)
        rows = [self._view(record) for record in page.pop("tickets")]
        return reply({"deleted_tickets": rows, **page}, 200, headers)

    def restore(self, call: Call) -> Response:
        self.bring_back([self._find(call.ident)])
        return empty(200)

    def restore_many(self, call: Call) -> Response:
        self.bring_back([self._find(ident) for ident in call.values("ids", self._state.limits.bulk)])
        return empty(200)

    def destroy(self, call: Call) -> Response:
        self._jobs.check()
        self._scrub(self._find(call.ident))
        return self._jobs.open({"success": True})

    def destroy_many(self, call: Call) -> Response:
        self._jobs.check()
        for ident in call.values("ids", self._state.limits.bulk):
            self._scrub(self._find(ident))
        return self._jobs.open({"success": True})

    def bring_back(self, records: Iterable[Record]) -> None:
        """Deleted tickets live again, as they were."""
        for old in records:
            status = old.get("previous_status") or "open"
            new = {**old, "status": status, "generated_timestamp": self._state.now()}
            new["updated_at"] = self._state.stamp()
            for name in ("deleted_at", "deleted_by", "previous_status"):
                new.pop(name, None)
            self._state.keep(TICKET, new, old)
            self._state.log("tickets", old["id"], "update", {"status": "deleted"}, {"status": status})

    def _scrub(self, old: Record) -> None:
        clean = {"subject": SCRUBBED, "raw_subject": SCRUBBED, "description": SCRUBBED, "tags": []}
        new = {**old, **clean, "custom_fields": [], "scrubbed": True}
        new["generated_timestamp"] = self._state.now()
        self._state.keep(TICKET, new, old)
        self._state.log("deleted_tickets", old["id"], "delete", {"subject": old.get("subject")}, None)

    def _find(self, ident: str) -> Record:
        key = number(ident)
        record = None if key is None else self._tickets.table.get(key)
        if record is None or not restorable(record):
            raise not_found()
        return record

    def _view(self, record: Record) -> dict[str, Any]:
        actor = me(self._state.settings.role)
        return {
            "id": record["id"],
            "subject": record.get("subject"),
            "description": record.get("description"),
            "actor": {"id": actor["id"], "name": actor["name"]},
            "deleted_at": record.get("deleted_at") or record.get("updated_at"),
            "previous_state": record.get("previous_status") or "open",
        }


def restorable(record: Record) -> bool:
    return record.get("status") == "deleted" and not record.get("scrubbed")
