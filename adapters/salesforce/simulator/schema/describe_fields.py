"""What a field looks like in a describe."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from .schema import TEXTS, Field, ObjectType
from .told import over

SOAP = {"boolean": "xsd:boolean", "int": "xsd:int", "date": "xsd:date", "datetime": "xsd:dateTime"}
SOAP |= {"id": "tns:ID", "reference": "tns:ID", "double": "xsd:double", "currency": "xsd:double"}
SOAP |= {"percent": "xsd:double", "address": "urn:address", "base64": "xsd:base64Binary", "time": "xsd:time"}
SYSTEM = frozenset({"CreatedById", "LastModifiedById", "MasterRecordId", "OwnerId"})
STAMPED = (SYSTEM | {"Id", "CreatedDate", "LastModifiedDate", "SystemModstamp"}) - {"MasterRecordId"}
UNUSED: dict[str, Any] = {
    "aiPredictionField": False,
    "defaultValueFormula": None,
    "deprecatedAndHidden": False,
    "displayLocationInDecimal": False,
    "encrypted": False,
    "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False,
    "highScaleNumber": False,
    "mask": None,
    "maskType": None,
    "referenceTargetField": None,
    "restrictedDelete": False,
    "writeRequiresMasterRead": False,
}


def shown(field: Field, obj: ObjectType) -> dict[str, Any]:
    """Every property of a field, sorted by name as the answers of Salesforce are."""
    about = UNUSED | _about(field, obj) | _size(field) | _search(field) | _target(field) | _intake(field, obj)
    return dict(sorted(over(about, field.told).items()))


def _about(field: Field, obj: ObjectType) -> dict[str, Any]:
    return {
        "autoNumber": field.number_format is not None,
        "calculated": field.formula is not None,
        "calculatedFormula": field.formula,
        "caseSensitive": field.case_sensitive,
        "compoundFieldName": field.compound,
        "controllerName": field.controller,
        "custom": field.custom,
        "dependentPicklist": field.controller is not None,
        "externalId": field.external_id,
        "extraTypeInfo": _extra(field, obj),
        "htmlFormatted": field.notes.get("type") == "Html",
        "inlineHelpText": field.help,
        "label": _label(field, obj),
        "name": field.name,
        "nameField": field.name_field,
        "picklistValues": _values(field, obj),
        "restrictedPicklist": field.restricted,
        "soapType": SOAP.get(field.type, "xsd:string"),
        "type": field.type,
        "unique": field.unique,
    }


def _label(field: Field, obj: ObjectType) -> str:
    if field.type != "id":
        return field.label
    return "Record ID" if obj.custom else f"{obj.label} ID"


def _extra(field: Field, obj: ObjectType) -> str | None:
    if field.type == "textarea":
        return "richtextarea" if field.notes.get("type") == "Html" else "plaintextarea"
    if field.name == "PhotoUrl":
        return "imageurl"
    return _person(field, obj)


def _person(field: Field, obj: ObjectType) -> str | None:
    """A name that is, or is a part of, that of a person."""
    whole = field.name_field and not field.custom
    if obj.name == "Account":
        return "switchablepersonname" if whole else None
    parts = field.compound == "Name" or (whole and "lastname" in obj.fields and obj.writable)
    return "personname" if parts else None


def _size(field: Field) -> dict[str, Any]:
    return {
        "byteLength": field.length * 3 if field.type in TEXTS else field.length,
        "digits": field.precision if field.type == "int" else 0,
        "length": field.length,
        "precision": 0 if field.type == "int" else field.precision,
        "scale": field.scale,
    }


def _search(field: Field) -> dict[str, Any]:
    """What queries may do with the field."""
    long = field.type == "textarea" and field.length > 255
    whole = not long and field.type != "address"
    named = field.name_field and field.compound is None and not (field.read_only or field.formula)
    return {
        "aggregatable": whole and field.type not in {"boolean", "multipicklist"},
        "filterable": not long,
        "groupable": whole
        and field.type not in {"double", "currency", "percent", "datetime", "multipicklist"},
        "idLookup": field.type == "id" or field.indexed or named,
        "queryByDistance": field.type == "address",
        "searchPrefilterable": field.type == "reference" and field.name not in SYSTEM,
        "sortable": whole and field.type != "multipicklist",
    }


def _target(field: Field) -> dict[str, Any]:
    several = len(field.refers_to) > 1
    return {
        "cascadeDelete": field.cascade,
        "namePointing": several,
        "polymorphicForeignKey": several,
        "referenceTo": list(field.refers_to),
        "relationshipName": field.relationship,
        "relationshipOrder": 0 if field.cascade and field.required and field.custom else None,
    }


def _intake(field: Field, obj: ObjectType) -> dict[str, Any]:
    """What may be written, and what a new record gets."""
    settable = field.writable and obj.writable
    apart = field.required or field.name in SYSTEM or field.compound == "Name"
    ruled = (settable and not apart) or field.type == "address"
    return {
        "createable": settable and obj.access.create,
        "defaultValue": bool(field.default) if field.type == "boolean" else field.default,
        "defaultedOnCreate": _defaulted(field),
        "nillable": field.nillable,
        "permissionable": field.permissionable if field.custom else ruled,
        "updateable": settable and not field.create_only and obj.access.edit,
    }


def _defaulted(field: Field) -> bool:
    given = field.type == "boolean" or field.default is not None or bool(field.number_format)
    return given or field.name in STAMPED


def _values(field: Field, obj: ObjectType) -> list[dict[str, Any]]:
    labels, under = dict(field.labels), dict(field.valid_for)
    controller = obj.fields.get((field.controller or "").lower())
    return [
        {
            "active": True,
            "defaultValue": value == field.default,
            "label": labels.get(value, value),
            "validFor": _valid_for(controller, under.get(value, ())) if controller else None,
            "value": value,
        }
        for value in field.values
    ]


def _valid_for(controller: Field, under: tuple[str, ...]) -> str:
    """The controlling values as Salesforce packs them: base64 of one bit each, the first bit the highest."""
    order = ("false", "true") if controller.type == "boolean" else controller.values
    bits = bytearray((len(order) + 7) // 8)
    for at, value in enumerate(order):
        if value in under:
            bits[at // 8] |= 0x80 >> at % 8
    return b64encode(bytes(bits)).decode()
