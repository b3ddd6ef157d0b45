"""What people see of us in a portal, as pieces: groups, properties, and the schema of customer relationships."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from cs_connector.ports import CORE, SIGNATURE, Piece

GROUP, PROPERTY, OBJECT = "group", "property", "object"
SCHEMAS = "schemas"
_BESIDE = Path(__file__).parent
_OURS = frozenset({"name", "part", "signed", "options"})  # not members of a definition, or seen to apart
_LABELLED = ("label", "value")  # of an option; its place is its place in the list


@cache
def declared() -> Mapping[str, Any]:
    """What every portal can have, and the custom object."""
    found: dict[str, Any] = {}
    for name in ("install.yml", "relationships.yml"):
        found |= YAML(typ="safe").load(_BESIDE.with_name(name).read_text("utf-8"))
    return found


def face(parts: Sequence[str]) -> list[Piece]:
    """Core and optional pieces, in the order of making: an object, its groups, its properties."""
    wanted = {CORE, *parts}
    return [piece for piece in _all(declared()) if piece.part in wanted]


def _all(told: Mapping[str, Any]) -> Iterator[Piece]:
    schemas = {schema["name"]: schema for schema in told[SCHEMAS]}
    for name, block in told.items():
        if name == SCHEMAS:
            continue
        part = block.get("part", CORE)
        if name in schemas:
            yield Piece(OBJECT, name, _schema(schemas[name]), part)
            yield from (_property(name, prop, part) for prop in schemas[name]["properties"])
        for group in block.get("groups", ()):
            yield Piece(GROUP, f"{name}.{group['name']}", {"label": group["label"]}, part)
        for prop in block["properties"]:
            yield _property(name, prop, part)


def _property(name: str, told: Mapping[str, Any], part: str) -> Piece:
    body = definition(told, told)
    if told.get("signed"):
        body["description"] += SIGNATURE
    return Piece(PROPERTY, f"{name}.{told['name']}", body, told.get("part", part))


def _schema(told: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key not in {"name", "part", "properties"}}


def hatched(name: str) -> list[dict[str, Any]]:
    """The properties with which a custom object is made: those that it shows first."""
    schema = next(schema for schema in declared()[SCHEMAS] if schema["name"] == name)
    return [{key: value for key, value in prop.items() if key != "part"} for prop in schema["properties"]]


def definition(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """A property as it is `found`, with the members that are `wanted` of it."""
    kept = {key: found.get(key) for key in wanted if key not in _OURS}
    if "options" not in wanted:
        return kept
    listed = sorted(found.get("options") or (), key=lambda option: option.get("displayOrder") or 0)
    return {**kept, "options": [{key: option.get(key) for key in _LABELLED} for option in listed]}


def sendable(body: Mapping[str, Any]) -> dict[str, Any]:
    """A definition as HubSpot wants it: with a place for each option."""
    if "options" not in body:
        return dict(body)
    options = [{**option, "displayOrder": n, "hidden": False} for n, option in enumerate(body["options"])]
    return {**body, "options": options}
