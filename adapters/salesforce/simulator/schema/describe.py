"""What an object and its fields look like to clients.

The set of keys is that of recorded describes and of version 66.0's documentation; where a real org's describe is
loaded, what it says of an object or a field otherwise than we would (`told`) wins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..writing.cascade import RESTRICTING, WITH_PARENT
from .describe_fields import shown
from .schema import Field, ObjectType, RecordType, Schema
from .told import over, placed

MASTER = "012000000000000AAA"


def describe_global(schema: Schema, version: str, base: str = "") -> dict[str, Any]:
    """The list of objects that the integration user may read, by name."""
    known = {o.name: summary(o, version, base) for o in schema.objects.values() if o.access.read}
    told = {n: placed(s, version, base) for n, s in schema.listed.items() if n.lower() not in schema.objects}
    return {
        "encoding": "UTF-8",
        "maxBatchSize": 200,
        "sobjects": [one for _, one in sorted((known | told).items())],
    }


def summary(obj: ObjectType, version: str, base: str = "") -> dict[str, Any]:
    """The flags of an object, as they stand in the list of objects."""
    return over(_flags(obj) | {"urls": _urls(obj, version)}, obj.told.get("summary", {}), version, base)


def _flags(obj: ObjectType) -> dict[str, Any]:
    keeps = "isdeleted" not in obj.fields
    access = obj.access
    return {
        "activateable": False,
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": obj.writable and access.create,
        "custom": obj.custom,
        "customSetting": False,
        "deepCloneable": False,
        "deletable": obj.writable and obj.deletable and access.delete,
        "deprecatedAndHidden": False,
        "feedEnabled": obj.writable,
        "hasSubtypes": False,
        "isInterface": False,
        "isSubtype": False,
        "keyPrefix": obj.prefix,
        "label": obj.label,
        "labelPlural": obj.plural,
        "layoutable": True,
        "mergeable": obj.name in {"Account", "Contact", "Case", "Lead"},
        "mruEnabled": obj.writable,
        "name": obj.name,
        "queryable": True,
        "replicateable": not keeps,
        "retrieveable": True,
        "searchable": obj.writable,
        "triggerable": obj.writable,
        "undeletable": obj.writable and not keeps and access.delete,
        "updateable": obj.writable and access.edit,
    }


def _urls(obj: ObjectType, version: str) -> dict[str, str]:
    url = f"/services/data/v{version}/sobjects/{obj.name}"
    lists = (
        {} if obj.custom else {"listviews": f"{url}/listviews"}
    )  # a custom object has some once it has a tab
    return lists | {
        "compactLayouts": f"{url}/describe/compactLayouts",
        "rowTemplate": f"{url}/{{ID}}",
        "approvalLayouts": f"{url}/describe/approvalLayouts",
        "describe": f"{url}/describe",
        "quickActions": f"{url}/quickActions",
        "layouts": f"{url}/describe/layouts",
        "sobject": url,
    }


def _pages(obj: ObjectType, base: str) -> dict[str, str]:
    """Where people find the object; only a describe tells."""
    return {
        "uiDetailTemplate": f"{base}/{{ID}}",
        "uiEditTemplate": f"{base}/{{ID}}/e",
        "uiNewRecord": f"{base}/{obj.prefix}/e",
    }


def describe(schema: Schema, obj: ObjectType, version: str, base: str = "") -> dict[str, Any]:
    """All about an object as the integration user sees it."""
    layout = f"/services/data/v{version}/sobjects/{obj.name}/describe/layouts"
    own = _flags(obj) | {
        "actionOverrides": [],
        "childRelationships": _children(schema, obj),
        "compactLayoutable": True,
        "defaultImplementation": None,
        "extendedBy": None,
        "extendsInterfaces": None,
        "fields": [shown(f, obj) for f in obj.visible],
        "implementedBy": None,
        "implementsInterfaces": None,
        "listviewable": None,
        "lookupLayoutable": None,
        "namedLayoutInfos": [],
        "networkScopeFieldName": None,
        "recordTypeInfos": list(_record_types(obj, layout)),
        "searchLayoutable": True,
        "sobjectDescribeOption": "FULL",
        "supportedScopes": _scopes(schema, obj),
        "urls": _urls(obj, version) | _pages(obj, base),
    }
    return over(own, obj.told.get("describe", {}), version, base)


def _scopes(schema: Schema, obj: ObjectType) -> list[dict[str, str]]:
    named = obj.plural.lower()
    scopes = [{"label": f"All {named}", "name": "everything"}]
    if "ownerid" in obj.fields:
        scopes.append({"label": f"My {named}", "name": "mine"})
    if f"{obj.name}teammember".lower() in schema.objects:
        scopes.append({"label": f"My team's {named}", "name": "team"})
    return scopes


def _record_types(obj: ObjectType, layout: str) -> Iterator[dict[str, Any]]:
    """Those of the object, and the master that every object has."""
    kinds = list(obj.record_types.values())
    master = RecordType(MASTER, "Master", "Master", default=not any(k.default for k in kinds))
    for kind in (*kinds, master):
        yield {
            "active": kind.active,
            "available": kind.available,
            "defaultRecordTypeMapping": kind.default,
            "developerName": kind.name,
            "master": kind.id == MASTER,
            "name": kind.label,
            "recordTypeId": kind.id,
            "urls": {"layout": f"{layout}/{kind.id}"},
        }


def child_pairs(schema: Schema, obj: ObjectType) -> frozenset[tuple[str, str]]:
    """The objects and fields that refer to an object, as far as the user may see them."""
    return frozenset(_seen_children(schema, obj))


def _seen_children(schema: Schema, obj: ObjectType) -> dict[tuple[str, str], Field]:
    seen = (
        c for c in schema.children(obj.name) if c.field.seen and schema.objects[c.object.lower()].access.read
    )
    return {(c.object, c.field.name): c.field for c in seen if c.field.name != "MasterRecordId"}


def _children(schema: Schema, obj: ObjectType) -> list[dict[str, Any]]:
    """What was told, but for references that are gone by now, and the references that came since."""
    seen, known = _seen_children(schema, obj), obj.told.get("known", frozenset())
    told = [c for c in obj.told.get("children", ()) if _pair(c) in seen or _pair(c) not in known]
    new = seen.keys() - known - {_pair(c) for c in told}
    return [*told, *(_child(pair, seen[pair]) for pair in sorted(new))]


def _pair(child: Mapping[str, Any]) -> tuple[str, str]:
    return child["childSObject"], child["field"]


def _child(pair: tuple[str, str], field: Field) -> dict[str, Any]:
    return {
        "cascadeDelete": field.cascade,
        "childSObject": pair[0],
        "deprecatedAndHidden": False,
        "field": pair[1],
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": field.children,
        "restrictedDelete": f"{pair[0]}.{pair[1]}" in RESTRICTING | WITH_PARENT,
    }
