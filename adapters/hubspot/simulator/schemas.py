"""Schemas: how kinds of record are described, and custom objects made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cs_connector.sandbox.ledger import Ledger
from cs_connector.sandbox.wire import Response

from .call import Call, answer, nothing
from .errors import bad_request, exists
from .kinds import Kind
from .links import USER, LinkType
from .properties import new_properties
from .shelf import Shelf
from .state import State
from .times import iso

FIRST_TYPE, FIRST_LINK = 3_604_284, 1_000


class Labels(msgspec.Struct):
    singular: str
    plural: str


class Egg(msgspec.Struct):
    """A custom object to make."""

    name: str
    labels: Labels
    primaryDisplayProperty: str  # noqa: N815 — HubSpot's names
    properties: list[dict[str, Any]] = []
    requiredProperties: list[str] = []  # noqa: N815
    searchableProperties: list[str] = []  # noqa: N815
    secondaryDisplayProperties: list[str] = []  # noqa: N815
    associatedObjects: list[str] = []  # noqa: N815
    description: str | None = None


class Schemas:
    """`name` is the portal's in the ledger."""

    def __init__(self, state: State, ledger: Ledger, name: str) -> None:
        self._state = state
        self._ledger = ledger
        self._name = name

    def list(self, _: Call) -> Response:
        """Custom objects only."""
        shelves = (shelf for shelf in self._state.shelves.values() if shelf.kind.custom)
        return answer({"results": [self._shown(shelf) for shelf in shelves]})

    def get(self, call: Call) -> Response:
        return answer(self._shown(self._state.shelf(call.args[0])))

    def create(self, call: Call) -> Response:
        shelf = hatch(self._state, call.body(Egg))
        shown = self._shown(shelf)
        named = {key: shown[key] for key in ("name", "labels", "objectTypeId")}
        self._ledger.write(self._name, "schemas", shelf.kind.type_id, "create", None, named)
        return answer(shown, 201)

    def archive(self, call: Call) -> Response:
        """204; a kind with records cannot go."""
        shelf = self._state.shelf(call.args[0])
        if not shelf.kind.custom or shelf.live:
            raise bad_request(f"The object type {shelf.kind.name} cannot be deleted")
        kind = shelf.kind
        del self._state.shelves[kind.type_id]
        for name in kind.names():
            self._state.names.pop(name, None)
        self._ledger.write(self._name, "schemas", kind.type_id, "delete", {}, None)
        return nothing()

    def _shown(self, shelf: Shelf) -> dict[str, Any]:
        kind = shelf.kind
        own = self._state.schemas.get(kind.type_id) or _built_in(kind)
        links = self._state.links.types.values()
        return {
            **own,
            "requiredProperties": list(kind.required),
            "archived": False,
            "restorable": True,
            "metaType": "PORTAL_SPECIFIC" if kind.custom else "HUBSPOT",
            "id": kind.type_id.partition("-")[2],
            "objectTypeId": kind.type_id,
            "properties": [prop.shown() for prop in shelf.fields.values()],
            "associations": [_association(link) for link in links if link.start == kind.type_id],
        }


def hatch(state: State, egg: Egg) -> Shelf:
    """Make a custom object with its properties and its associations. Raises Refusal 400 or 409."""
    qualified = f"p{state.portal_id}_{egg.name}"
    if qualified.lower() in state.names or egg.name.lower() in state.names:
        raise exists(f"An object type named '{egg.name}'")
    names = {str(prop.get("name")) for prop in egg.properties}
    if egg.primaryDisplayProperty not in names:
        raise bad_request(f"Property {egg.primaryDisplayProperty} does not exist")
    type_id = f"2-{FIRST_TYPE + state.next_type}"
    state.next_type += 1
    display = (egg.primaryDisplayProperty, *egg.secondaryDisplayProperties)
    kind = Kind(
        type_id,
        qualified,
        egg.name,
        (egg.primaryDisplayProperty,),
        created="hs_createdate",
        required=tuple(egg.requiredProperties),
        display=display,
    )
    shelf = state.add_kind(kind)
    group = next(iter(shelf.groups))
    for prop in new_properties(shelf, [{"groupName": group, **each} for each in egg.properties], state.now()):
        shelf.define(prop)
    state.schemas[type_id] = _described(egg, qualified, iso(state.now()))
    for other in egg.associatedObjects:
        join(state, shelf, state.shelf(other))
    return shelf


def join(state: State, start: Shelf, end: Shelf) -> None:
    """A plain association type between a custom object and another kind, in both directions."""
    there = max(FIRST_LINK, *state.links.types) + 1
    one, other = start.kind, end.kind
    names = (f"{one.singular}_to_{other.singular}", f"{other.singular}_to_{one.singular}")
    state.links.register(
        LinkType(there, one.type_id, other.type_id, there + 1, names[0], USER, default=True),
        LinkType(there + 1, other.type_id, one.type_id, there, names[1], USER, default=True),
    )


def _described(egg: Egg, qualified: str, at: str) -> dict[str, Any]:
    return {
        "labels": {"singular": egg.labels.singular, "plural": egg.labels.plural},
        "searchableProperties": egg.searchableProperties,
        "primaryDisplayProperty": egg.primaryDisplayProperty,
        "secondaryDisplayProperties": egg.secondaryDisplayProperties,
        "description": egg.description,
        "fullyQualifiedName": qualified,
        "createdAt": at,
        "updatedAt": at,
        "name": egg.name,
    }


def _built_in(kind: Kind) -> Mapping[str, Any]:
    name = kind.singular.upper()
    return {
        "labels": {"singular": kind.singular.capitalize(), "plural": kind.name.capitalize()},
        "searchableProperties": list(kind.display),
        "primaryDisplayProperty": next(iter(kind.display), None),
        "secondaryDisplayProperties": list(kind.display[1:]),
        "fullyQualifiedName": name,
        "createdAt": "1970-01-01T00:00:00Z",
        "updatedAt": "1970-01-01T00:00:00Z",
        "name": name,
    }


def _association(link: LinkType) -> dict[str, Any]:
    many, single = "ONE_TO_MANY", "ONE_TO_ONE"
    return {
        "fromObjectTypeId": link.start,
        "toObjectTypeId": link.end,
        "name": link.name.upper(),
        "cardinality": single if link.only else many,
        "inverseCardinality": many,
        "id": str(link.id),
        "createdAt": None,
        "updatedAt": None,
    }
