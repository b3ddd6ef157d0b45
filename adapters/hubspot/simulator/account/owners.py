"""Owners: the users that records can belong to, those who left apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cs_connector.sandbox.wire import Response

from ..call import Call, answer
from ..errors import bad_request, missing
from ..paging import link
from ..state import State

PAGE = 500
SCOPE = "crm.objects.owners.read"
BEGINNING = "2021-01-01T00:00:00.000Z"


class Owners:
    def __init__(self, state: State) -> None:
        self._state = state

    def list(self, call: Call) -> Response:
        self._permit()
        email = call.query.get("email")
        after = call.after()
        wanted = sorted(
            (
                owner
                for owner in self._state.owners.values()
                if owner["archived"] is call.archived and (not email or owner["email"] == email)
            ),
            key=lambda owner: int(owner["id"]),
        )
        rest = [owner for owner in wanted if int(owner["id"]) >= after]
        limit = call.number("limit", 100, PAGE)
        following = rest[limit]["id"] if len(rest) > limit else None
        return answer({"results": rest[:limit], **link(call, following)})

    def get(self, call: Call) -> Response:
        """By id, or by user id with idProperty=userId."""
        self._permit()
        wanted = call.query.get("idProperty", "id")
        if wanted not in ("id", "userId"):
            raise bad_request(f"Invalid value for idProperty: {wanted}")
        by_user = wanted == "userId"
        for owner in self._state.owners.values():
            own = str(owner["userIdIncludingInactive"]) if by_user else owner["id"]
            if own == call.args[0] and owner["archived"] is call.archived:
                return answer(owner)
        raise missing("Owner")

    def _permit(self) -> None:
        self._state.demand(SCOPE)


def seeded(record: Mapping[str, Any]) -> dict[str, Any]:
    """An owner as the API shows it; `id` and `email` must be given, the rest may be.

    A team is {id, name, primary}.
    """
    owner_id = str(record["id"])
    archived = bool(record.get("archived", False))
    everyone = record.get("userIdIncludingInactive", int(owner_id))
    teams = {"teams": record["teams"]} if record.get("teams") else {}
    return {
        "id": owner_id,
        "email": record["email"],
        "type": record.get("type", "PERSON"),
        "firstName": record.get("firstName", ""),
        "lastName": record.get("lastName", ""),
        "userId": None if archived else record.get("userId", everyone),
        "userIdIncludingInactive": everyone,
        "createdAt": record.get("createdAt", BEGINNING),
        "updatedAt": record.get("updatedAt", BEGINNING),
        "archived": archived,
        **teams,
    }
