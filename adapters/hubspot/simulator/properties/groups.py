"""Groups of properties."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from cs_connector.sandbox.ledger import Ledger
from cs_connector.sandbox.wire import Response

from ..call import Call, answer, nothing
from ..errors import Refusal, bad_request, exists, missing
from ..records.shelf import Shelf
from ..state import State
from .properties import schema_shelf

_NESTED = uuid.UUID(int=0)


class Egg(msgspec.Struct):
    name: str | None = None
    label: str | None = None
    displayOrder: int | None = None  # noqa: N815 — HubSpot's name

    def told(self) -> dict[str, Any]:
        """The members that have a value."""
        return {key: value for key, value in msgspec.structs.asdict(self).items() if value is not None}


class Groups:
    """`name` is the portal's in the ledger."""

    def __init__(self, state: State, ledger: Ledger, name: str) -> None:
        self._state = state
        self._ledger = ledger
        self._name = name

    def list(self, call: Call) -> Response:
        return answer({"results": list(schema_shelf(self._state, call).groups.values())})

    def get(self, call: Call) -> Response:
        return answer(self._one(schema_shelf(self._state, call), call.args[1]))

    def create(self, call: Call) -> Response:
        shelf = schema_shelf(self._state, call)
        made = add_group(shelf, call.body(Egg).told())
        self._note(shelf, made["name"], "create", None, made)
        response = answer(made, 201)
        response.headers["location"] = f"{call.request.path.rstrip('/')}/{quote(made['name'])}"
        return response

    def update(self, call: Call) -> Response:
        shelf = schema_shelf(self._state, call)
        old = self._one(shelf, call.args[1])
        patch = call.body(Egg).told()
        patch.pop("name", None)
        shelf.groups[old["name"]] = {**old, **patch}
        self._note(shelf, old["name"], "update", {key: old[key] for key in patch}, patch)
        return answer(shelf.groups[old["name"]])

    def archive(self, call: Call) -> Response:
        """204. Raises Refusal 400 for a group with properties; HubSpot puts that error inside another one."""
        shelf = schema_shelf(self._state, call)
        name = self._one(shelf, call.args[1])["name"]
        if any(prop.spec["groupName"] == name for prop in shelf.fields.values()):
            inner = bad_request(
                "Can't delete or purge a group with active properties",
                subCategory="PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES",
            )
            text = msgspec.json.encode({**inner.body, "correlationId": str(_NESTED)}).decode()
            raise Refusal(400, text)
        del shelf.groups[name]
        self._note(shelf, name, "delete", {}, None)
        return nothing()

    def _one(self, shelf: Shelf, name: str) -> dict[str, Any]:
        found = shelf.groups.get(name)
        if found is None:
            raise missing(f"Property group {name}")
        return found

    def _note(
        self,
        shelf: Shelf,
        name: str,
        action: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
    ) -> None:
        self._ledger.write(self._name, f"groups/{shelf.kind.name}", name, action, before, after)


def add_group(shelf: Shelf, egg: Mapping[str, Any]) -> dict[str, Any]:
    """Add a group. Raises Refusal 400, or 409 for a name in use."""
    if not egg.get("name") or not egg.get("label"):
        raise bad_request("A property group needs a name and a label")
    if egg["name"] in shelf.groups:
        raise exists(f"A property group named '{egg['name']}'")
    group = {
        "name": egg["name"],
        "label": egg["label"],
        "displayOrder": egg.get("displayOrder", -1),
        "archived": False,
    }
    shelf.groups[group["name"]] = group
    return group
