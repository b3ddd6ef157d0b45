"""Records: batches, merges, associations, values."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hubspot.crm.companies import SimplePublicObjectInput, SimplePublicObjectInputForCreate

from .house import House, company


def test_a_write_that_changes_nothing_keeps_the_modified_time(house: House) -> None:
    api = house.client().crm.companies.basic_api
    made = api.create(SimplePublicObjectInputForCreate(properties={"name": "A", "domain": "a.test"}))
    assert made.properties["website"] == "a.test"
    house.clock.advance(timedelta(minutes=1))
    same = api.update(made.id, SimplePublicObjectInput(properties={"name": "A"}))
    assert same.updated_at == made.updated_at
    cleared = house.call("PATCH", f"/crm/v3/objects/companies/{made.id}", {"properties": {"name": ""}}).json()
    assert cleared["properties"]["name"] == ""
    assert cleared["updatedAt"] > made.properties["hs_lastmodifieddate"]
    read = house.call("GET", f"/crm/objects/2026-03/companies/{made.id}?properties=name").json()
    assert read["properties"]["name"] is None


def test_merged_records_answer_to_their_old_ids(house: House) -> None:
    house.load("companies", company(1, name="A"), company(2, name="B", domain="b.test"))
    house.load("contacts", {**company(20, associatedcompanyid="2")})
    merge = {"primaryObjectId": "1", "objectIdToMerge": "2"}
    made = house.post("/crm/objects/2026-03/companies/merge", merge)
    fields = "properties=name,domain,hs_merged_object_ids"
    for old in ("1", "2"):
        read = house.call("GET", f"/crm/v3/objects/companies/{old}?{fields}").json()
        assert read["id"] == made["id"]
        assert (read["properties"]["name"], read["properties"]["domain"]) == ("A", "b.test")
    assert read["properties"]["hs_merged_object_ids"] == "1;2"
    contact = house.call("GET", "/crm/v3/objects/contacts/20?properties=associatedcompanyid").json()
    assert contact["properties"]["associatedcompanyid"] == made["id"]
    assert contact["updatedAt"] == "2026-10-01T08:00:00.000Z"  # a new association changes nobody's date
    assert [e["action"] for e in house.world.ledger.entries()] == ["merge"]


def test_archived_records_are_in_the_bin_only(house: House) -> None:
    house.load("companies", company(1, cs_key="k"), company(2))
    assert house.call("DELETE", "/crm/v3/objects/companies/1").status_code == 204
    assert house.call("GET", "/crm/v3/objects/companies/1").status_code == 404
    gone = house.call("GET", "/crm/v3/objects/companies?archived=true").json()["results"]
    assert [(r["id"], r["archived"], "archivedAt" in r) for r in gone] == [("1", True, True)]
    assert [r["id"] for r in house.search("companies")["results"]] == ["2"]
    assert house.call("POST", "/crm/v3/objects/companies", {"properties": {"cs_key": "k"}}).status_code == 201


def test_a_batch_read_reports_what_it_missed(house: House) -> None:
    house.load("companies", company(1, cs_key="k"))
    by_id = house.call("POST", "/crm/v3/objects/0-2/batch/read", {"inputs": [{"id": "1"}, {"id": "9"}]})
    assert by_id.status_code == 207
    assert by_id.json()["numErrors"] == 1
    assert by_id.json()["errors"][0]["context"] == {"ids": ["9"]}
    by_key = {"idProperty": "cs_key", "properties": ["cs_key"], "inputs": [{"id": "k"}]}
    assert house.post("/crm/v3/objects/COMPANY/batch/read", by_key)["results"][0]["id"] == "1"
    wrong = {"idProperty": "name", "inputs": [{"id": "k"}]}
    assert house.call("POST", "/crm/v3/objects/companies/batch/read", wrong).status_code == 400
    many = {"inputs": [{"id": str(n)} for n in range(101)]}
    assert house.call("POST", "/crm/v3/objects/companies/batch/read", many).status_code == 400


def test_a_unique_value_is_held_once(house: House) -> None:
    house.load("companies", company(1, cs_key="k"))
    inputs = [{"properties": {"cs_key": "new"}}, {"properties": {"cs_key": "k"}}]
    answer = house.call("POST", "/crm/v3/objects/companies/batch/create", {"inputs": inputs})
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert "propertyName=cs_key, value=k} on" in answer.json()["message"]
    assert answer.json()["message"].endswith(". 1 already has that value.")
    assert len(house.world.ledger) == 0
    house.load("contacts", company(20, email="a@x.test"))
    inputs = [{"properties": {"email": "b@x.test"}}, {"properties": {"email": "A@X.test"}}]
    answer = house.call("POST", "/crm/v3/objects/contacts/batch/create", {"inputs": inputs})
    assert (answer.status_code, answer.json()["category"]) == (409, "CONFLICT")
    assert answer.json()["message"] == "Contact already exists. Existing ID: 20"
    assert len(house.world.ledger) == 0


def test_batch_results_come_in_another_order(house: House) -> None:
    inputs = [{"properties": {"name": str(n)}, "objectWriteTraceId": f"t{n}"} for n in range(30)]
    results = house.post("/crm/v3/objects/companies/batch/create", {"inputs": inputs})["results"]
    assert [r["properties"]["name"] for r in results] != [str(n) for n in range(30)]
    assert all(r["objectWriteTraceId"] == f"t{r['properties']['name']}" for r in results)


def test_a_task_is_created_with_its_links(house: House) -> None:
    house.load("companies", company(1))
    link = {
        "to": {"id": "1"},
        "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 192}],
    }
    body = {
        "properties": {"hs_task_subject": "Call", "hs_timestamp": "1793577600000"},
        "associations": [link],
    }
    made = house.post("/crm/v3/objects/tasks", body)
    assert made["properties"]["hs_timestamp"] == "2026-11-02T00:00:00Z"
    assert made["properties"]["hs_task_is_completed"] == "0"
    assert made["properties"]["hs_object_source"] == "INTEGRATION"
    listed = house.call("GET", "/crm/v3/objects/companies/1?associations=tasks").json()
    assert listed["associations"]["tasks"]["results"] == [{"id": made["id"], "type": "company_to_task"}]
    bare = house.call("POST", "/crm/v3/objects/tasks", {"properties": {"hs_task_subject": "Call"}})
    assert bare.status_code == 400


def test_a_child_company_shows_its_parent(house: House) -> None:
    parent = {"to_object": "companies", "to_id": "1", "type_id": 14}
    house.load("companies", company(1), {**company(2), "associations": [parent]})
    read = house.call("GET", "/crm/v3/objects/companies/2?properties=hs_parent_company_id").json()
    assert read["properties"]["hs_parent_company_id"] == "1"
    assert read["updatedAt"] == "2026-10-01T08:00:00.000Z"
    write = {"properties": {"hs_parent_company_id": "1"}}
    assert "READ_ONLY_VALUE" in house.call("PATCH", "/crm/v3/objects/companies/1", write).text


def test_both_families_read_the_same_links(house: House) -> None:
    house.load("companies", company(1))
    house.load("contacts", company(20, associatedcompanyid="1"), company(21))
    inputs = {"inputs": [{"id": "20"}, {"id": "21"}]}
    old = house.call("POST", "/crm/v4/associations/contacts/companies/batch/read", inputs)
    new = house.call("POST", "/crm/associations/2026-03/0-1/0-2/batch/read", inputs)
    assert (old.status_code, new.status_code) == (207, 207)
    assert old.json()["results"][0]["to"][0]["toObjectId"] == 1
    assert new.json()["results"][0]["to"][0]["toObjectId"] == "1"
    assert new.json()["errors"][0]["subCategory"].endswith("NO_ASSOCIATIONS_FOUND")
    older = house.call("POST", "/crm/v3/associations/contacts/companies/batch/read", inputs).json()
    names = {"contact_to_company", "contact_to_company_unlabeled"}
    assert {(end["id"], end["type"]) for end in older["results"][0]["to"]} == {("1", name) for name in names}


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("cs_health_score", "high", "INVALID_DOUBLE"),
        ("cs_health_score", " 7", "INVALID_WHITESPACE"),
        ("cs_renewal_date", "soon", "INVALID_DATE"),
        ("cs_renewal_date", "1793577600001", "INVALID_DATE"),
        ("hs_object_id", "5", "READ_ONLY_VALUE"),
    ],
)
def test_wrong_values_are_refused(house: House, name: str, value: str, code: str) -> None:
    house.load("companies", company(1))
    answer = house.call("PATCH", "/crm/v3/objects/companies/1", {"properties": {name: value}})
    assert answer.status_code == 400
    assert code in answer.json()["message"]


def test_the_company_of_a_contact_is_there_or_was_merged(house: House) -> None:
    house.load("companies", *(company(n, name=f"C{n}") for n in (1, 2, 3)))
    house.load("contacts", company(9, email="a@example.com", associatedcompanyid="1"))
    where = "/crm/v3/objects/contacts/9"
    lost = house.call("PATCH", where, {"properties": {"associatedcompanyid": "404"}})
    assert (lost.status_code, "Company 404 does not exist" in lost.json()["message"]) == (400, True)
    merged = house.post("/crm/v3/objects/companies/merge", {"primaryObjectId": "2", "objectIdToMerge": "3"})
    for wanted in ("3", merged["id"]):
        house.call("PATCH", where, {"properties": {"associatedcompanyid": wanted}})
        kept = house.call("GET", where + "?properties=associatedcompanyid").json()["properties"]
        assert kept["associatedcompanyid"] == merged["id"]


def test_a_new_record_gets_no_number_of_an_archived_one(house: House) -> None:
    gone = company(500_000_000_000, name="Gone") | {"archived": True}
    house.load("companies", gone, company(499_999_999_999, name="Here"))
    made = house.post("/crm/v3/objects/companies", {"properties": {"name": "New"}})
    assert int(made["id"]) > 500_000_000_000
