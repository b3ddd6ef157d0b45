"""Users: e-mail addresses are unique; a deleted user is inactive, and later gone for good.

Facts: the vendor's reference; what a deleted user shows was recorded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cs_connector.sandbox.wire import Response

from ..answers import invalid, missing, reply
from ..call import Call
from ..kinds import USER
from ..paths import Routes
from ..records.resource import Resource
from ..records.sideloads import Sideloads
from ..records.table import Record
from ..state import ME, State
from ..tickets.ticket_moves import TicketMoves
from .identities import EMAIL, Identities
from .memberships import Memberships

ROLES = ("end-user", "agent", "admin")


class Users(Resource):
    kind = USER
    identifiers = ("external_id", "email")

    def __init__(
        self, state: State, memberships: Memberships, identities: Identities, tickets: TicketMoves
    ) -> None:
        super().__init__(state)
        self._memberships, self._identities, self._tickets = memberships, identities, tickets
        self._sideloads = Sideloads(state)
        self.table.shown_by(self.look, self.alive)

    def routes(self) -> Routes:
        return super().routes() | {
            ("GET", "users/me"): self.me,
            ("GET", "users/search"): self.search,
            ("GET", "users/autocomplete"): self.autocomplete,
            ("GET", "users/show_many"): self.show_many,
            ("POST", "users/create_or_update"): self.create_or_update,
            ("GET", "users/:id/related"): self.related,
            ("GET", "organizations/:id/users"): self.of_organization,
            ("GET", "organizations/:id/users/count"): self.of_organization_count,
            ("GET", "groups/:id/users"): self.of_group,
        }

    def alive(self, record: Record) -> bool:
        return record.get("active", True) is not False

    def one(self, ident: str) -> Sequence[Record]:
        return [self.find(ident)] if ident == str(ME) else super().one(ident)

    def find(self, ident: Any) -> Record:
        return me(self.state.settings.role) if str(ident) == str(ME) else super().find(ident)

    def me(self, call: Call) -> Response:
        return reply({"user": self.view(me(call.caller.role))})

    def all(self, call: Call) -> Response:
        """Filters: role, and several as role[]; external_id."""
        roles = {text for name, text in call.query.items() if name in ("role", "role[]")}
        if "external_id" in call.query:
            found = self.having("external_id", call.query["external_id"])
            return self.listed(call, [record["id"] for record in found])
        if not roles:
            return self.listed(call)
        found = [record for record in self.living() if record.get("role", "end-user") in roles]
        return self.listed(call, [record["id"] for record in found])

    def shown(self, records: Sequence[Record], call: Call) -> dict[str, Any]:
        return super().shown(records, call) | self._sideloads.of_users(records, call)

    def _take(self, asked: Mapping[str, Any], new: dict[str, Any], ignored: list[str]) -> None:
        """As recorded, an alias that is cleared becomes an empty text."""
        super()._take(asked, new, ignored)
        if asked.get("alias", "") is None:
            new["alias"] = ""

    def validate(self, new: dict[str, Any], old: Record | None) -> None:
        for name in ("identities", "skip_verify_email"):
            new.pop(name, None)
        if not new.get("name"):
            raise invalid(name="Name: is too short (minimum one character)")
        if new.get("role", "end-user") not in ROLES:
            raise invalid(role=f"Role: {new['role']} is not valid")
        if old is None or old.get("email") != new.get("email"):
            self._validate_email(new)
        if old is None and new.get("organization_id") is None:
            new["organization_id"] = self._by_domain(new.get("email"))
        self._validate_organization(new, old)

    def _validate_email(self, new: dict[str, Any]) -> None:
        email = new.get("email")
        if email is None:
            return
        if not EMAIL.fullmatch(str(email)):
            raise invalid(email=f"Email: {email} is not properly formatted")
        new["email"] = str(email).lower()
        owner = self._identities.owner(email) or next(iter(self.having("email", email)), None)
        if owner is not None and owner["id"] != new.get("id"):
            raise invalid(email=f"Email: {email} is already being used by another user")

    def _validate_organization(self, new: dict[str, Any], old: Record | None) -> None:
        ident = new.get("organization_id")
        if ident is None or (old is not None and old.get("organization_id") == ident):
            return
        found = self.state.tables["organizations"].get(ident)
        if found is None or found.get("deleted_at"):
            raise invalid(organization="Organization: is invalid")

    def _by_domain(self, email: Any) -> int | None:
        """The organization, first by its name, to which the address's domain is mapped."""
        domain = str(email or "").partition("@")[2].lower()
        return self.state.domains.owner(domain, self.state.tables["organizations"]) if domain else None

    def after(self, new: Record, old: Record | None) -> None:
        before = None if old is None else old.get("organization_id")
        self._memberships.placed(new, before)
        if old is not None and old.get("email") != new.get("email"):
            self._identities.renamed(old, new)

    def buried(self, record: Record) -> dict[str, Any]:
        return {
            **record,
            "active": False,
            "email": None,
            "external_id": None,
            "verified": False,
            "organization_id": None,
        }

    def delete(self, call: Call) -> Response:
        old = self.find(call.ident)
        return reply({"user": self.view(self.bury(old))})

    def bury(self, old: Record) -> Record:
        open_ = [r for r in self._tickets.of("requester_id", old["id"]) if r.get("status") != "closed"]
        if open_:
            raise invalid(
                base=f"User is the requester of {len(open_)} tickets that are not closed: {open_[0]['id']}"
            )
        for record in self._memberships.having("user_id", old["id"]):
            self._memberships.erase(record)
        self._identities.end_of(old["id"])
        return super().bury(old)

    def update(self, call: Call) -> Response:
        self.state.buckets.user(call.ident)
        return super().update(call)

    def same(self, asked: Mapping[str, Any]) -> Record | None:
        found = super().same(asked)
        if found is None and asked.get("email") is not None:
            return self._identities.owner(asked["email"])
        return found

    def search(self, call: Call) -> Response:
        """By external_id, or by a query that is an e-mail address or a part of the name."""
        query = call.query
        if "external_id" in query:
            found = self.having("external_id", query["external_id"])
        elif "query" in query:
            found = self._matching(query["query"].removeprefix("email:").strip('"').casefold())
        else:
            raise missing("query")
        return self.listed(call, [record["id"] for record in found], "users/search")

    def autocomplete(self, call: Call) -> Response:
        start = call.query.get("name", "").casefold()
        if len(start) < 2:
            raise invalid(name="Name: must be at least 2 characters")
        found = [r["id"] for r in self.living() if str(r.get("name", "")).casefold().startswith(start)]
        return self.listed(call, found, "users/autocomplete")

    def of_organization(self, call: Call) -> Response:
        return self.listed(call, self._members(call), f"organizations/{call.ident}/users")

    def of_organization_count(self, call: Call) -> Response:
        return self.counted({"id": ident} for ident in self._members(call))

    def of_group(self, call: Call) -> Response:
        ids = self.table.where("default_group_id", call.ident)
        return self.listed(call, ids, f"groups/{call.ident}/users")

    def related(self, call: Call) -> Response:
        ident = self.find(call.ident)["id"]
        counts = {
            "assigned_tickets": len(self._tickets.of("assignee_id", ident)),
            "requested_tickets": len(self._tickets.of("requester_id", ident)),
            "ccd_tickets": 0,
            "organization_subscriptions": 0,
        }
        return reply({"user_related": counts})

    def _members(self, call: Call) -> list[Any]:
        found = self._memberships.having("organization_id", call.ident)
        return sorted(record["user_id"] for record in found)

    def _matching(self, text: str) -> list[Record]:
        if "@" in text:
            owner = self._identities.owner(text)
            return self.having("email", text) or ([] if owner is None else [owner])
        return [record for record in self.living() if text in str(record.get("name", "")).casefold()]


def me(role: str) -> dict[str, Any]:
    """The user behind every login, who is in no list."""
    made = "2021-03-01T09:00:00Z"
    return {
        "id": ME,
        "name": "Connector",
        "email": "connector@example.com",
        "role": role,
        "restricted_agent": role != "admin",
        "created_at": made,
        "updated_at": made,
    }


def anonymous() -> dict[str, Any]:
    """Who a client without a login is."""
    return {"id": None, "name": "Anonymous user", "email": "invalid@example.com", "role": "end-user"}
