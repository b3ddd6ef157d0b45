"""Merges of organizations: the loser's people, tickets and domains become the winner's, and it is deleted.

Facts: the vendor's reference. A merge is told as new, in_progress and complete; here it is done at once.
"""

from __future__ import annotations

from typing import Any

from cs_connector.sandbox.wire import Response

from ..answers import invalid, not_found, reply
from ..bulk.jobs import stage
from ..call import Call
from ..kinds import MERGE, ORGANIZATION
from ..paths import Routes
from ..records.paging import only_by_cursor
from ..records.resource import Resource, required
from ..records.table import Record
from ..state import State
from ..tickets.ticket_moves import TicketMoves
from .memberships import Memberships
from .organizations import Organizations

_STATUS = {"queued": "new", "working": "in_progress", "completed": "complete"}


class OrganizationMerges(Resource):
    kind = MERGE

    def __init__(
        self, state: State, organizations: Organizations, memberships: Memberships, tickets: TicketMoves
    ) -> None:
        super().__init__(state)
        self._organizations, self._memberships, self._tickets = organizations, memberships, tickets

    def routes(self) -> Routes:
        return {
            ("POST", "organizations/:id/merge"): self.create,
            ("GET", "organizations/:id/merges"): self.of_organization,
            ("GET", "organization_merges/*id"): self.show,
        }

    def create(self, call: Call) -> Response:
        asked = call.part("organization_merge")
        required(asked, "winner_id")
        loser, winner = self._organizations.find(call.ident), self._organizations.find(asked["winner_id"])
        if loser["id"] == winner["id"]:
            raise invalid(winner_id="Winner: cannot be the same as the loser")
        return reply({"organization_merge": self.view(self.merge(loser, winner))}, 201)

    def merge(self, loser: Record, winner: Record) -> Record:
        """Merge two organizations that live; answers what is told of it."""
        new = {
            "id": self.state.new_key(),
            "loser_id": loser["id"],
            "winner_id": winner["id"],
            "began": self.state.now(),
            "looks": 0,
        }
        self.state.keep(self.kind, new, None)
        self._merge(loser, winner)
        return new

    def show(self, call: Call) -> Response:
        record = self.find(call.ident)
        seen = {**record, "looks": record["looks"] + 1}
        self.state.keep(self.kind, seen, record)
        return reply({"organization_merge": self.view(seen)})

    def of_organization(self, call: Call) -> Response:
        """Those that it lost and those that it won; no numbered pages."""
        only_by_cursor(call, self.state.limits.page)
        found = (self.table.where(side, call.ident) for side in ("loser_id", "winner_id"))
        return self.listed(
            call, sorted(key for keys in found for key in keys), f"organizations/{call.ident}/merges"
        )

    def find(self, ident: Any) -> Record:
        record = self.table.get(ident)
        if record is None:
            raise not_found()
        return record

    def view(self, record: Record) -> dict[str, Any]:
        status = stage(record["looks"], self.state.now() - record["began"])
        return {**super().view(record), "status": _STATUS[status]}

    def _merge(self, loser: Record, winner: Record) -> None:
        self._memberships.move(loser, winner)
        for ticket in self._tickets.of("organization_id", loser["id"]):
            self._tickets.move(ticket, winner["id"])
        domains = [*(winner.get("domain_names") or ()), *(loser.get("domain_names") or ())]
        stamp = self.state.stamp()
        kept = {**winner, "domain_names": list(dict.fromkeys(domains)), "updated_at": stamp}
        self.state.keep(ORGANIZATION, kept, winner)
        gone = {**self._organizations.buried(loser), "updated_at": stamp}
        self.state.keep(ORGANIZATION, gone, loser)
        self.state.log(
            "organizations", loser["id"], "merge", {"deleted_at": None}, {"merged_into": winner["id"]}
        )
