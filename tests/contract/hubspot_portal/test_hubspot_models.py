"""Every member of every answer is one that the vendor's own models know, of the type that they say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib import import_module
from typing import Any

import pytest

from .house import House, company

# What HubSpot's API answers by now and the models of the client library do not have yet.
NEWER = {
    "crm.objects": {"url"},
    "crm.properties": {"dataSensitivity", "numberDisplayHint"},
    "crm.schemas": {
        "dataSensitivity",
        "cardinality",
        "inverseCardinality",
        "restorable",
        "metaType",
        "portalId",
    },
    "crm.lists": {"additionalProperties"},
}
NUMBERS = {"toObjectId"}  # a number on the wire of the fourth version, and a text in its models
PLAIN = {"str": str, "int": int, "float": (int, float), "bool": bool, "object": object}


def faults(package: str, kind: str, value: Any, where: str = "$") -> Iterator[str]:
    """Where a value is not what the model of a package says."""
    inner = re.fullmatch(r"(list|dict)\[(?:str, )?(.+)\]", kind)
    if value is None:
        return
    if inner and inner[1] == "list":
        for n, each in enumerate(value):
            yield from faults(package, inner[2], each, f"{where}[{n}]")
    elif inner:
        for name, each in value.items():
            yield from faults(package, inner[2], each, f"{where}.{name}")
    elif kind == "datetime":
        datetime.fromisoformat(value)
    elif kind in PLAIN:
        if not isinstance(value, PLAIN[kind]):
            yield f"{where} is {value!r}, not {kind}"
    else:
        yield from _members(package, kind, value, where)


def _members(package: str, kind: str, value: Mapping[str, Any], where: str) -> Iterator[str]:
    model = getattr(import_module(f"hubspot.{package}"), kind)
    names = {json: own for own, json in model.attribute_map.items()}
    for json, each in value.items():
        if json in NUMBERS and isinstance(each, int):
            continue
        if json in names:
            yield from faults(package, model.openapi_types[names[json]], each, f"{where}.{json}")
        elif json not in NEWER.get(package, set()):
            yield f"{where}.{json} is unknown to {kind}"
    given = {names[json]: each for json, each in value.items() if json in names}
    try:
        model(**given)  # raises for a required member that is not there
    except ValueError as error:
        yield f"{where}: {error}"


@pytest.fixture
def full(unlimited: House) -> House:
    """A portal with something of everything."""
    house = unlimited
    house.load(
        "owners", {"id": "1", "email": "o@x.test", "teams": [{"id": "7", "name": "T", "primary": True}]}
    )
    house.load("companies", company(1, name="A", cs_key="k"), company(2), company(3))
    house.load("contacts", company(20, associatedcompanyid="1"), company(21))
    house.call("DELETE", "/crm/v3/objects/companies/3")
    text = {"type": "string", "fieldType": "text"}
    egg = {
        "name": "thing",
        "labels": {"singular": "Thing", "plural": "Things"},
        "primaryDisplayProperty": "title",
        "requiredProperties": [],
        "properties": [{"name": "title", "label": "Title", **text}],
        "associatedObjects": ["COMPANY"],
    }
    house.post("/crm/v3/schemas", egg)
    house.post("/crm/v3/lists", {"name": "L", "objectTypeId": "0-2", "processingType": "MANUAL"})
    house.call("PUT", "/crm/v3/lists/1/memberships/add", ["1"])
    return house


OBJECTS, LINKS = "crm.objects", "crm.associations.v4"
ONE, MANY = {"inputs": [{"id": "1"}]}, {"inputs": [{"id": "1"}, {"id": "99"}]}
CASES: list[tuple[str, str, Any, str, str]] = [
    (
        "GET",
        "objects/companies?limit=1",
        None,
        OBJECTS,
        "CollectionResponseSimplePublicObjectWithAssociationsForwardPaging",
    ),
    (
        "GET",
        "objects/companies?archived=true",
        None,
        OBJECTS,
        "CollectionResponseSimplePublicObjectWithAssociationsForwardPaging",
    ),
    (
        "GET",
        "objects/companies/1?associations=contacts&propertiesWithHistory=name",
        None,
        OBJECTS,
        "SimplePublicObjectWithAssociations",
    ),
    ("POST", "objects/companies", {"properties": {"name": "B"}}, OBJECTS, "SimplePublicObject"),
    (
        "POST",
        "objects/companies/search",
        {},
        OBJECTS,
        "CollectionResponseWithTotalSimplePublicObjectForwardPaging",
    ),
    ("POST", "objects/companies/batch/read", ONE, OBJECTS, "BatchResponseSimplePublicObject"),
    ("POST", "objects/companies/batch/read", MANY, OBJECTS, "BatchResponseSimplePublicObjectWithErrors"),
    (
        "POST",
        "objects/companies/batch/upsert",
        {"inputs": [{"id": "k", "idProperty": "cs_key", "properties": {}}]},
        OBJECTS,
        "BatchResponseSimplePublicUpsertObject",
    ),
    (
        "POST",
        "objects/companies/merge",
        {"primaryObjectId": "1", "objectIdToMerge": "2"},
        OBJECTS,
        "SimplePublicObject",
    ),
    (
        "GET",
        "v4/objects/contacts/20/associations/companies?limit=1",
        None,
        LINKS,
        "CollectionResponseMultiAssociatedObjectWithLabelForwardPaging",
    ),
    (
        "POST",
        "v4/associations/contacts/companies/batch/read",
        {"inputs": [{"id": "20"}]},
        LINKS,
        "BatchResponsePublicAssociationMultiWithLabel",
    ),
    (
        "POST",
        "v4/associations/contacts/companies/batch/read",
        {"inputs": [{"id": "21"}, {"id": "20"}]},
        LINKS,
        "BatchResponsePublicAssociationMultiWithLabelWithErrors",
    ),
    (
        "PUT",
        "v4/objects/contacts/21/associations/default/companies/1",
        None,
        LINKS,
        "BatchResponsePublicDefaultAssociation",
    ),
    (
        "GET",
        "v4/associations/contacts/companies/labels",
        None,
        "crm.associations.v4.schema",
        "CollectionResponseAssociationSpecWithLabelNoPaging",
    ),
    ("GET", "properties/companies", None, "crm.properties", "CollectionResponsePropertyNoPaging"),
    ("GET", "properties/companies/groups", None, "crm.properties", "CollectionResponsePropertyGroupNoPaging"),
    ("GET", "schemas", None, "crm.schemas", "CollectionResponseObjectSchemaNoPaging"),
    ("GET", "pipelines/deals", None, "crm.pipelines", "CollectionResponsePipelineNoPaging"),
    ("GET", "pipelines/tickets/0/stages", None, "crm.pipelines", "CollectionResponsePipelineStageNoPaging"),
    ("GET", "owners?limit=1", None, "crm.owners", "CollectionResponsePublicOwnerForwardPaging"),
    ("GET", "lists/1", None, "crm.lists", "ListFetchResponse"),
    ("POST", "lists/search", {}, "crm.lists", "ListSearchResponse"),
    ("GET", "lists/1/memberships", None, "crm.lists", "ApiCollectionResponseJoinTimeAndRecordId"),
    ("GET", "objects/companies/999", None, OBJECTS, "Error"),
    ("POST", "objects/companies", {"properties": {"no": "x"}}, OBJECTS, "Error"),
]


@pytest.mark.parametrize(("method", "path", "body", "package", "model"), CASES, ids=[c[1] for c in CASES])
def test_answers_are_what_the_models_say(
    full: House, method: str, path: str, body: Any, package: str, model: str
) -> None:
    address = f"/crm/{path}" if path.startswith("v4") else f"/crm/v3/{path}"
    answer = full.call(method, address, body)
    found = answer.json()
    if model == "Error":
        found.pop("status")  # an older member that every error still has
        for each in found.get("errors", ()):
            each.pop("context", None)
    assert list(faults(package, model, found)) == []
