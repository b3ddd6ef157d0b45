"""JSON Schemas of what a customer declares for mappings, made of the models that read them: for editors."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from cs_connector.unify.mapping import MappingFile
from cs_connector.unify.population import Customers
from cs_connector.unify.relations.rulebook import Rulebook

from .lookups import LookupFile
from .precedence import PrecedenceFile
from .rates import RatesFile

FILES: dict[str, type[BaseModel]] = {
    "mapping": MappingFile, "customers": Customers, "relationships": Rulebook, "rates": RatesFile,
    "lookup": LookupFile, "precedence": PrecedenceFile,
}  # fmt: skip
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_PARTS = {"read": "ReadRule", "write": "WriteRule"}


def schema(name: str) -> dict[str, Any]:
    """The schema of one kind of file of `FILES`; that of a mapping takes overlays too."""
    made = FILES[name].model_json_schema(by_alias=True, mode="validation")
    if name == "mapping":
        made = _overlaid(made)
    return {
        "$schema": _DRAFT,
        "title": f"cs-connector {name}",
        **{k: v for k, v in made.items() if k != "title"},
    }


def _overlaid(made: dict[str, Any]) -> dict[str, Any]:
    """A whole mapping, or one that extends another: nothing is needed then, and null takes away."""
    named = dict(made["$defs"])
    for rule in _PARTS.values():
        named[f"{rule}Overlay"] = _partial(named[rule])
    whole = {k: v for k, v in made.items() if k != "$defs"}
    parts = {
        part: {"type": "array", "items": {"$ref": f"#/$defs/{rule}Overlay"}} for part, rule in _PARTS.items()
    }
    extends = {"type": "string", "description": "The mapping that this one is laid over."}
    overlay = {
        **whole,
        "description": "What is different from the mapping that it extends.",
        "properties": {**whole["properties"], **parts, "extends": extends},
        "required": ["version", "extends"],
    }
    named |= {"Mapping": whole, "Overlay": overlay}
    overlaid = {"required": ["extends"]}
    refs = {"then": {"$ref": "#/$defs/Overlay"}, "else": {"$ref": "#/$defs/Mapping"}}
    return {"if": overlaid, **refs, "$defs": named}


def _partial(rule: dict[str, Any]) -> dict[str, Any]:
    told = {
        name: {"anyOf": [_nothing_inside(one), {"type": "null"}]} for name, one in rule["properties"].items()
    }
    orders = {
        "remove": {"type": "boolean", "description": "The rule is not wanted."},
        "replace": {"type": "boolean", "description": "This rule stands in its place, as it is."},
    }
    return {
        **{k: v for k, v in rule.items() if k != "required"},
        "properties": {**told, **orders},
        "required": ["object"],
    }


def _nothing_inside(one: dict[str, Any]) -> dict[str, Any]:
    """Attributes may be null, which takes them away."""
    if one.get("type") != "object" or "additionalProperties" not in one:
        return one
    return {**one, "additionalProperties": {"anyOf": [one["additionalProperties"], {"type": "null"}]}}
