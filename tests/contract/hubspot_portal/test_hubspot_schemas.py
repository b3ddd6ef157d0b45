"""Properties, groups, custom objects, and what the limits endpoints count."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hubspot.crm.schemas import ObjectTypeDefinitionPatch

from .house import House, company

PROPERTIES = "/crm/v3/properties/companies"
SCHEMAS = "/crm-object-schemas/v3/schemas"
TEXT = {"type": "string", "fieldType": "text"}
EGG: dict[str, Any] = {
    "name": "contract",
    "labels": {"singular": "Contract", "plural": "Contracts"},
    "primaryDisplayProperty": "title",
    "requiredProperties": ["title"],
    "properties": [{"name": "title", "label": "Title", **TEXT}, {"name": "note", "label": "Note", **TEXT}],
    "associatedObjects": ["COMPANY"],
}


def egg(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": name, "groupName": "cs_health", **TEXT, **more}


def test_an_archived_name_is_taken_up_again(house: House) -> None:
    first = house.post(PROPERTIES, egg("colour"))
    assert house.call("POST", PROPERTIES, egg("colour")).status_code == 409
    house.call("POST", "/crm/v3/objects/companies", {"properties": {"colour": "red"}})
    house.clock.advance(timedelta(days=1))
    assert house.call("DELETE", f"{PROPERTIES}/colour").status_code == 204
    assert house.call("GET", f"{PROPERTIES}/colour").status_code == 404
    assert house.call("GET", f"{PROPERTIES}/colour?archived=true").json()["archived"] is True
    again = house.post(PROPERTIES, egg("colour", label="Colour"))
    assert (again["label"], again["createdAt"]) == ("Colour", first["createdAt"])
    assert again["updatedAt"] > first["updatedAt"]


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        (egg("Upper"), 400),
        (egg("no_group", groupName="none"), 400),
        (egg("cs_key"), 409),
        (egg("odd", type="money"), 400),
        (egg("odd", type="number"), 400),  # a number in a text field
        (egg("odd", type="enumeration", fieldType="select"), 400),
        (
            egg(
                "odd",
                type="enumeration",
                fieldType="select",
                options=[{"label": n, "value": "v"} for n in "ab"],
            ),
            400,
        ),
        (egg("odd", type="date", fieldType="date", hasUniqueValue=True), 400),
        (egg("odd", type="number", fieldType="calculation_equation", calculationFormula="1 + 1"), 501),
        ({"name": "odd"}, 400),
    ],
)
def test_properties_that_cannot_be(house: House, wanted: dict[str, Any], status: int) -> None:
    answer = house.call("POST", PROPERTIES, wanted)
    assert (answer.status_code, answer.json()["status"]) == (status, "error")
    if status == 409:
        assert answer.json()["subCategory"] == "Properties.PROPERTY_WITH_NAME_EXISTS"
    assert len(house.world.ledger) == 0


def test_ten_properties_of_an_object_are_unique_at_most(house: House) -> None:
    for n in range(9):
        house.post(PROPERTIES, egg(f"key_{n}", hasUniqueValue=True))
    assert house.call("POST", PROPERTIES, egg("key_more", hasUniqueValue=True)).status_code == 400
    changed = house.call("PATCH", f"{PROPERTIES}/key_1", {"hasUniqueValue": False, "label": "Key"}).json()
    assert (changed["hasUniqueValue"], changed["label"]) == (True, "Key")


def test_a_batch_of_properties_makes_what_can_be_made(house: House) -> None:
    answer = house.call("POST", f"{PROPERTIES}/batch/create", {"inputs": [egg("one"), egg("cs_key")]})
    assert (answer.status_code, answer.json()["numErrors"]) == (207, 1)
    assert [p["name"] for p in answer.json()["results"]] == ["one"]
    read = house.call("POST", f"{PROPERTIES}/batch/read", {"inputs": [{"name": "one"}, {"name": "two"}]})
    assert (read.status_code, len(read.json()["results"])) == (207, 1)
    house.call("POST", f"{PROPERTIES}/batch/archive", {"inputs": [{"name": "one"}, {"name": "two"}]})
    assert house.call("GET", f"{PROPERTIES}/one").status_code == 404


def test_options_are_replaced_as_a_whole(house: House) -> None:
    options = [{"label": "Amber", "value": "amber"}]
    changed = house.call("PATCH", f"{PROPERTIES}/cs_health_band", {"options": options}).json()
    assert [option["value"] for option in changed["options"]] == ["amber"]
    write = {"properties": {"cs_health_band": "green"}}
    assert "INVALID_OPTION" in house.call("POST", "/crm/v3/objects/companies", write).text
    kept = house.call("PATCH", f"{PROPERTIES}/cs_health_band", {"label": "Band now"}).json()
    assert [option["value"] for option in kept["options"]] == ["amber"]


def test_a_group_with_properties_stays(house: House) -> None:
    groups = f"{PROPERTIES}/groups"
    house.post(groups, {"name": "own", "label": "Own"})
    house.post(PROPERTIES, egg("colour", groupName="own"))
    refused = house.call("DELETE", f"{groups}/own")
    inner = json.loads(refused.json()["message"])
    assert (refused.status_code, inner["subCategory"]) == (
        400,
        "PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES",
    )
    house.call("DELETE", f"{PROPERTIES}/colour")
    assert house.call("DELETE", f"{groups}/own").status_code == 204
    assert house.call("GET", f"{groups}/own").status_code == 404
    assert house.post(groups, {"name": "own", "label": "New"})["label"] == "New"


def test_a_scope_for_schemas_is_needed_to_change_them(house: House) -> None:
    house.portal.control({"scopes": ["crm.objects.companies.read", "crm.objects.companies.write"]})
    assert house.call("GET", PROPERTIES).status_code == 200
    answer = house.call("POST", PROPERTIES, egg("colour"))
    assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")
    house.portal.control({"scopes": ["crm.schemas.companies.write", "crm.schemas.companies.read"]})
    assert house.call("POST", PROPERTIES, egg("colour")).status_code == 201
    assert house.call("GET", "/crm/limits/2026-09/custom-properties").status_code == 403


def test_a_custom_object_is_described_changed_and_deleted(house: House) -> None:
    made = house.post(SCHEMAS, EGG)
    kind = made["objectTypeId"]
    assert made["fullyQualifiedName"] == f"p{house.portal.credentials()['portal_id']}_contract"
    tied = {(a["fromObjectTypeId"], a["toObjectTypeId"]) for a in made["associations"]}
    ends = ("0-2", "0-27", "0-46", "0-47", "0-48", "0-49")
    assert tied == {(kind, end) for end in ends} | {(end, kind) for end in ends}
    objects = f"/crm/v3/objects/{kind}"
    assert house.call("POST", objects, {"properties": {"note": "x"}}).status_code == 400
    record = house.post(objects, {"properties": {"title": "A"}})
    assert house.call("GET", "/crm/v3/objects/contract").status_code == 400  # its bare name is no address
    api = house.client().crm.schemas.core_api
    patch = ObjectTypeDefinitionPatch(required_properties=["title", "note"], description="Papers")
    changed = api.update(kind, patch)
    assert (changed.description, changed.required_properties) == ("Papers", ["title", "note"])
    assert house.call("POST", objects, {"properties": {"title": "B"}}).status_code == 400
    assert house.call("DELETE", f"{SCHEMAS}/{kind}").status_code == 400
    house.call("DELETE", f"{objects}/{record['id']}")
    assert house.call("DELETE", f"{SCHEMAS}/{kind}").status_code == 204
    assert house.call("GET", objects).status_code == 400
    assert house.call("GET", "/crm/v4/associations/companies/tasks/labels").status_code == 200
    assert house.call("GET", f"/crm/v4/associations/companies/{kind}/labels").status_code == 400


def test_custom_objects_are_tied_to_others(house: House) -> None:
    kind = house.post(SCHEMAS, EGG)["objectTypeId"]
    joint = {"fromObjectTypeId": kind, "toObjectTypeId": "0-5", "name": "contract_to_ticket"}
    made = house.call("POST", f"{SCHEMAS}/{kind}/associations", joint)
    assert (made.status_code, made.json()["toObjectTypeId"]) == (201, "0-5")
    assert house.call("POST", f"{SCHEMAS}/{kind}/associations", joint).status_code == 409
    one = house.post(f"/crm/v3/objects/{kind}", {"properties": {"title": "A"}})["id"]
    house.load("tickets", company(1, subject="T"))
    link = f"/crm/v4/objects/{kind}/{one}/associations"
    assert house.call("PUT", f"{link}/default/tickets/1").status_code == 200
    path = f"{SCHEMAS}/{kind}/associations/{made.json()['id']}"
    assert house.call("DELETE", path).status_code == 204
    assert house.call("GET", f"{link}/tickets").json()["results"] == []
    assert house.call("PUT", f"{link}/default/tickets/1").status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "bad name"},
        {"primaryDisplayProperty": "none"},
        {"searchableProperties": ["none"]},
        {"associatedObjects": ["cats"]},
        {"properties": [{"name": "title", "label": "Title", "type": "money", "fieldType": "text"}]},
    ],
)
def test_custom_objects_that_cannot_be(house: House, wrong: dict[str, Any]) -> None:
    assert house.call("POST", SCHEMAS, {**EGG, **wrong}).status_code == 400
    assert house.post(SCHEMAS, EGG)["name"] == "contract"  # nothing of the refused one was left


def test_limits_count_what_is_there(house: House) -> None:
    house.post(SCHEMAS, EGG)
    house.load("companies", company(1), company(2))
    limits = "/crm/limits/2026-03"
    types = house.call("GET", f"{limits}/custom-object-types").json()
    assert types == {"limit": 20, "usage": 1, "percentage": 5.0}
    rows = house.call("GET", f"{limits}/custom-properties").json()["byObjectType"]
    assert {row["objectTypeId"]: row["usage"] for row in rows}["0-2"] == 4
    records = house.call("GET", "/crm/v3/limits/records").json()["hubspotDefinedObjectTypes"]
    assert {row["objectTypeId"]: row["usage"] for row in records}["0-2"] == 2
    assert house.call("GET", f"{limits}/pipelines").json()["hubspotDefinedObjectTypes"][0]["usage"] == 1
    assert house.call("GET", f"{limits}/associations/records/0-2/0-1").json()["totalRecordsAtLimit"] == 0
    assert house.call("GET", f"{limits}/calculated-properties").status_code == 501
