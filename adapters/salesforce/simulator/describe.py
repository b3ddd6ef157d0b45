"""What an object and its fields look like to clients."""

from __future__ import annotations

from typing import Any

from .schema import TEXTS, Field, ObjectType, Schema

SOAP = {"boolean": "xsd:boolean", "int": "xsd:int", "date": "xsd:date", "datetime": "xsd:dateTime"}
SOAP |= {"id": "tns:ID", "reference": "tns:ID", "double": "xsd:double", "currency": "xsd:double"}
SOAP |= {"percent": "xsd:double"}
MASTER = "012000000000000AAA"


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
    text = field.type in TEXTS
    long = field.type == "textarea" and field.length > 255
    createable = field.writable and obj.writable
    return {
        "aggregatable": field.type not in {"boolean", "multipicklist"} and not long,
        "aiPredictionField": False,
        "autoNumber": field.number_format is not None,
        "byteLength": field.length * 3 if text else field.length,
        "calculated": field.formula is not None,
        "calculatedFormula": field.formula,
        "cascadeDelete": field.cascade,
        "caseSensitive": field.case_sensitive,
        "compoundFieldName": None,
        "controllerName": None,
        "createable": createable,
        "custom": field.custom,
        "defaultValue": False if field.type == "boolean" else field.default,
        "defaultValueFormula": None,
        "defaultedOnCreate": _defaulted(field),
        "dependentPicklist": False,
        "deprecatedAndHidden": False,
        "digits": field.precision if field.type == "int" else 0,
        "displayLocationInDecimal": False,
        "encrypted": False,
        "externalId": field.external_id,
        "extraTypeInfo": None,
        "filterable": not long,
        "filteredLookupInfo": None,
        "formulaTreatNullNumberAsZero": False,
        "groupable": not long and field.type not in {"double", "currency", "percent", "datetime"},
        "highScaleNumber": False,
        "htmlFormatted": False,
        "idLookup": field.type == "id" or field.indexed or (field.name_field and not field.read_only),
        "inlineHelpText": field.help,
        "label": f"{obj.label} ID" if field.type == "id" else field.label,
        "length": field.length,
        "mask": None,
        "maskType": None,
        "name": field.name,
        "nameField": field.name_field,
        "namePointing": len(field.refers_to) > 1,
        "nillable": field.nillable,
        "permissionable": createable and not field.required,
        "picklistValues": [_value(v, field) for v in field.values],
        "polymorphicForeignKey": len(field.refers_to) > 1,
        "precision": 0 if field.type == "int" else field.precision,
        "queryByDistance": False,
        "referenceTargetField": None,
        "referenceTo": list(field.refers_to),
        "relationshipName": field.relationship,
        "relationshipOrder": None,
        "restrictedDelete": False,
        "restrictedPicklist": field.restricted,
        "scale": field.scale,
        "searchPrefilterable": field.type == "reference",
        "soapType": SOAP.get(field.type, "xsd:string"),
        "sortable": not long and field.type != "multipicklist",
        "type": field.type,
        "unique": field.unique,
        "updateable": createable and not field.create_only,
        "writeRequiresMasterRead": False,
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
