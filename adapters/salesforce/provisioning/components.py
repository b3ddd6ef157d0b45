"""Objects, fields and what is shown of them, as components of the Metadata API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cs_connector.ports import Piece

from .declaration import Spec, fields, is_formula, objects, part_of

_TYPES = {"LongText": "LongTextArea"}
_COPIED = ("length", "precision", "scale", "unique", "externalId", "referenceTo", "visibleLines", "formula")
_OBJECT_COPIED = ("description", "sharingModel", "enableActivities", "enableReports")
_OWN = {"name", "part"}


def custom_objects() -> Iterator[Piece]:
    return (Piece("CustomObject", name, _object(block)) for name, block in objects() if name.endswith("__c"))


def custom_fields() -> Iterator[Piece]:
    """Formulas last: they name the others."""
    for formulas in (False, True):
        chosen = ((owner, spec) for owner, spec in fields() if is_formula(spec) is formulas)
        yield from (Piece("CustomField", f"{o}.{s['name']}", _field(s), part_of(s)) for o, s in chosen)


def tabs() -> Iterator[Piece]:
    for name, block in objects():
        if "tab" in block:
            yield Piece("CustomTab", name, {"customObject": True, **block["tab"]})


def views() -> Iterator[Piece]:
    """List views, then compact layouts."""
    for kind, key in (("ListView", "listViews"), ("CompactLayout", "compactLayouts")):
        for owner, block in objects():
            for spec in block.get(key, ()):
                body = {name: value for name, value in spec.items() if name not in _OWN}
                yield Piece(kind, f"{owner}.{spec['name']}", body, part_of(spec))


def _object(block: Spec) -> Mapping[str, Any]:
    name = block["nameField"]
    numbered = {"displayFormat": name["format"]} if name["type"] == "AutoNumber" else {}
    return {
        "deploymentStatus": "Deployed",
        "label": block["label"],
        "nameField": {"label": name["label"], "type": name["type"], **numbered},
        "pluralLabel": block["plural"],
        **{key: block[key] for key in _OBJECT_COPIED if key in block},
    }


def _field(spec: Spec) -> Mapping[str, Any]:
    declared = spec.get("returns", "Text") if is_formula(spec) else spec["type"]
    body = {"label": spec["label"], "type": _TYPES.get(declared, declared)}
    body |= {key: spec[key] for key in _COPIED if key in spec}
    if spec.get("unique"):
        body["caseSensitive"] = False
    if "help" in spec:
        body["inlineHelpText"] = spec["help"]
    if "values" in spec:
        body["valueSet"] = _values(spec["values"])
    if declared == "Lookup":
        body["relationshipName"] = spec["childRelationshipName"]
    if declared == "Checkbox" and not is_formula(spec):
        body["defaultValue"] = "false"
    return body


def _values(names: list[str]) -> Mapping[str, Any]:
    values = [{"default": False, "fullName": name, "label": name} for name in names]
    return {"restricted": True, "valueSetDefinition": {"sorted": False, "value": values}}
