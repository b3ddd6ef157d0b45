"""Organizations and users: the rules of their own."""

from __future__ import annotations

import re
from typing import Any

from cs_connector.sandbox.wire import Response

from .answers import Call, invalid, missing, reply
from .kinds import ORGANIZATION, USER
from .resource import Resource
from .table import Record

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
ROLES = ("end-user", "agent", "admin")


class Organizations(Resource):
    """Names are unique, external ids are not."""

    kind = ORGANIZATION

    def validate(self, new: dict[str, Any], old: Record | None) -> None:
        name = new.get("name")
        if not name:
            raise invalid(name="Name: cannot be blank")
        if old is not None and old.get("name") == name:
            return
        if any(record["id"] != new.get("id") for record in self.having("name", name)):
            raise invalid(name=f"Name:  {name} has already been taken")

    def search(self, call: Call) -> Response:
        """By external_id or by exact name; read from the database, so never late."""
        for name in ("external_id", "name"):
            if name in call.query:
                ids = [record["id"] for record in self.having(name, call.query[name])]
                return self.listed(call, ids, "organizations/search")
        raise missing("external_id")

    def exported(self, records: list[Record], call: Call) -> dict[str, Any]:
        """As `shown`, with deleted_at, which only the export tells."""
        shown = self.shown(records, call)
        rows = [{"deleted_at": None, **row} for row in shown["organizations"]]
        return {**shown, "organizations": rows}


class Users(Resource):
    """E-mail addresses are unique; a deleted user is inactive."""

    kind = USER
    identifiers = ("external_id", "email")

    def alive(self, record: Record) -> bool:
        return record.get("active", True) is not False

    def validate(self, new: dict[str, Any], old: Record | None) -> None:
        if not new.get("name"):
            raise invalid(name="Name: cannot be blank")
        if new.get("role", "end-user") not in ROLES:
            raise invalid(role=f"Role: {new['role']} is not valid")
        email = new.get("email")
        if email is None or (old is not None and old.get("email") == email):
            return
        if not EMAIL.fullmatch(str(email)):
            raise invalid(email=f"Email: {email} is not properly formatted")
        if any(record["id"] != new.get("id") for record in self.having("email", email)):
            raise invalid(email=f"Email: {email} is already being used by another user")

    def buried(self, record: Record) -> dict[str, Any]:
        return {**record, "active": False, "email": None, "external_id": None, "verified": False}

    def delete(self, call: Call) -> Response:
        return reply({"user": self.view(self.bury(self.find(call.ident)))})

    def update(self, call: Call) -> Response:
        self.state.buckets.user(call.ident)
        return super().update(call)

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

    def of_organization(self, call: Call) -> Response:
        ids = self.table.where("organization_id", call.ident)
        return self.listed(call, ids, f"organizations/{call.ident}/users")

    def _matching(self, text: str) -> list[Record]:
        if "@" in text:
            return self.having("email", text)
        records = (self.table.get(key) for key in self.table.ids())
        return [
            record
            for record in records
            if record is not None and self.alive(record) and text in str(record.get("name", "")).casefold()
        ]
