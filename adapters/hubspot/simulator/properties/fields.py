"""Property definitions: what a portal knows of each property, and what a new definition must look like."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import bad_request, unsimulated
from ..times import iso

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
    "calculationFormula",
    "currencyPropertyName",
    "numberDisplayHint",
    "textDisplayHint",
    "showCurrencySymbol",
)
# Which controls show which type of value.
_CONTROLS = {
    "string": {"text", "textarea", "html", "file", "phonenumber"},
    "number": {"number"},
    "date": {"date"},
    "datetime": {"date"},
    "bool": {"booleancheckbox"},
    "enumeration": {"select", "radio", "checkbox", "booleancheckbox"},
    "phone_number": {"phonenumber"},
}
_YES_NO = ({"label": "Yes", "value": "true"}, {"label": "No", "value": "false"})
MOST_UNIQUE, LONGEST_LABEL = 10, 255


@dataclass(frozen=True, slots=True)
class Property:
    """`spec` is the definition as the API shows it; the rest is read from it."""

    name: str
    type: str
    multiple: bool
    unique: bool
    read_only: bool
    reference: str
    calculated: bool
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
        calculated=bool(spec.get("calculated")),
        values=values,
        spec=spec,
    )


def defined(egg: Mapping[str, Any], now: int, user: str) -> Property:
    """A property made by an admin, with values of its own kind. Raises Refusal for what cannot be one."""
    _check(egg)
    calculated = egg["fieldType"].startswith("calculation_")
    options = egg.get("options") or (_YES_NO if egg["type"] == "bool" else ())
    spec = {
        "updatedAt": iso(now),
        "createdAt": iso(now),
        "name": egg["name"],
        "label": egg["label"],
        "type": egg["type"],
        "fieldType": egg["fieldType"],
        "description": egg.get("description") or "",
        "groupName": egg["groupName"],
        "options": [_option(option, n) for n, option in enumerate(options)],
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
        "showCurrencySymbol": bool(egg.get("showCurrencySymbol")),
        "dataSensitivity": egg.get("dataSensitivity", "non_sensitive"),
    }
    more = ("referencedObjectType", "calculationFormula", "currencyPropertyName", "numberDisplayHint")
    spec |= {key: egg[key] for key in more if egg.get(key)}
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
        "hasUniqueValue": False,
        "hidden": False,
        "hubspotDefined": True,
        "modificationMetadata": {"archivable": False, "readOnlyDefinition": True, "readOnlyValue": read_only},
        "formField": not read_only,
        "dataSensitivity": "non_sensitive",
    }
    return from_spec(spec | more)


def simulated(egg: Mapping[str, Any]) -> None:
    """Raises Refusal 501 for a new property whose values would have to be calculated here."""
    if str(egg.get("fieldType", "")).startswith("calculation_"):
        raise unsimulated("calculated properties made by API")


def _check(egg: Mapping[str, Any]) -> None:
    missing = [key for key in ("name", "label", "type", "fieldType", "groupName") if not egg.get(key)]
    if missing:
        raise bad_request(f"Some required fields were not set: [{', '.join(missing)}]")
    ours = "hubspotDefined" in egg
    if not NAME.fullmatch(str(egg["name"])) and not ours:
        raise bad_request(f"Property name {egg['name']} must be lower case letters, digits and underscores")
    for key, allowed in (("type", TYPES), ("fieldType", FIELD_TYPES)):
        if egg[key] not in allowed:
            raise bad_request(
                f"Cannot deserialize value of {key} from {egg[key]!r}: not one of {sorted(allowed)}"
            )
    if egg.get("hasUniqueValue") and egg["type"] not in ("string", "number"):
        raise bad_request("Only string and number properties can be unique")
    if not ours:
        _check_control(egg)
        _check_options(egg)


def _check_control(egg: Mapping[str, Any]) -> None:
    control = str(egg["fieldType"])
    allowed = _CONTROLS.get(str(egg["type"]))
    if allowed is not None and control not in allowed and not control.startswith("calculation_"):
        raise bad_request(f"Field type {control} is not valid for the type {egg['type']}")
    if len(str(egg["label"])) > LONGEST_LABEL:
        raise bad_request(f"The label must not be longer than {LONGEST_LABEL} characters")


def _check_options(egg: Mapping[str, Any]) -> None:
    options = egg.get("options") or ()
    if egg["type"] == "enumeration" and not options and not egg.get("externalOptions"):
        raise bad_request(f"Property {egg['name']} of type enumeration must have options")
    values = [str(option.get("value")) for option in options]
    if len(values) != len(set(values)):
        raise bad_request(f"The options of property {egg['name']} must have unique values")


def _option(option: Mapping[str, Any], order: int) -> dict[str, Any]:
    if "label" not in option or "value" not in option:
        raise bad_request("Every option needs a label and a value")
    return {
        "label": option["label"],
        "value": str(option["value"]),
        "description": option.get("description") or "",
        "displayOrder": order if option.get("displayOrder") is None else option["displayOrder"],
        "hidden": bool(option.get("hidden")),
    }


def _words(value: str) -> str:
    return value.replace("_", " ").capitalize()


def unknown(name: str) -> dict[str, Any]:
    """The problem of a value for a property that the portal does not know."""
    message = f'Property "{name}" does not exist'
    return {"isValid": False, "message": message, "error": "PROPERTY_DOESNT_EXIST", "name": name}
