"""Batches: all or nothing without traces, each for itself with them."""

from __future__ import annotations

from typing import Any

import pytest

from .house import House, company

COMPANIES = "/crm/v3/objects/companies"


def traced(*inputs: dict[str, Any]) -> dict[str, Any]:
    return {"inputs": [{**each, "objectWriteTraceId": f"t{n}"} for n, each in enumerate(inputs)]}


def parts(answer: Any) -> tuple[set[str], dict[str, str]]:
    """Traces that were written, and the categories of those that were not."""
    body = answer.json()
    assert answer.status_code == 207, answer.text
    assert body["numErrors"] == len(body["errors"])
    refused = {e["context"]["objectWriteTraceId"][0]: e["category"] for e in body["errors"]}
    return {r["objectWriteTraceId"] for r in body["results"]}, refused


def test_with_traces_each_input_is_written_or_refused_by_itself(house: House) -> None:
    house.load("companies", company(1, cs_key="k1"), company(2))
    good, bad = {"properties": {"name": "A"}}, {"properties": {"cs_health_band": "purple"}}
    taken = {"properties": {"cs_key": "k1"}}
    wrong = {"t1": "VALIDATION_ERROR", "t2": "VALIDATION_ERROR"}
    made = house.call("POST", f"{COMPANIES}/batch/create", traced(good, bad, taken))
    assert parts(made) == ({"t0"}, wrong)
    patches = ({"id": "1", **good}, {"id": "2", **bad})
    assert parts(house.call("POST", f"{COMPANIES}/batch/update", traced(*patches))) == (
        {"t0"},
        {"t1": "VALIDATION_ERROR"},
    )
    rows = ({"id": "k1", "idProperty": "cs_key", **good}, {"id": "k3", "idProperty": "cs_key", **bad})
    assert parts(house.call("POST", f"{COMPANIES}/batch/upsert", traced(*rows))) == (
        {"t0"},
        {"t1": "VALIDATION_ERROR"},
    )
    assert [e["action"] for e in house.world.ledger.entries()] == ["create", "update", "update"]


def test_an_upsert_with_traces_says_what_is_new(house: House) -> None:
    house.load("companies", company(1, cs_key="k1"))
    rows = [{"id": key, "idProperty": "cs_key", "properties": {"name": key}} for key in ("k1", "k2")]
    results = house.post(f"{COMPANIES}/batch/upsert", traced(*rows))["results"]
    assert {r["objectWriteTraceId"]: r["new"] for r in results} == {"t0": False, "t1": True}


def test_the_same_trace_twice_is_as_good_as_none(house: House) -> None:
    inputs = [{"properties": {"name": "A"}}, {"properties": {"cs_health_band": "purple"}}]
    body = {"inputs": [{**each, "objectWriteTraceId": "t"} for each in inputs]}
    assert house.call("POST", f"{COMPANIES}/batch/create", body).status_code == 400
    house.portal.control({"traced": False})
    assert house.call("POST", f"{COMPANIES}/batch/create", traced(*inputs)).status_code == 400
    assert len(house.world.ledger) == 0


@pytest.mark.parametrize(
    ("verb", "inputs"),
    [
        ("update", [{"id": "1", "properties": {"name": "A"}}, {"id": 1, "properties": {"name": "B"}}]),
        ("upsert", [{"id": "k", "idProperty": "cs_key", "properties": {"name": n}} for n in "AB"]),
    ],
)
def test_one_id_twice_refuses_the_batch(house: House, verb: str, inputs: list[dict[str, Any]]) -> None:
    house.load("companies", company(1, cs_key="k"))
    answer = house.call("POST", f"{COMPANIES}/batch/{verb}", traced(*inputs))
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert answer.json()["context"] == {"ids": [str(inputs[0]["id"])]}
    assert "IDs must be unique" in answer.json()["message"]


def test_one_unique_value_twice_refuses_the_batch(house: House) -> None:
    twice = {"inputs": [{"properties": {"email": "a@x.test"}}, {"properties": {"email": "A@x.test"}}]}
    answer = house.call("POST", "/crm/v3/objects/contacts/batch/create", twice)
    assert (answer.status_code, answer.json()["category"]) == (409, "CONFLICT")
    twice = {"inputs": [{"properties": {"cs_key": "a"}}, {"properties": {"cs_key": "a"}}]}
    assert house.call("POST", f"{COMPANIES}/batch/create", twice).status_code == 400
    assert len(house.world.ledger) == 0


def test_a_record_that_is_not_there_does_not_stop_the_others(house: House) -> None:
    house.load("companies", company(1))
    patches = [{"id": "1", "properties": {"name": "A"}}, {"id": "9", "properties": {"name": "B"}}]
    answer = house.call("POST", f"{COMPANIES}/batch/update", {"inputs": patches})
    assert (answer.status_code, answer.json()["numErrors"]) == (207, 1)
    assert answer.json()["errors"][0]["context"] == {"ids": ["9"]}
    house.portal.control({"omit_update_misses": True})
    quiet = house.call("POST", f"{COMPANIES}/batch/update", {"inputs": patches})
    assert (quiet.status_code, len(quiet.json()["results"])) == (200, 1)


def test_upserts_need_a_unique_property(house: House) -> None:
    rows = [{"id": "a.test", "idProperty": "domain", "properties": {"name": "A"}}]
    answer = house.call("POST", f"{COMPANIES}/batch/upsert", {"inputs": rows})
    assert answer.status_code == 400
    assert answer.json()["message"] == "Unable to perform update/upsert by non-unique 0-2 property domain"


def test_batches_have_a_hundred_inputs_at_most_and_one_at_least(house: House) -> None:
    for verb in ("read", "create", "update", "upsert", "archive"):
        one = {"id": "1", "properties": {}}
        assert house.call("POST", f"{COMPANIES}/batch/{verb}", {"inputs": []}).status_code == 400
        assert house.call("POST", f"{COMPANIES}/batch/{verb}", {"inputs": [one] * 101}).status_code == 400


def test_archiving_twice_is_no_error(house: House) -> None:
    house.load("companies", company(1))
    for _ in range(2):
        body = {"inputs": [{"id": "1"}, {"id": "404"}]}
        assert house.call("POST", f"{COMPANIES}/batch/archive", body).status_code == 204
    assert [e["action"] for e in house.world.ledger.entries()] == ["delete"]
