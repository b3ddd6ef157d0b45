"""Records that come beside those that were asked for: include=users,organizations,…"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ..call import Call
from ..kinds import GROUP, IDENTITY, ORGANIZATION, USER, Kind
from ..state import State
from .table import Record

_OF_TICKETS: dict[str, tuple[Kind, tuple[str, ...]]] = {
    "users": (USER, ("requester_id", "submitter_id", "assignee_id")),
    "organizations": (ORGANIZATION, ("organization_id",)),
    "groups": (GROUP, ("group_id",)),
}
_OF_USERS: dict[str, tuple[Kind, tuple[str, ...]]] = {
    "organizations": (ORGANIZATION, ("organization_id",)),
    "groups": (GROUP, ("default_group_id",)),
}


class Sideloads:
    def __init__(self, state: State) -> None:
        self._state = state

    def of_tickets(self, rows: Sequence[Record], call: Call) -> dict[str, Any]:
        return self._beside(_OF_TICKETS, rows, call)

    def of_users(self, rows: Sequence[Record], call: Call) -> dict[str, Any]:
        found = self._beside(_OF_USERS, rows, call)
        if call.wants("identities"):
            table = self._state.table(IDENTITY)
            keys = [key for row in rows for key in table.where("user_id", row["id"])]
            found["identities"] = self._views(IDENTITY, keys)
        return found

    def _beside(
        self, known: dict[str, tuple[Kind, tuple[str, ...]]], rows: Sequence[Record], call: Call
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, (kind, columns) in known.items():
            if call.wants(name):
                keys = (row.get(column) for row in rows for column in columns)
                found[name] = self._views(kind, dict.fromkeys(key for key in keys if key is not None))
        return found

    def _views(self, kind: Kind, keys: Iterable[Any]) -> list[dict[str, Any]]:
        held = (self._state.table(kind).get(key) for key in keys)
        return [self._state.view(kind, record) for record in held if record is not None]
