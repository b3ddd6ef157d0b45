"""Schemas: how kinds of record are described, and custom objects made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from cs_connector.sandbox.ledger import Ledger
from cs_connector.sandbox.wire import Response

from ..call import Call, answer, is_digits, nothing
from ..errors import Refusal, bad_request, exists, missing
from ..links.links import USER, LinkType
from ..properties.properties import Egg as PropertyEgg
from ..properties.properties import new_properties
from ..records import builtin
from ..records.kinds import ACTIVITIES, Kind
from ..records.shelf import Shelf
from ..state import State
from ..times import iso

FIRST_TYPE, FIRST_LINK, MOST_TYPES = 3_604_284, 1_000, 20
NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")


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


class Definitions(msgspec.Struct):
    """The properties of a custom object to make."""

    properties: list[PropertyEgg] = []


class LabelPatch(msgspec.Struct, omit_defaults=True):
    singular: str | None = None
    plural: str | None = None


class Patch(msgspec.Struct, omit_defaults=True):
    """What may be changed of a schema; what is not named stays."""

    labels: LabelPatch | None = None
    primaryDisplayProperty: str | None = None  # noqa: N815 — HubSpot's names
    secondaryDisplayProperties: list[str] | None = None  # noqa: N815
    requiredProperties: list[str] | None = None  # noqa: N815
    searchableProperties: list[str] | None = None  # noqa: N815
    description: str | None = None
    restorable: bool | None = None
    clearDescription: bool | None = None  # noqa: N815


class Joint(msgspec.Struct):
    """An association to make."""

    fromObjectTypeId: str  # noqa: N815
    toObjectTypeId: str  # noqa: N815
    name: str | None = None


class Names(msgspec.Struct):
    inputs: list[str]


class Schemas:
    """`name` is the portal's in the ledger."""

    def __init__(self, state: State, ledger: Ledger, name: str) -> None:
        self._state = state
        self._ledger = ledger
        self._name = name

    def list(self, call: Call) -> Response:
        """Custom objects only."""
        self._permit("read")
        shelves = () if call.archived else self._state.shelves.values()
        return answer({"results": [self._shown(shelf) for shelf in shelves if shelf.kind.custom]})

    def read(self, call: Call) -> Response:
        """Several at once."""
        self._permit("read")
        started = iso(self._state.now())
        results = [self._shown(self._state.shelf(name)) for name in call.body(Names).inputs]
        ended = iso(self._state.now())
        return answer({"status": "COMPLETE", "results": results, "startedAt": started, "completedAt": ended})

    def get(self, call: Call) -> Response:
        shelf = self._state.shelf(call.args[0])
        self._permit("read")
        return answer(self._shown(shelf))

    def create(self, call: Call) -> Response:
        self._permit("write")
        definitions = [each.told() for each in call.body(Definitions).properties]
        egg = msgspec.structs.replace(call.body(Egg), properties=definitions)
        if not NAME.fullmatch(egg.name):
            raise bad_request(f"Object type name {egg.name} must be letters, digits and underscores")
        if sum(1 for shelf in self._state.shelves.values() if shelf.kind.custom) >= MOST_TYPES:
            raise bad_request(f"A portal has at most {MOST_TYPES} custom object types")
        shelf = hatch(self._state, egg)
        shown = self._shown(shelf)
        named = {key: shown[key] for key in ("name", "labels", "objectTypeId")}
        self._ledger.write(self._name, "schemas", shelf.kind.type_id, "create", None, named)
        return answer(shown, 201)

    def update(self, call: Call) -> Response:
        """The definition without properties and associations, as it is from now on."""
        shelf = self._custom(call)
        patch = msgspec.to_builtins(call.body(Patch))
        old = self._state.schemas[shelf.kind.type_id]
        if patch.pop("clearDescription", False):
            patch["description"] = ""
        self._check(shelf, patch)
        labels = {**old["labels"], **patch.get("labels", {})}
        own = {key: value for key, value in patch.items() if key in old or key != "requiredProperties"}
        new = {**old, **own, "labels": labels, "updatedAt": iso(self._state.now())}
        shelf.kind = _rekinded(shelf.kind, new, patch)
        self._state.schemas[shelf.kind.type_id] = new
        before = {key: old.get(key) for key in patch}
        self._ledger.write(self._name, "schemas", shelf.kind.type_id, "update", before, patch)
        shown = self._shown(shelf)
        rest = {key: value for key, value in shown.items() if key not in ("properties", "associations")}
        return answer({**rest, "portalId": self._state.portal_id})

    def associate(self, call: Call) -> Response:
        """A plain association in both directions; the one from the kind in the path is shown."""
        self._permit("write")
        wanted = call.body(Joint)
        start, end = self._state.shelf(wanted.fromObjectTypeId), self._state.shelf(wanted.toObjectTypeId)
        if not (start.kind.custom or end.kind.custom):
            raise bad_request("An association needs a custom object")
        if (start.kind.type_id, end.kind.type_id) in self._state.links.defaults:
            raise exists(f"An association between {start.kind.name} and {end.kind.name}")
        join(self._state, start, end, wanted.name or "")
        made = self._state.links.defaults[start.kind.type_id, end.kind.type_id]
        self._ledger.write(
            self._name, "schemas/associations", str(made.id), "create", None, {"name": made.name}
        )
        shown = _association(made)
        return answer(
            {**shown, "createdAt": iso(self._state.now()), "updatedAt": iso(self._state.now())}, 201
        )

    def dissociate(self, call: Call) -> Response:
        """204; every link of that type goes."""
        self._permit("write")
        number = int(call.args[1]) if is_digits(call.args[1]) else 0
        kind = self._state.links.types.get(number)
        if kind is None or kind.category != USER or not kind.default:
            raise missing(f"Association {call.args[1]}")
        self._state.links.unregister(kind)
        self._ledger.write(
            self._name, "schemas/associations", str(number), "delete", {"name": kind.name}, None
        )
        return nothing()

    def archive(self, call: Call) -> Response:
        """204; a kind with records cannot go."""
        shelf = self._custom(call)
        if len(shelf.live):
            raise bad_request(f"The object type {shelf.kind.name} has records and cannot be deleted")
        kind = shelf.kind
        self._state.drop_kind(kind)
        self._ledger.write(self._name, "schemas", kind.type_id, "delete", {}, None)
        return nothing()

    def _custom(self, call: Call) -> Shelf:
        shelf = self._state.shelf(call.args[0])
        self._permit("write")
        if not shelf.kind.custom:
            raise bad_request(f"The object type {shelf.kind.name} is HubSpot's own and cannot be changed")
        return shelf

    def _permit(self, act: str) -> None:
        more = ("crm.schemas.custom.write", "crm.objects.custom.read") if act == "read" else ()
        self._state.demand(f"crm.schemas.custom.{act}", *more)

    def _check(self, shelf: Shelf, patch: Mapping[str, Any]) -> None:
        lists = ("secondaryDisplayProperties", "requiredProperties", "searchableProperties")
        named = [name for key in lists for name in patch.get(key) or ()]
        primary = patch.get("primaryDisplayProperty")
        for name in (*named, *((primary,) if primary else ())):
            if name not in shelf.fields:
                raise bad_request(f"Property {name} does not exist")

    def _shown(self, shelf: Shelf) -> dict[str, Any]:
        kind = shelf.kind
        own = self._state.schemas.get(kind.type_id) or _built_in(kind)
        links = self._state.links.types.values()
        told = own.get("associations", [])
        known = {str(each["id"]) for each in told}
        both = (link for link in links if kind.type_id in (link.start, link.end))
        new = (link for link in both if str(link.id) not in known)
        return {
            "requiredProperties": list(kind.required),
            "archived": False,
            "restorable": True,
            "metaType": "PORTAL_SPECIFIC" if kind.custom else "HUBSPOT",
            "id": kind.type_id.partition("-")[2],
            "objectTypeId": kind.type_id,
            **own,
            "properties": [prop.shown() for prop in shelf.fields.values()],
            "associations": [*told, *map(_association, new)],
        }


def hatch(state: State, egg: Egg) -> Shelf:
    """Make a custom object with its properties and its associations. Raises Refusal 400 or 409."""
    qualified = f"p{state.portal_id}_{egg.name}"
    if qualified.lower() in state.names or egg.name.lower() in state.names:
        raise exists(f"An object type named '{egg.name}'")
    names = {str(prop.get("name")) for prop in egg.properties} | builtin.properties(egg.name).keys()
    lists = (egg.requiredProperties, egg.searchableProperties, egg.secondaryDisplayProperties)
    for name in (egg.primaryDisplayProperty, *(name for each in lists for name in each)):
        if name not in names:
            raise bad_request(f"Property {name} does not exist")
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
    others = [state.shelf(other) for other in egg.associatedObjects]
    shelf = state.add_kind(kind)
    try:
        _fill(state, shelf, egg)
    except Refusal:
        state.drop_kind(kind)
        raise
    state.schemas[type_id] = _described(egg, qualified, iso(state.now()))
    always = [state.shelves[activity.type_id] for activity in ACTIVITIES]
    for other in (*others, *(each for each in always if each not in others)):
        join(state, shelf, other)
    return shelf


def _fill(state: State, shelf: Shelf, egg: Egg) -> None:
    group = next(iter(shelf.groups))
    eggs = [{"groupName": group, **each} for each in egg.properties]
    for prop in new_properties(shelf, eggs, state.now()):
        shelf.define(prop)


def join(state: State, start: Shelf, end: Shelf, name: str = "") -> None:
    """A plain association type between a custom object and another kind, in both directions."""
    there = max(FIRST_LINK, *state.links.types) + 1
    one, other = start.kind, end.kind
    called = name or f"{one.singular}_to_{other.singular}"
    state.links.register(
        LinkType(there, one.type_id, other.type_id, there + 1, called, USER, default=True),
        LinkType(there + 1, other.type_id, one.type_id, there, called, USER, default=True),
    )


def _described(egg: Egg, qualified: str, at: str) -> dict[str, Any]:
    return {
        "labels": {"singular": egg.labels.singular, "plural": egg.labels.plural},
        "searchableProperties": egg.searchableProperties,
        "primaryDisplayProperty": egg.primaryDisplayProperty,
        "secondaryDisplayProperties": egg.secondaryDisplayProperties,
        **({"description": egg.description} if egg.description else {}),
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
        "name": link.name if link.category == USER else link.name.upper(),
        "cardinality": single if link.only else many,
        "inverseCardinality": many,
        "id": str(link.id),
        "createdAt": None,
        "updatedAt": None,
    }


def _rekinded(kind: Kind, schema: Mapping[str, Any], patch: Mapping[str, Any]) -> Kind:
    """The kind with what a schema says of its records."""
    display = (str(schema["primaryDisplayProperty"]), *schema["secondaryDisplayProperties"])
    required = tuple(patch.get("requiredProperties") or kind.required)
    return replace(kind, defaults=display[:1], display=display, required=required)
