"""How users end: deleted for good, or merged into another.

Facts: the vendor's reference. Only a deleted user can be deleted for good; what was personal is gone then. That a
second request for it is refused with DuplicateValue was reported by a user of the API.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cs_connector.sandbox.wire import Response

from ..answers import invalid, not_found, reply, taken
from ..call import Call
from ..kinds import USER
from ..paths import Routes
from ..records.table import Record
from ..state import State
from ..tickets.ticket_moves import TicketMoves
from .identities import Identities
from .memberships import Memberships
from .users import Users

GONE_NAME = "Permanently Deleted User"
_PERSONAL = ("email", "phone", "external_id", "alias", "details", "notes", "signature", "photo")


class DeletedUsers:
    def __init__(self, state: State, users: Users) -> None:
        self._state, self._users = state, users

    def routes(self) -> Routes:
        return {
            ("GET", "deleted_users"): self.all,
            ("GET", "deleted_users/count"): self.count,
            ("GET", "deleted_users/:id"): self.show,
            ("DELETE", "deleted_users/:id"): self.erase,
        }

    def all(self, call: Call) -> Response:
        ids = [record["id"] for record in self._deleted()]
        lister = self._users.lister("deleted_users")
        page = lister.of(lambda record: not self._users.alive(record)).page(call, ids)
        rows = [self._view(record) for record in page.pop("users")]
        return reply({"deleted_users": rows, **page})

    def count(self, _: Call) -> Response:
        return self._users.counted(self._deleted())

    def show(self, call: Call) -> Response:
        return reply({"deleted_user": self._view(self._find(call))})

    def erase(self, call: Call) -> Response:
        old = self._find(call)
        if old.get("gone"):
            raise taken(user_id="User Only one deletion request needed per user")
        clean = dict.fromkeys(name for name in _PERSONAL if name in old)
        new = {**old, **clean, "name": GONE_NAME, "tags": [], "user_fields": {}, "gone": True}
        new["updated_at"] = self._state.stamp()
        self._state.keep(USER, new, old)
        self._state.log("deleted_users", old["id"], "delete", {"name": old.get("name")}, None)
        return reply({"deleted_user": self._view(new)})

    def _deleted(self) -> Iterable[Record]:
        table = self._users.table
        found = (table.get(key) for key in table.ids())
        return (record for record in found if record is not None and not self._users.alive(record))

    def _find(self, call: Call) -> Record:
        record = self._users.table.get(int(call.ident))
        if record is None or self._users.alive(record):
            raise not_found()
        return record

    def _view(self, record: Record) -> dict[str, Any]:
        shown = self._state.view(USER, record)
        names = (
            "id url name email created_at updated_at time_zone phone shared_phone_number photo locale_id locale"
            " organization_id role active"
        )
        return {name: shown.get(name) for name in names.split()}


class UserMerges:
    """PUT /users/:id/merge: the user of the path loses, the one of the body wins. Only end users are merged."""

    def __init__(
        self,
        state: State,
        users: Users,
        memberships: Memberships,
        identities: Identities,
        tickets: TicketMoves,
    ) -> None:
        self._state, self._users = state, users
        self._memberships, self._identities, self._tickets = memberships, identities, tickets

    def routes(self) -> Routes:
        return {("PUT", "users/:id/merge"): self.merge}

    def merge(self, call: Call) -> Response:
        loser, asked = self._users.find(call.ident), call.part("user")
        winner = self._users.same(asked)
        if winner is None:
            raise not_found()
        if winner["id"] == loser["id"] or {_role(loser), _role(winner)} != {"end-user"}:
            raise invalid(base="Users cannot be merged")
        for ticket in self._tickets.of("requester_id", loser["id"]):
            self._tickets.hand_over(ticket, winner)
        self._identities.move(loser, winner)
        for record in self._memberships.having("user_id", loser["id"]):
            self._memberships.erase(record)
        end = {**self._users.buried(loser), "merged_into": winner["id"], "updated_at": self._state.stamp()}
        self._state.keep(USER, end, loser)
        self._state.log("users", loser["id"], "merge", {"active": True}, {"merged_into": winner["id"]})
        return reply({"user": self._users.view(self._users.find(winner["id"]))})


def _role(user: Record) -> str:
    return str(user.get("role", "end-user"))
