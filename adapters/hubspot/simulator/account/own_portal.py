"""A real portal's description becomes that of this one: properties, groups, pipelines, custom objects.

Definitions are kept as HubSpot told them, so that this portal describes itself like the real one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import Any

from cs_connector.errors import ConfigError

from ..errors import Refusal
from ..links.links import USER, LinkType
from ..properties.fields import from_spec
from ..records.kinds import Kind
from ..records.shelf import Shelf
from ..state import State
from .schemas import FIRST_TYPE

Json = Mapping[str, Any]
KEY = "$shape"
"""Under this key, install takes the documents that discover saved, by their path without `.json`."""


def apply(state: State, documents: Mapping[str, Json]) -> None:
    """Raises ConfigError for a document that describes no object of the portal."""
    for schema in documents.get("schemas", {}).get("results", ()):
        _custom(state, schema)
    for schema in documents.get("schemas", {}).get("results", ()):
        state.links.register(*_associations(state, schema))
    for path, document in documents.items():
        if "/" in path:
            _part(state, path, document)


def _part(state: State, path: str, document: Json) -> None:
    """Groups, pipelines or properties of one kind of record; other lists are not the portal's."""
    kind, _, name = path.partition("/")
    shelf = _shelf(state, path, name)
    match kind:
        case "groups":
            shelf.groups = {group["name"]: dict(group) for group in document["results"]}
        case "pipelines":
            state.pipelines[shelf.kind.name] = {str(line["id"]): dict(line) for line in document["results"]}
        case "properties":
            _properties(shelf, path, document["results"])


def _shelf(state: State, path: str, name: str) -> Shelf:
    try:
        return state.named(name)
    except Refusal as unknown:
        raise ConfigError(
            f"{path} is of an object that this portal has not", fix="save it again with discover"
        ) from unknown


def _custom(state: State, schema: Json) -> None:
    type_id = str(schema["objectTypeId"])
    primary = str(schema["primaryDisplayProperty"])
    kind = Kind(
        type_id,
        str(schema["fullyQualifiedName"]),
        str(schema["name"]),
        (primary,),
        created="hs_createdate",
        required=tuple(schema.get("requiredProperties", ())),
        display=(primary, *schema.get("secondaryDisplayProperties", ())),
    )
    shelf = state.add_kind(kind)
    _properties(shelf, f"schema {schema['name']}", schema["properties"])
    state.schemas[type_id] = {key: value for key, value in schema.items() if key != "properties"}
    state.next_type = max(state.next_type, int(type_id.partition("-")[2]) - FIRST_TYPE + 1)


def _associations(state: State, schema: Json) -> Iterator[LinkType]:
    """Those between objects that are there. The way back is told beside each, with a number of its own.

    HubSpot numbers its own types apart from a portal's; where two have one number here, the portal's gets another.
    """
    told = [
        a
        for a in schema.get("associations", ())
        if {a["fromObjectTypeId"], a["toObjectTypeId"]} <= state.shelves.keys()
    ]
    free = count(max(state.links.types, default=0) + 1)
    taken = frozenset(state.links.types)
    numbers = {n: next(free) if n in taken else n for n in (int(a["id"]) for a in told)}
    for one in told:
        back = next((a for a in told if _reversed(a, one)), None)
        if back is not None:
            yield LinkType(
                numbers[int(one["id"])], one["fromObjectTypeId"], one["toObjectTypeId"], numbers[int(back["id"])],
                str(one["name"]).lower(), USER, default=True,
            )  # fmt: skip


def _reversed(one: Json, other: Json) -> bool:
    ends = (one["toObjectTypeId"], one["fromObjectTypeId"])
    return ends == (other["fromObjectTypeId"], other["toObjectTypeId"]) and one["id"] != other["id"]


def _properties(shelf: Shelf, path: str, specs: Iterable[Json]) -> None:
    """The properties as told, and after them those without which no record can be kept."""
    told = {}
    for spec in specs:
        if not {"name", "type", "fieldType", "modificationMetadata"} <= spec.keys():
            raise ConfigError(
                f"{path} holds something that is no property", fix="save it again with discover"
            )
        told[str(spec["name"])] = from_spec(dict(spec))
    needed = {
        name: shelf.fields[name] for name in shelf.kind.always if name in shelf.fields and name not in told
    }
    shelf.fields = told | needed
    # An e-mail address is unique, though no description says so.
    shelf.unique = {name: {} for name, prop in shelf.fields.items() if prop.unique or name in shelf.unique}
    shelf.version += 1
