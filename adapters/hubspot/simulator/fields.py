"""Property definitions: what a portal knows of each property, and what a new definition must look like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import Refusal, bad_request, invalid
from .times import iso

NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
TYPES = frozenset(
    {
        "bool",
        "enumeration",
        "date",
        "datetime",
        "string",
        "number",
        "phone_number",
        "object_coordinates",
        "json",
    }
)
FIELD_TYPES = frozenset(
    {
        "booleancheckbox",
        "calculation_equation",
        "calculation_read_time",
        "calculation_rollup",
        "calculation_score",
        "checkbox",
        "date",
        "file",
        "html",
        "number",
        "phonenumber",
        "radio",
        "select",
        "text",
        "textarea",
    }
)
CHANGEABLE = (
    "label",
    "type",
    "fieldType",
    "groupName",
    "description",
    "options",
    "displayOrder",
    "formField",
    "hidden",
)


@dataclass(frozen=True, slots=True)
class Property:
    """`spec` is the definition as the API shows it; the rest is read from it."""

    name: str
    type: str
    multiple: bool
    unique: bool
    read_only: bool
    reference: str
    values: frozenset[str]
    spec: Mapping[str, Any]

    def shown(self, archived_at: str | None = None) -> dict[str, Any]:
        if archived_at is None:
            return {**self.spec}
        return {**self.spec, "archived": True, "archivedAt": archived_at}


def from_spec(spec: Mapping[str, Any]) -> Property:
    kind = str(spec["type"])
    values = frozenset(str(option["value"]) for option in spec.get("options", ()))
    if kind == "bool":
        values = frozenset({"true", "false"})
    return Property(
        name=str(spec["name"]),
        type=kind,
        multiple=spec["fieldType"] == "checkbox",
        unique=bool(spec.get("hasUniqueValue")),
        read_only=bool(spec["modificationMetadata"]["readOnlyValue"]),
        reference=str(spec.get("referencedObjectType") or ""),
        values=values,
        spec=spec,
    )


def defined(egg: Mapping[str, Any], now: int, user: str) -> Property:
    """A property made through the API. Raises Refusal for what cannot be one."""
    _check(egg)
    calculated = egg["fieldType"].startswith("calculation_")
    spec = {
        "updatedAt": iso(now),
        "createdAt": iso(now),
        "name": egg["name"],
        "label": egg["label"],
        "type": egg["type"],
        "fieldType": egg["fieldType"],
        "description": egg.get("description") or "",
        "groupName": egg["groupName"],
        "options": [_option(option, n) for n, option in enumerate(egg.get("options") or ())],
        "createdUserId": user,
        "updatedUserId": user,
        "displayOrder": egg.get("displayOrder", -1),
        "calculated": calculated,
        "externalOptions": bool(egg.get("externalOptions")),
        "archived": False,
        "hasUniqueValue": bool(egg.get("hasUniqueValue")),
        "hidden": bool(egg.get("hidden")),
        "modificationMetadata": {
            "archivable": True,
            "readOnlyDefinition": False,
            "readOnlyValue": calculated,
        },
        "formField": bool(egg.get("formField")),
        "dataSensitivity": egg.get("dataSensitivity", "non_sensitive"),
    }
    spec |= {key: egg[key] for key in ("referencedObjectType", "numberDisplayHint") if egg.get(key)}
    return from_spec(spec)


def changed(old: Property, patch: Mapping[str, Any], now: int) -> Property:
    """The property with a new definition; the name and uniqueness stay. Raises Refusal."""
    if old.spec["modificationMetadata"]["readOnlyDefinition"]:
        raise bad_request(f"Property {old.name} is read only and its definition cannot be changed")
    spec = {**old.spec, **{key: patch[key] for key in CHANGEABLE if patch.get(key) is not None}}
    _check(spec)
    spec["options"] = [_option(option, n) for n, option in enumerate(spec["options"])]
    return from_spec({**spec, "updatedAt": iso(now)})


def built_in(name: str, kind: str, field_type: str, label: str, group: str, **more: Any) -> Property:
    """A property that every portal has. `more` are members of the definition; readOnlyValue is one of them."""
    read_only = more.pop("readOnlyValue", False)
    values = more.pop("values", ())
    spec = {
        "updatedAt": "2020-06-30T15:57:35.997Z",
        "createdAt": "2020-06-30T15:57:35.997Z",
        "name": name,
        "label": label,
        "type": kind,
        "fieldType": field_type,
        "description": "",
        "groupName": group,
        "options": [_option({"label": _words(value), "value": value}, n) for n, value in enumerate(values)],
        "displayOrder": -1,
        "calculated": False,
        "externalOptions": False,
        "archived": False,
        "hasUniqueValue": False,
        "hidden": False,
        "hubspotDefined": True,
        "modificationMetadata": {"archivable": False, "readOnlyDefinition": True, "readOnlyValue": read_only},
        "formField": not read_only,
        "dataSensitivity": "non_sensitive",
    }
    return from_spec(spec | more)


def _check(egg: Mapping[str, Any]) -> None:
    missing = [key for key in ("name", "label", "type", "fieldType", "groupName") if not egg.get(key)]
    if missing:
        raise bad_request(f"Some required fields were not set: [{', '.join(missing)}]")
    if not NAME.fullmatch(str(egg["name"])) and "hubspotDefined" not in egg:
        raise bad_request(f"Property name {egg['name']} must be lower case letters, digits and underscores")
    for key, allowed in (("type", TYPES), ("fieldType", FIELD_TYPES)):
        if egg[key] not in allowed:
            raise bad_request(
                f"Cannot deserialize value of {key} from {egg[key]!r}: not one of {sorted(allowed)}"
            )
    if egg.get("hasUniqueValue") and egg["type"] not in ("string", "number"):
        raise bad_request("Only string and number properties can be unique")


def _option(option: Mapping[str, Any], order: int) -> dict[str, Any]:
    if "label" not in option or "value" not in option:
        raise bad_request("Every option needs a label and a value")
    return {
        "label": option["label"],
        "value": str(option["value"]),
        "description": option.get("description") or "",
        "displayOrder": option.get("displayOrder", order),
        "hidden": bool(option.get("hidden")),
    }


def _words(value: str) -> str:
    return value.replace("_", " ").capitalize()


def unknown(name: str) -> dict[str, Any]:
    """The problem of a value for a property that the portal does not know."""
    message = f'Property "{name}" does not exist'
    return {"isValid": False, "message": message, "error": "PROPERTY_DOESNT_EXIST", "name": name}


def unknown_unique(name: str) -> Refusal:
    """A lookup by a property that does not exist or is not unique."""
    problem = f'Property "{name}" does not exist or is not a unique identifier'
    return invalid([{"isValid": False, "message": problem, "error": "INVALID_UNIQUE_PROPERTY", "name": name}])
