"""Who belongs to which organization; a user's organization_id is the default one of these.

Facts: the vendor's reference and help pages. Tickets that are not closed lose an organization that their requester
leaves. That they follow when a new organization takes the old one's place was never seen live.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cs_connector.sandbox.wire import Response, SeedRow

from ..answers import empty, invalid, not_found, reply, taken
from ..call import Call
from ..kinds import MEMBERSHIP, ORGANIZATION, USER
from ..paths import Routes
from ..records.resource import Resource, required
from ..records.table import Record
from ..state import State
from ..tickets.ticket_moves import TicketMoves

MOST = 300  # organizations of a user
SEEDED_FROM = 5_000_000_000_000  # added to a user's id: the id of the membership that came with them


class Memberships(Resource):
    kind = MEMBERSHIP
    identifiers = ()

    def __init__(self, state: State, tickets: TicketMoves) -> None:
        super().__init__(state)
        self._tickets = tickets
        self._users, self._organizations = state.table(USER), state.table(ORGANIZATION)

    def routes(self) -> Routes:
        noun = self.kind.plural
        found = super().routes()
        del found["PUT", f"{noun}/:id"], found["GET", f"{noun}/count"]
        return found | {
            ("GET", f"users/:id/{noun}"): self.of_user,
            ("POST", f"users/:id/{noun}"): self.create_of_user,
            ("GET", f"users/:id/{noun}/:membership_id"): self.show_of_user,
            ("DELETE", f"users/:id/{noun}/:membership_id"): self.delete_of_user,
            ("PUT", f"users/:id/{noun}/:membership_id/make_default"): self.make_default,
            ("GET", f"organizations/:id/{noun}"): self.of_organization,
            ("PUT", "users/:id/organizations/:organization_id/make_default"): self.make_default_organization,
            ("DELETE", "users/:id/organizations/:organization_id"): self.unassign,
        }

    def all(self, call: Call) -> Response:
        return self.listed(call, self.table.ids())

    def shown(self, records: Sequence[Record], call: Call) -> dict[str, Any]:
        """An organization's name can change without its memberships."""
        del call
        return {self.kind.plural: [self.view(record) for record in records]}

    def view(self, record: Record) -> dict[str, Any]:
        return super().view(record) | {"organization_name": self._name(record)}

    def of_user(self, call: Call) -> Response:
        """The default one first, then by the organization's name."""
        found = self.having("user_id", call.ident)
        found.sort(key=lambda record: (not record.get("default"), self._name(record).casefold()))
        path = f"users/{call.ident}/{self.kind.plural}"
        if any(name.startswith("page[") for name in call.query):
            return self.listed(call, sorted(r["id"] for r in found), path)
        return self.listed(call, [r["id"] for r in found], path)

    def of_organization(self, call: Call) -> Response:
        ids = self.table.where("organization_id", call.ident)
        return self.listed(call, ids, f"organizations/{call.ident}/{self.kind.plural}")

    def create_of_user(self, call: Call) -> Response:
        asked = {**call.part(self.kind.singular), "user_id": int(call.ident)}
        return reply({self.kind.singular: self.view(self.add(asked, call.ignored))}, 201)

    def show_of_user(self, call: Call) -> Response:
        return reply({self.kind.singular: self.view(self._of_user(call))})

    def delete_of_user(self, call: Call) -> Response:
        self.bury(self._of_user(call))
        return empty()

    def make_default(self, call: Call) -> Response:
        return self._defaulted(call, self._of_user(call))

    def make_default_organization(self, call: Call) -> Response:
        return self._defaulted(call, self._between(int(call.ident), int(call.params["organization_id"])))

    def unassign(self, call: Call) -> Response:
        self.bury(self._between(int(call.ident), int(call.params["organization_id"])))
        return empty()

    def validate(self, new: dict[str, Any], old: Record | None) -> None:
        del old  # a membership is never changed
        required(new, "user_id", "organization_id")
        user = self._users.get(new["user_id"])
        organization = self._organizations.get(new["organization_id"])
        if user is None or user.get("active", True) is False:
            raise invalid(user="User: is invalid")
        if organization is None or organization.get("deleted_at"):
            raise invalid(organization="Organization: is invalid")
        held = self.having("user_id", new["user_id"])
        if any(record["organization_id"] == new["organization_id"] for record in held):
            raise taken(user_id="User has already been taken")
        if len(held) >= (MOST if self.state.settings.many_organizations else 1):
            raise invalid(base="User: cannot belong to more organizations")
        new["default"] = True if new.get("default") or not held else None

    def after(self, new: Record, old: Record | None) -> None:
        if old is None and new.get("default"):
            self._point(new["user_id"], new)

    def bury(self, old: Record) -> Record:
        """End a membership. Where it was the default, the next one becomes it; tickets go on without either."""
        self.erase(old)
        if old.get("default"):
            rest = self.having("user_id", old["user_id"])
            self._point(old["user_id"], rest[0] if rest else None)
        self._follow(old["user_id"], old["organization_id"], None)
        return old

    def placed(self, user: Record, before: Any) -> None:
        """A user's organization_id was written: another membership becomes the default one, or a new one takes its
        place and the tickets with it.
        """
        wanted = user.get("organization_id")
        if wanted == before:
            return
        held = {record["organization_id"]: record for record in self.having("user_id", user["id"])}
        if wanted in held:
            self._point(user["id"], held[wanted])
            return
        if before in held:
            self.erase(held.pop(before))
        chosen = next(iter(held.values()), None) if wanted is None else self._made(user["id"], wanted)
        self._point(user["id"], chosen)
        if before is not None:
            self._follow(user["id"], before, wanted)

    def end_of(self, organization: int) -> None:
        """The organization is gone."""
        for record in self.having("organization_id", organization):
            self.bury(record)

    def move(self, loser: Record, winner: Record) -> None:
        """Members of the losing organization become members of the winning one."""
        for record in self.having("organization_id", loser["id"]):
            held = {r["organization_id"]: r for r in self.having("user_id", record["user_id"])}
            self.erase(record)
            heir = held.get(winner["id"]) or self._made(record["user_id"], winner["id"])
            if record.get("default"):
                self._point(record["user_id"], heir)

    def _made(self, user: int, organization: int) -> Record:
        new = {
            **membership(user, organization, self.state.stamp()),
            "id": self.state.new_id(),
            "default": None,
        }
        self.state.keep(self.kind, new, None)
        told = {"user_id": user, "organization_id": organization}
        self.state.log(self.kind.plural, new["id"], "create", None, told)
        return new

    def _point(self, ident: int, chosen: Record | None) -> None:
        """Make one membership the user's only default, and let the user name its organization."""
        for record in self.having("user_id", ident):
            default = True if chosen is not None and record["id"] == chosen["id"] else None
            if record.get("default") != default:
                self.state.keep(
                    self.kind, {**record, "default": default, "updated_at": self.state.stamp()}, record
                )
        user = self._users.get(ident)
        organization = None if chosen is None else chosen["organization_id"]
        if user is not None and user.get("organization_id") != organization:
            new = {**user, "organization_id": organization, "updated_at": self.state.stamp()}
            self.state.keep(USER, new, user)
            before = {"organization_id": user.get("organization_id")}
            self.state.log(USER.plural, ident, "update", before, {"organization_id": organization})

    def _follow(self, user: int, before: int, after: int | None) -> None:
        for record in self._tickets.of("requester_id", user):
            if record.get("organization_id") == before and record.get("status") != "closed":
                self._tickets.move(record, after)

    def _name(self, record: Record) -> str:
        found = self._organizations.get(record["organization_id"]) or {}
        return str(found.get("name") or "")

    def _defaulted(self, call: Call, record: Record) -> Response:
        self._point(record["user_id"], record)
        self.state.log(self.kind.plural, record["id"], "update", {"default": None}, {"default": True})
        return self.of_user(call)

    def _of_user(self, call: Call) -> Record:
        record = self.find(call.params["membership_id"])
        if str(record["user_id"]) != call.ident:
            raise not_found()
        return record

    def _between(self, user: int, organization: int) -> Record:
        for record in self.having("user_id", user):
            if record["organization_id"] == organization:
                return record
        raise not_found()


def membership(user: int, organization: int, made: str | None) -> dict[str, Any]:
    """The default membership of a user."""
    return {
        "user_id": user,
        "organization_id": organization,
        "default": True,
        "created_at": made,
        "updated_at": made,
    }


def seeded(rows: Iterable[SeedRow]) -> Iterator[SeedRow]:
    """Rows with the memberships that their users had all the time."""
    for row in rows:
        yield row
        user = row.record
        if row.object != "users" or user.get("organization_id") is None or user.get("active", True) is False:
            continue
        found = membership(user["id"], user["organization_id"], user.get("created_at"))
        yield SeedRow(MEMBERSHIP.plural, {"id": SEEDED_FROM + user["id"], **found})
