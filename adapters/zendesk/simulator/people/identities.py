"""The addresses of a user; the primary one is the user's e-mail address.

A user whose addresses nobody asked for yet has one, of which no row is kept until then.
"""

from __future__ import annotations

import re
from typing import Any

from cs_connector.sandbox.wire import Response

from ..answers import empty, invalid, not_found, reply
from ..call import Call
from ..kinds import IDENTITY, USER
from ..paths import Routes
from ..records.resource import Resource, required
from ..records.table import Record
from ..records.writing import plain
from ..state import State

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
TYPES = (
    "email",
    "twitter",
    "facebook",
    "google",
    "phone_number",
    "agent_forwarding",
    "any_channel",
    "foreign",
)


class Identities(Resource):
    kind = IDENTITY
    identifiers = ()

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._users = state.table(USER)

    def routes(self) -> Routes:
        one = "users/:id/identities/:identity_id"
        return {
            ("GET", "users/:id/identities"): self.all,
            ("POST", "users/:id/identities"): self.create,
            ("GET", one): self.show,
            ("PUT", one): self.update,
            ("DELETE", one): self.delete,
            ("PUT", f"{one}/make_primary"): self.make_primary,
            ("PUT", f"{one}/verify"): self.verify,
        }

    def view(self, record: Record) -> dict[str, Any]:
        where = f"users/{record['user_id']}/identities/{record['id']}.json"
        return super().view(record) | {"url": self.state.url(where)}

    def all(self, call: Call) -> Response:
        """The primary one first."""
        found = self._of(self._user(call))
        path = f"users/{call.ident}/identities"
        page = self.lister(path).page(call, [record["id"] for record in found])
        return reply({**page, **self.shown(page["identities"], call)})

    def show(self, call: Call) -> Response:
        return reply({"identity": self.view(self._one(call))})

    def create(self, call: Call) -> Response:
        user = self._user(call)
        self._of(user)
        record = self.add({**call.part("identity")} | {"user_id": user["id"]}, call.ignored)
        view = self.view(record)
        return reply({"identity": view}, 201, {"location": view["url"]})

    def add(self, asked: Any, ignored: list[str]) -> Record:
        ignored.extend(f"identity.{name}" for name in asked if name not in (*self.kind.writable, "user_id"))
        required(asked, "type", "value")
        if asked["type"] not in TYPES:
            raise invalid(type=f"Type: {asked['type']} is not valid")
        value = self._value(str(asked["type"]), asked["value"])
        now = self.state.stamp()
        new = {
            "user_id": asked["user_id"],
            "type": asked["type"],
            "value": value,
            "verified": bool(asked.get("verified") or asked.get("skip_verify_email")),
            "primary": False,
            "created_at": now,
            "updated_at": now,
            "id": self.state.new_id(),
        }
        self.state.keep(self.kind, new, None)
        self.state.log(self.kind.plural, new["id"], "create", None, self.named(new, asked))
        return new

    def update(self, call: Call) -> Response:
        old = self._one(call)
        asked = {k: v for k, v in call.part("identity").items() if k in ("value", "verified")}
        if "value" in asked:
            asked["value"] = self._value(old["type"], asked["value"], old["user_id"])
        new = self._changed(old, asked)
        if old.get("primary") and new["value"] != old["value"]:
            self._name(old["user_id"], new["value"])
        self.state.log(self.kind.plural, old["id"], "update", self.named(old, asked), asked)
        return reply({"identity": self.view(new)})

    def verify(self, call: Call) -> Response:
        old = self._one(call)
        self.state.log(
            self.kind.plural, old["id"], "update", {"verified": old["verified"]}, {"verified": True}
        )
        return reply({"identity": self.view(self._changed(old, {"verified": True}))})

    def make_primary(self, call: Call) -> Response:
        chosen = self._one(call)
        for record in self._of(self._user(call)):
            if record.get("primary") != (record["id"] == chosen["id"]):
                self._changed(record, {"primary": record["id"] == chosen["id"]})
        self._name(chosen["user_id"], chosen["value"])
        self.state.log(self.kind.plural, chosen["id"], "update", {"primary": False}, {"primary": True})
        return self.all(call)

    def delete(self, call: Call) -> Response:
        record = self._one(call)
        self.erase(record)
        if record.get("primary"):
            rest = self.having("user_id", record["user_id"])
            self._name(record["user_id"], rest[0]["value"] if rest else None)
        return empty()

    def _value(self, kind: str, asked: Any, user: int | None = None) -> str:
        """As it is kept. Raises Refusal for an e-mail address that is none, and for what another user has."""
        value = plain("value", asked)
        if kind == "email":
            value = value.lower()
            if not EMAIL.fullmatch(value):
                raise invalid(email=f"Email: {value} is not properly formatted")
        owner = self.owner(value)
        if owner is not None and owner["id"] != user:
            raise invalid(value=f"Value: {value} is already being used by another user")
        return value

    def owner(self, value: Any) -> Record | None:
        """The live user who has this address."""
        for record in self.having("value", value):
            user = self._users.get(record["user_id"])
            if user is not None and user.get("active", True) is not False:
                return user
        for key in self._users.where("email", value):
            user = self._users.get(key)
            if user is not None and user.get("active", True) is not False:
                return user
        return None

    def renamed(self, old: Record, new: Record) -> None:
        """The user's e-mail address was written: it becomes the primary one, the others stay."""
        held = self.having("user_id", new["id"])
        if not held and old.get("email") is None:
            return
        held = held or [self._first(old)]
        for record in held:
            if record.get("primary"):
                self._changed(record, {"primary": False})
        same = next((record for record in held if record["value"] == new.get("email")), None)
        if same is not None:
            self._changed(same, {"primary": True})
        elif new.get("email") is not None:
            self._first(new)

    def move(self, loser: Record, winner: Record) -> None:
        """The winner of a merge takes the loser's addresses, none of them as the primary one."""
        self._of(winner)
        for record in self._of(loser):
            self._changed(record, {"user_id": winner["id"], "primary": False})

    def end_of(self, user: int) -> None:
        for record in self.having("user_id", user):
            self.state.drop(self.kind, record["id"])

    def _of(self, user: Record) -> list[Record]:
        """A user's addresses, the primary one first."""
        found = self.having("user_id", user["id"])
        if not found and user.get("email") is not None:
            found = [self._first(user)]
        return sorted(found, key=lambda record: (not record.get("primary"), record["id"]))

    def _first(self, user: Record) -> Record:
        new = {
            "id": self.state.new_id(),
            "user_id": user["id"],
            "type": "email",
            "value": user["email"],
            "verified": user.get("verified", True),
            "primary": True,
            "created_at": user.get("created_at"),
            "updated_at": user.get("created_at"),
        }
        self.state.keep(self.kind, new, None)
        return new

    def _changed(self, old: Record, changes: dict[str, Any]) -> Record:
        new = {**old, **changes, "updated_at": self.state.stamp()}
        self.state.keep(self.kind, new, old)
        return new

    def _name(self, ident: int, email: str | None) -> None:
        user = self._users.get(ident)
        if user is not None:
            self.state.keep(USER, {**user, "email": email, "updated_at": self.state.stamp()}, user)
            self.state.log(USER.plural, ident, "update", {"email": user.get("email")}, {"email": email})

    def _user(self, call: Call) -> Record:
        user = self._users.get(int(call.ident))
        if user is None or user.get("active", True) is False:
            raise not_found()
        return user

    def _one(self, call: Call) -> Record:
        record = self.find(call.params["identity_id"])
        if str(record["user_id"]) != call.ident:
            raise not_found()
        return record
