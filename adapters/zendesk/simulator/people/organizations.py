"""Organizations: names are unique, external ids are not.

Facts: the vendor's reference and help pages; a domain may be mapped to several organizations.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from cs_connector.sandbox.wire import Response

from ..answers import invalid, missing, reply
from ..call import Call
from ..digits import number
from ..kinds import ORGANIZATION
from ..paths import Routes
from ..records.resource import Resource
from ..records.table import Record
from ..state import State
from ..tickets.ticket_moves import TicketMoves
from .memberships import Memberships

DOMAIN = re.compile(r"(?i)(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)+")
LONGEST_NAME = 255


class Organizations(Resource):
    kind = ORGANIZATION

    def __init__(self, state: State, memberships: Memberships, tickets: TicketMoves) -> None:
        super().__init__(state)
        self._memberships, self._tickets = memberships, tickets
        self.table.shown_by(self.look, self.alive)

    def routes(self) -> Routes:
        return super().routes() | {
            ("GET", "organizations/search"): self.search,
            ("GET", "organizations/autocomplete"): self.autocomplete,
            ("GET", "organizations/show_many"): self.show_many,
            ("POST", "organizations/create_or_update"): self.create_or_update,
            ("GET", "organizations/:id/related"): self.related,
            ("GET", "users/:id/organizations"): self.of_user,
            ("GET", "users/:id/organizations/count"): self.of_user_count,
        }

    def all(self, call: Call) -> Response:
        """Numbered pages beyond the thousandth record have a rate of their own."""
        return self.copied(call) or self._all(call)

    def _all(self, call: Call) -> Response:
        limits = self.state.limits
        deep = (number(call.query.get("page", "1")) or 0) * limits.page > limits.deep
        headers = self.state.buckets.endpoint("organizations-index") if deep else {}
        response = self.listed(call)
        response.headers |= headers
        return response

    def validate(self, new: dict[str, Any], old: Record | None) -> None:
        name = str(new.get("name") or "").strip()
        if not name:
            raise invalid(name="Name: cannot be blank")
        if len(name) > LONGEST_NAME or "|" in name:
            raise invalid(name="Name: is invalid")
        new["name"] = name
        self._validate_domains(new, old)
        if old is None or old.get("name") != name:
            self._validate_name(name, new)

    def _validate_name(self, name: str, new: dict[str, Any]) -> None:
        if any(record["id"] != new.get("id") for record in self.having("name", name)):
            raise invalid(name=f"Name:  {name} has already been taken")

    def _validate_domains(self, new: dict[str, Any], old: Record | None) -> None:
        names = new.get("domain_names") or ()
        if old is not None and names == (old.get("domain_names") or ()):
            return
        bad = [name for name in names if not DOMAIN.fullmatch(str(name).partition(":")[2] or str(name))]
        if bad:
            raise invalid(domain_names=f"Domain names: {bad[0]} is not a valid domain")
        new["domain_names"] = list(dict.fromkeys(str(name).lower() for name in names))

    def bury(self, old: Record) -> Record:
        """Its people and the tickets that are not closed go on without it."""
        new = super().bury(old)
        self._memberships.end_of(old["id"])
        for record in self._tickets.of("organization_id", old["id"]):
            if record.get("status") != "closed":
                self._tickets.move(record, None)
        return new

    def search(self, call: Call) -> Response:
        """By external_id or by exact name; read from the database, so never late."""
        for name in ("external_id", "name"):
            if name in call.query:
                ids = [record["id"] for record in self.having(name, call.query[name])]
                return self.listed(call, ids, "organizations/search")
        raise missing("external_id")

    def autocomplete(self, call: Call) -> Response:
        start = call.query.get("name", "").casefold()
        if len(start) < 2:
            raise invalid(name="Name: must be at least 2 characters")
        ids = [r["id"] for r in self.living() if str(r.get("name", "")).casefold().startswith(start)]
        return self.listed(call, ids, "organizations/autocomplete")

    def related(self, call: Call) -> Response:
        ident = self.find(call.ident)["id"]
        users = len(self._memberships.having("organization_id", ident))
        tickets = len(self._tickets.of("organization_id", ident))
        return reply({"organization_related": {"tickets_count": tickets, "users_count": users}})

    def of_user(self, call: Call) -> Response:
        return self.listed(call, self._ids_of_user(call), f"users/{call.ident}/organizations")

    def of_user_count(self, call: Call) -> Response:
        return self.counted({"id": ident} for ident in self._ids_of_user(call))

    def _ids_of_user(self, call: Call) -> list[Any]:
        found = self._memberships.having("user_id", call.ident)
        return sorted(record["organization_id"] for record in found)

    def shown(self, records: Sequence[Record], call: Call) -> dict[str, Any]:
        shown = super().shown(records, call)
        if call.wants("abilities"):
            return shown | {
                "abilities": [_abilities(self.state.url("organizations"), row) for row in records]
            }
        return shown

    def exported(self, records: Sequence[Record], call: Call) -> dict[str, Any]:
        """With deleted_at, which only the export tells."""
        rows = [{"deleted_at": None, **self.view(record)} for record in records]
        return {**self.shown(records, call), "organizations": rows}


def _abilities(url: str, row: Record) -> dict[str, Any]:
    may = {"can_edit": True, "can_edit_notes": True, "can_delete": True}
    return {"organization_id": row["id"], "url": f"{url}/{row['id']}.json", **may}
