"""Associations: labels, both versions, limits, pages, and whose date they leave alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hubspot.crm.associations import BatchInputPublicAssociation
from hubspot.crm.associations.v4.schema import (
    PublicAssociationDefinitionCreateRequest,
    PublicAssociationDefinitionUpdateRequest,
)

from .house import House, company

LABELS = "/crm/v4/associations/contacts/companies/labels"


def types(house: House, contact: int = 20) -> dict[int, set[int]]:
    """What a contact's companies are linked with."""
    found = house.call("GET", f"/crm/v4/objects/contacts/{contact}/associations/companies").json()["results"]
    return {end["toObjectId"]: {t["typeId"] for t in end["associationTypes"]} for end in found}


def test_labels_are_made_changed_and_deleted_by_the_client(house: House) -> None:
    house.load("companies", company(1))
    house.load("contacts", company(20))
    api = house.client().crm.associations.v4.schema.definitions_api
    asked = PublicAssociationDefinitionCreateRequest(name="boss", label="Boss", inverse_label="Has boss")
    one, other = api.create("contacts", "companies", asked).results
    assert (one.label, other.label, one.category) == ("Boss", "Has boss", "USER_DEFINED")
    spec = [{"associationCategory": "USER_DEFINED", "associationTypeId": one.type_id}]
    put = house.call("PUT", "/crm/v4/objects/contacts/20/associations/companies/1", spec)
    assert (put.status_code, put.json()["labels"]) == (201, ["Boss"])
    assert types(house) == {1: {1, 279, one.type_id}}
    words = PublicAssociationDefinitionUpdateRequest(association_type_id=one.type_id, label="Chief")
    api.update("contacts", "companies", words)
    assert "Chief" in {kind.label for kind in api.get_all("contacts", "companies").results}
    api.remove("contacts", "companies", one.type_id)
    assert types(house) == {1: {1, 279}}
    assert "Chief" not in {kind.label for kind in api.get_all("companies", "contacts").results}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", LABELS, {"name": "boss", "label": "Boss"}, 409),
        ("POST", LABELS, {"name": "b2", "label": "x" * 51}, 400),
        ("POST", LABELS, {"label": "Boss"}, 400),
        ("PUT", LABELS, {"associationTypeId": 279, "label": "Own"}, 404),
        ("DELETE", f"{LABELS}/279", None, 404),
        ("DELETE", f"{LABELS}/abc", None, 404),
    ],
)
def test_labels_that_cannot_be(house: House, method: str, path: str, body: Any, status: int) -> None:
    house.post(LABELS, {"name": "boss", "label": "Boss"})
    assert house.call(method, path, body).status_code == status


def test_there_are_fifty_labels_at_most(unlimited: House) -> None:
    for n in range(50):
        unlimited.post(LABELS, {"name": f"l{n}", "label": f"L {n}"})
    assert unlimited.call("POST", LABELS, {"name": "more", "label": "More"}).status_code == 400
    told = unlimited.call("GET", "/crm/limits/2026-03/associations/labels").json()["results"]
    assert {(r["usage"], r["limit"]) for r in told} == {(50, 50)}


def test_an_association_changes_nobodys_date(house: House) -> None:
    house.load("companies", company(1), company(2))
    house.load("contacts", company(20))
    house.clock.advance(timedelta(hours=1))
    for other in (1, 2):
        house.call("PUT", f"/crm/v4/objects/contacts/20/associations/default/companies/{other}")
    spec = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    house.call("PUT", "/crm/v4/objects/contacts/20/associations/companies/2", spec)
    assert types(house) == {1: {279}, 2: {1, 279}}
    for path in ("companies/1", "companies/2", "contacts/20"):
        assert house.call("GET", f"/crm/v3/objects/{path}").json()["updatedAt"].startswith("2026-10-01")
    since = {"propertyName": "lastmodifieddate", "operator": "GTE", "value": "1793500000000"}
    assert house.search("contacts", since)["total"] == 0


def test_pairs_that_cannot_be_linked_are_told(house: House) -> None:
    house.load("companies", company(1))
    house.load("contacts", company(20))
    path = "/crm/v4/associations/contacts/companies/batch"
    pairs = [{"from": {"id": "20"}, "to": {"id": "1"}}, {"from": {"id": "20"}, "to": {"id": "9"}}]
    answer = house.call("POST", f"{path}/associate/default", {"inputs": pairs})
    assert (answer.status_code, answer.json()["numErrors"], len(answer.json()["results"])) == (207, 1, 2)
    kind = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 280}]
    wrong = {"inputs": [{**pairs[0], "types": kind}]}
    assert house.call("POST", f"{path}/create", wrong).status_code == 400
    assert house.call("POST", f"{path}/create", {"inputs": [{**pairs[0], "types": []}]}).status_code == 400
    many = {"inputs": [{"id": str(n)} for n in range(1_001)]}
    assert house.call("POST", f"{path}/read", many).status_code == 400


def test_many_links_come_in_pages(unlimited: House) -> None:
    unlimited.load("companies", company(1))
    unlimited.load("contacts", *(company(n, associatedcompanyid="1") for n in range(1000, 1620)))
    path, found, after = "/crm/objects/2026-03/companies/1/associations/contacts", [], ""
    while after is not None:
        page = unlimited.call("GET", f"{path}?limit=500{after and '&after=' + after}").json()
        found += [end["toObjectId"] for end in page["results"]]
        after = page["paging"]["next"]["after"] if "paging" in page else None
    assert found == [str(n) for n in range(1000, 1620)]
    read = unlimited.post("/crm/v4/associations/companies/contacts/batch/read", {"inputs": [{"id": "1"}]})
    (one,) = read["results"]
    assert (len(one["to"]), one["paging"]) == (500, {"next": {"after": "1500"}})
    rest = {"inputs": [{"id": "1", "after": "1500"}]}
    assert (
        len(unlimited.post("/crm/v4/associations/companies/contacts/batch/read", rest)["results"][0]["to"])
        == 120
    )


def test_the_third_version_names_its_types_and_shows_both_directions(house: House) -> None:
    house.load("companies", company(1))
    house.load("contacts", company(20))
    api = house.client().crm.associations
    names = {kind.name for kind in api.schema.types_api.get_all("contacts", "companies").results}
    assert names == {"contact_to_company", "contact_to_company_unlabeled"}
    pair = {"from": {"id": "20"}, "to": {"id": "1"}, "type": "contact_to_company"}
    made = api.batch_api.create("contacts", "companies", BatchInputPublicAssociation(inputs=[pair]))
    assert [(r._from.id, r.to.id, r.type) for r in made.results] == [
        ("20", "1", "contact_to_company"),
        ("1", "20", "company_to_contact"),
    ]
    listed = house.call("GET", "/crm/v3/objects/contacts/20/associations/companies").json()["results"]
    assert [end["id"] for end in listed] == ["1", "1"]
    gone = house.call("DELETE", "/crm/v3/objects/contacts/20/associations/companies/1/contact_to_company")
    assert gone.status_code == 204
    assert types(house) == {1: {279}}
    put = house.call("PUT", "/crm/v3/objects/contacts/20/associations/companies/1/1")
    assert len(put.json()["associations"]["companies"]["results"]) == 2
    odd = {"inputs": [{**pair, "type": "friend"}]}
    assert house.call("POST", "/crm/v3/associations/contacts/companies/batch/create", odd).status_code == 400


def test_labels_are_taken_off_one_by_one(house: House) -> None:
    house.load("companies", company(1))
    house.load("contacts", company(20, associatedcompanyid="1"))
    primary = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    pair = {"from": {"id": "20"}, "to": {"id": "1"}, "types": primary}
    path = "/crm/v4/associations/contacts/companies/batch/labels/archive"
    assert house.call("POST", path, {"inputs": [pair]}).status_code == 204
    assert types(house) == {1: {279}}
    contact = house.call("GET", "/crm/v3/objects/contacts/20?properties=associatedcompanyid").json()
    assert contact["properties"]["associatedcompanyid"] is None
