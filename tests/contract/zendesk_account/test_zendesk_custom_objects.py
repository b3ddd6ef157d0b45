from __future__ import annotations

import pytest


@pytest.fixture
def contract(api):
    body = {"custom_object": {"key": "contract", "title": "Contract", "title_pluralized": "Contracts"}}
    assert api("POST", "custom_objects.json", body).status_code == 201
    field = {"key": "seats", "type": "integer", "title": "Seats"}
    made = api("POST", "custom_objects/contract/fields.json", {"custom_object_field": field})
    assert made.status_code == 201
    return api


def record(name, external=None, **fields):
    return {"custom_object_record": {"name": name, "external_id": external, "custom_object_fields": fields}}


def test_an_object_has_fields_of_its_own(contract):
    shown = contract.get("custom_objects/contract.json")["custom_object"]
    assert ("id" in shown, shown["title_pluralized"], shown["raw_title"]) == (False, "Contracts", "Contract")
    keys = [f["key"] for f in contract.get("custom_objects/contract/fields.json")["custom_object_fields"]]
    assert keys == ["standard::name", "standard::external_id", "seats"]
    changed = {"custom_object_field": {"title": "Seats bought"}}
    answer = contract("PATCH", "custom_objects/contract/fields/seats.json", changed)
    assert answer.json()["custom_object_field"]["raw_title"] == "Seats bought"
    again = {"custom_object": {"key": "contract", "title": "C", "title_pluralized": "C"}}
    assert contract("POST", "custom_objects.json", again).json()["details"]["key"]
    assert contract("GET", "custom_objects/none/records.json").json()["error"] == "RecordNotFound"


def test_records_are_upserted_by_external_id(contract):
    path = "custom_objects/contract/records"
    first = contract("PATCH", f"{path}?external_id=A1", record("One", seats=5))
    second = contract("PATCH", f"{path}?external_id=A1", record("One", seats=6))
    assert (first.status_code, second.status_code) == (201, 200)
    row = second.json()["custom_object_record"]
    assert (row["id"], row["custom_object_fields"]) == (
        first.json()["custom_object_record"]["id"],
        {"seats": 6},
    )
    assert isinstance(row["id"], str)
    assert contract("POST", path, record("Two", "A1")).json()["details"]["external_id"]
    assert contract("POST", path, record("Two", "a1")).status_code == 201
    wrong = contract("PATCH", f"{path}/{row['id']}", record("One", "A1", seats="many"))
    assert wrong.status_code == 422
    assert contract("DELETE", f"{path}?external_id=a1").status_code == 204
    assert contract.get(f"{path}/count")["count"]["value"] == 1


def test_records_are_listed_by_cursor_only(contract):
    path = "custom_objects/contract/records"
    for number in range(5):
        contract("POST", path, record(f"Contract {number}", f"X{number}"))
    page = contract.get(path, page=2, per_page=2)
    assert ("meta" in page, len(page["custom_object_records"])) == (True, 5)
    first = contract.get(path, **{"page[size]": 3})
    rest = contract.get(first["links"]["next"])
    names = [r["name"] for r in first["custom_object_records"] + rest["custom_object_records"]]
    assert names == [f"Contract {number}" for number in range(5)]
    some = contract.get(path, **{"filter[external_ids]": "X1,X3,x4"})
    assert [r["external_id"] for r in some["custom_object_records"]] == ["X1", "X3"]
    found = contract.get(f"{path}/search", query="contr 2")
    assert [r["name"] for r in found["custom_object_records"]] == ["Contract 2"]


def test_records_are_written_in_jobs(contract):
    items = [{"name": "One", "external_id": "A"}, {"name": "", "external_id": "B"}]
    job = {"job": {"action": "create_or_update_by_external_id", "items": items}}
    answer = contract("POST", "custom_objects/contract/jobs", job)
    assert answer.status_code == 201
    results = contract.job(answer)["results"]
    assert (results[0]["success"], "error" in results[1]) == (True, True)
    gone = {"job": {"action": "delete_by_external_id", "items": ["A", "Z"]}}
    results = contract.job(contract("POST", "custom_objects/contract/jobs", gone))["results"]
    assert ("error" in results[0], results[1]["error"]) == (False, "RecordNotFound")
    for action in ("delete", "delete_by_external_id"):
        lost = {"job": {"action": action, "items": [None, {}, ["A"], 10**30]}}
        results = contract.job(contract("POST", "custom_objects/contract/jobs", lost))["results"]
        assert {result["error"] for result in results} == {"RecordNotFound"}
    odd = (None, "A", 1, ["A"])
    refused = [{"action": "create_or_update_by_external_id", "items": [item]} for item in odd]
    for body in (*refused, {"action": "explode", "items": ["A"]}, {"action": "delete", "items": ["x"] * 101}):
        assert contract("POST", "custom_objects/contract/jobs", {"job": body}).status_code == 422


def test_records_have_an_export_by_cursor(contract):
    contract("POST", "custom_objects/contract/records", record("One"))
    contract.wait(minutes=2)
    page = contract.get("incremental/custom_objects/contract/cursor.json", start_time=0)
    assert [r["name"] for r in page["custom_object_records"]] == ["One"]
    after = contract.get("incremental/custom_objects/contract/cursor.json", cursor=page["after_cursor"])
    assert (after["custom_object_records"], after["end_of_stream"]) == ([], True)


def test_an_object_goes_with_its_records(contract):
    contract("POST", "custom_objects/contract/records", record("One"))
    assert contract("DELETE", "custom_objects/contract.json").status_code == 204
    assert contract.get("custom_objects.json")["custom_objects"] == []
    assert contract("GET", "custom_objects/contract/records").status_code == 404
