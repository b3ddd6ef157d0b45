"""Permission sets: every field that is installed can be read, and each set edits what is its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cs_connector.ports import Piece

from .declaration import Spec, fields, is_formula, part_of, permission_sets

ASSIGNMENT = "PermissionSetAssignment"
_RIGHTS = ("allowCreate", "allowDelete", "allowEdit", "allowRead", "modifyAllRecords", "viewAllRecords")
_BEARERS = {"Activity": ("Event", "Task")}


def sets(parts: Sequence[str]) -> Iterator[Piece]:
    """`parts` are those installed: a set cannot name a field that is not there."""
    return (Piece("PermissionSet", spec["name"], _set(spec, parts)) for spec in permission_sets())


def assignments() -> Iterator[Piece]:
    """Without it the user of the connection sees none of our fields."""
    assigned = (spec["name"] for spec in permission_sets() if spec.get("assigned"))
    return (Piece(ASSIGNMENT, name, {"assignee": "the user of this connection"}) for name in assigned)


def _set(spec: Spec, parts: Sequence[str]) -> Mapping[str, Any]:
    body = {
        "description": spec["description"],
        "fieldPermissions": sorted(_fields(spec["edits"], parts), key=lambda given: str(given["field"])),
        "label": spec["label"],
        "objectPermissions": [_rights(name, given) for name, given in sorted(spec["objects"].items())],
    }
    if "tabs" in spec:
        body["tabSettings"] = [{"tab": tab, "visibility": "Visible"} for tab in sorted(spec["tabs"])]
    if "user" in spec:
        body["userPermissions"] = [{"enabled": True, "name": name} for name in sorted(spec["user"])]
    return body


def _rights(name: str, given: Sequence[str]) -> Mapping[str, Any]:
    return {"object": name} | {right: right in given for right in _RIGHTS}


def _fields(edits: str, parts: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    for owner, spec in fields():
        if part_of(spec) in parts:
            whose = "theirs" if spec.get("theirs") else "ours"
            editable = whose == edits and not is_formula(spec)
            for bearer in _BEARERS.get(owner, (owner,)):
                yield {"editable": editable, "field": f"{bearer}.{spec['name']}", "readable": True}
