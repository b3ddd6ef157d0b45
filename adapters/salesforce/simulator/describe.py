"""What an object and its fields look like to clients."""

from __future__ import annotations

from typing import Any

from .schema import TEXTS, Field, ObjectType, Schema

SOAP = {"boolean": "xsd:boolean", "int": "xsd:int", "date": "xsd:date", "datetime": "xsd:dateTime"}
SOAP |= {"id": "tns:ID", "reference": "tns:ID", "double": "xsd:double", "currency": "xsd:double"}
SOAP |= {"percent": "xsd:double"}
MASTER = "012000000000000AAA"
UNUSED: dict[str, Any] = {
    "aiPredictionField": False,
    "compoundFieldName": None,
    "controllerName": None,
    "defaultValueFormula": None,
    "dependentPicklist": False,
    "deprecatedAndHidden": False,
    "displayLocationInDecimal": False,
    "encrypted": False,
    "extraTypeInfo": None,
    "filteredLookupInfo": None,
    "formulaTreatNullNumberAsZero": False,
    "highScaleNumber": False,
    "htmlFormatted": False,
    "mask": None,
    "maskType": None,
    "queryByDistance": False,
    "referenceTargetField": None,
    "relationshipOrder": None,
    "restrictedDelete": False,
    "writeRequiresMasterRead": False,
}


def describe_global(schema: Schema, version: str) -> dict[str, Any]:
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [summary(obj, version) for obj in sorted(schema.objects.values(), key=lambda o: o.name)],
    }


def summary(obj: ObjectType, version: str) -> dict[str, Any]:
    """The flags of an object, as they stand in the list of objects."""
    keeps = obj.field("IsDeleted") is None
    url = f"/services/data/v{version}/sobjects/{obj.name}"
    return {
        "activateable": False,
        "createable": obj.writable,
        "custom": obj.custom,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": obj.writable and not keeps,
        "deprecatedAndHidden": False,
        "feedEnabled": obj.writable,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": obj.prefix,
        "label": obj.label,
        "labelPlural": obj.plural,
        "layoutable": True,
        "mergeable": obj.name in {"Account", "Contact", "Case"},
        "mruEnabled": obj.writable,
        "name": obj.name,
        "queryable": True,
        "replicateable": not keeps,
        "retrieveable": True,
        "searchable": obj.writable,
        "triggerable": obj.writable,
        "undeletable": obj.writable and not keeps,
        "updateable": obj.writable,
        "urls": {
            "rowTemplate": f"{url}/{{ID}}",
            "describe": f"{url}/describe",
            "layouts": f"{url}/describe/layouts",
            "sobject": url,
        },
    }


def describe(schema: Schema, obj: ObjectType, version: str) -> dict[str, Any]:
    found = summary(obj, version)
    layout = f"{found['urls']['sobject']}/describe/layouts/{MASTER}"
    master = {"active": True, "available": True, "defaultRecordTypeMapping": True, "developerName": "Master"}
    master |= {"master": True, "name": "Master", "recordTypeId": MASTER, "urls": {"layout": layout}}
    return found | {
        "actionOverrides": [],
        "childRelationships": _children(schema, obj),
        "compactLayoutable": True,
        "fields": [_field(f, obj) for f in obj.fields.values()],
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": [master],
        "searchLayoutable": True,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": [{"label": f"All {obj.plural.lower()}", "name": "everything"}],
    }


def _children(schema: Schema, obj: ObjectType) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": child.field.cascade,
            "childSObject": child.object,
            "deprecatedAndHidden": False,
            "field": child.field.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": child.field.children,
            "restrictedDelete": False,
        }
        for child in schema.children(obj.name)
    ]


def _field(field: Field, obj: ObjectType) -> dict[str, Any]:
    """Every property of a field, sorted by name as the answers of Salesforce are."""
    about = UNUSED | _about(field, obj) | _size(field) | _search(field) | _target(field) | _intake(field, obj)
    return dict(sorted(about.items()))


def _about(field: Field, obj: ObjectType) -> dict[str, Any]:
    return {
        "autoNumber": field.number_format is not None,
        "calculated": field.formula is not None,
        "calculatedFormula": field.formula,
        "caseSensitive": field.case_sensitive,
        "custom": field.custom,
        "externalId": field.external_id,
        "inlineHelpText": field.help,
        "label": f"{obj.label} ID" if field.type == "id" else field.label,
        "name": field.name,
        "nameField": field.name_field,
        "picklistValues": [_value(v, field) for v in field.values],
        "restrictedPicklist": field.restricted,
        "soapType": SOAP.get(field.type, "xsd:string"),
        "type": field.type,
        "unique": field.unique,
    }


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
    return {
        "aggregatable": field.type not in {"boolean", "multipicklist"} and not long,
        "filterable": not long,
        "groupable": not long and field.type not in {"double", "currency", "percent", "datetime"},
        "idLookup": field.type == "id" or field.indexed or (field.name_field and not field.read_only),
        "searchPrefilterable": field.type == "reference",
        "sortable": not long and field.type != "multipicklist",
    }


def _target(field: Field) -> dict[str, Any]:
    return {
        "cascadeDelete": field.cascade,
        "namePointing": len(field.refers_to) > 1,
        "polymorphicForeignKey": len(field.refers_to) > 1,
        "referenceTo": list(field.refers_to),
        "relationshipName": field.relationship,
    }


def _intake(field: Field, obj: ObjectType) -> dict[str, Any]:
    """What may be written, and what a new record gets."""
    createable = field.writable and obj.writable
    return {
        "createable": createable,
        "defaultValue": False if field.type == "boolean" else field.default,
        "defaultedOnCreate": _defaulted(field),
        "nillable": field.nillable,
        "permissionable": createable and not field.required,
        "updateable": createable and not field.create_only,
    }


def _defaulted(field: Field) -> bool:
    system = {
        "Id",
        "CreatedDate",
        "CreatedById",
        "LastModifiedDate",
        "LastModifiedById",
        "SystemModstamp",
        "OwnerId",
    }
    return (
        field.type == "boolean"
        or field.default is not None
        or field.name in system
        or bool(field.number_format)
    )


def _value(value: str, field: Field) -> dict[str, Any]:
    return {
        "active": True,
        "defaultValue": value == field.default,
        "label": value,
        "validFor": None,
        "value": value,
    }
