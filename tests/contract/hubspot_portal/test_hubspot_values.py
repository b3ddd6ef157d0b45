"""Values: what may be written, what becomes of it, and what HubSpot computes."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from .house import House, company


def problems(answer: Any) -> list[dict[str, Any]]:
    """Those that travel as text inside the message of a 400."""
    body = answer.json()
    assert (answer.status_code, body["category"]) == (400, "VALIDATION_ERROR")
    return list(json.loads(body["message"].removeprefix("Property values were not valid: ")))


def test_every_problem_is_told_and_the_first_three_twice(house: House) -> None:
    write = {"properties": {f"no_{n}": "x" for n in range(4)}}
    answer = house.call("POST", "/crm/v3/objects/companies", write)
    told = problems(answer)
    assert [p["name"] for p in told] == ["no_0", "no_1", "no_2", "no_3"]
    assert told[0]["portalId"] == int(house.portal.credentials()["portal_id"])
    codes = [(e["code"], e["context"]["propertyName"]) for e in answer.json()["errors"]]
    assert codes == [("PROPERTY_DOESNT_EXIST", [f"no_{n}"]) for n in range(3)]


@pytest.mark.parametrize(
    ("kind", "name", "value", "code"),
    [
        ("contacts", "email", "000", "INVALID_EMAIL"),
        ("companies", "hubspot_owner_id", "someone", "INVALID_INTEGER"),
        ("companies", "hubspot_owner_id", "77", "INVALID_OWNER_ID"),
        ("companies", "lifecyclestage", "fan", "INVALID_OPTION"),
        ("companies", "cs_health_score", "nan", "INVALID_DOUBLE"),
        ("companies", "cs_health_band", "green ", "INVALID_WHITESPACE"),
        ("companies", "salesforcelastsynctime", "asd000", "INVALID_LONG"),
        ("companies", "name", "x" * 65_537, "PROPERTY_VALUE_TOO_LONG"),
        ("companies", "hs_parent_company_id", "1", "READ_ONLY_VALUE"),
        ("contacts", "hs_email_optout", "yes", "INVALID_OPTION"),
        ("contacts", "associatedcompanyid", "1.5", "INVALID_LONG"),
        ("contacts", "associatedcompanyid", 1.5, "INVALID_LONG"),
        ("contacts", "associatedcompanyid", "-3", "INVALID_LONG"),
        ("companies", "cs_health_score", "\u0667", "INVALID_DOUBLE"),
    ],
)
def test_wrong_values_have_codes(house: House, kind: str, name: str, value: object, code: str) -> None:
    answer = house.call("POST", f"/crm/v3/objects/{kind}", {"properties": {name: value}})
    assert [p["error"] for p in problems(answer)] == [code]
    assert len(house.world.ledger) == 0


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("cs_health_score", 72, "72"),
        ("cs_health_score", 7.5, "7.5"),
        ("name", " A ", " A "),
        ("name", 12, "12"),
        ("cs_renewal_date", "1793577600000", "2026-11-02"),
        ("cs_renewal_date", "2026-11-02", "2026-11-02"),
        ("salesforcelastsynctime", "2026-11-02", "2026-11-02T00:00:00Z"),
        ("salesforcelastsynctime", "2026-11-02T10:00:00.500+01:00", "2026-11-02T09:00:00.500Z"),
        ("web_technologies", "A;B", "A;B"),
    ],
)
def test_values_are_kept_as_texts(house: House, name: str, value: Any, kept: str) -> None:
    made = house.post("/crm/v3/objects/companies", {"properties": {name: value}})
    read = house.call("GET", f"/crm/v3/objects/companies/{made['id']}?properties={name}").json()
    assert made["properties"][name] == read["properties"][name] == kept


def test_an_app_moves_a_lifecycle_stage_forward_only(house: House) -> None:
    house.load("companies", company(1, lifecyclestage="customer"))
    path = "/crm/v3/objects/companies/1"
    back = house.call("PATCH", path, {"properties": {"lifecyclestage": "lead"}}).json()
    assert back["properties"]["lifecyclestage"] == "customer"
    house.call("PATCH", path, {"properties": {"lifecyclestage": ""}})
    again = house.call("PATCH", path, {"properties": {"lifecyclestage": "lead"}}).json()
    assert again["properties"]["lifecyclestage"] == "lead"


def test_a_stage_belongs_to_its_pipeline(house: House) -> None:
    stages = [{"label": "Only", "displayOrder": 0, "metadata": {"probability": "0.5"}}]
    made = house.post("/crm/v3/pipelines/deals", {"label": "Renewals", "displayOrder": 1, "stages": stages})
    own = made["stages"][0]["id"]
    wrong = {"properties": {"dealname": "A", "dealstage": own}}
    answer = house.call("POST", "/crm/v3/objects/deals", wrong)
    assert [p["error"] for p in problems(answer)] == ["INVALID_PIPELINE_STAGE_ID"]
    right = {"properties": {"dealname": "A", "pipeline": made["id"], "dealstage": own}}
    deal = house.post("/crm/v3/objects/deals", right)
    won = {"properties": {"pipeline": "default", "dealstage": "closedwon"}}
    closed = house.call("PATCH", f"/crm/v3/objects/deals/{deal['id']}", won).json()["properties"]
    assert (closed["hs_is_closed"], closed["hs_is_closed_won"]) == ("true", "true")


def test_a_task_becomes_overdue_while_nobody_writes(house: House) -> None:
    due = {"properties": {"hs_task_subject": "Call", "hs_timestamp": "2026-11-01T12:00:00Z"}}
    made = house.post("/crm/v3/objects/tasks", due)
    assert made["properties"]["hs_task_is_overdue"] == "false"
    path = f"/crm/v3/objects/tasks/{made['id']}"
    wanted = "?properties=hs_task_is_overdue,hs_task_completion_date,hs_body_preview"
    house.clock.advance(timedelta(hours=3))
    late = house.call("GET", path + wanted).json()
    assert (late["properties"]["hs_task_is_overdue"], late["updatedAt"]) == ("true", made["updatedAt"])
    done = {"properties": {"hs_task_status": "COMPLETED", "hs_task_body": "<p>Said <b>yes</b></p>"}}
    assert house.call("PATCH", path, done).json()["properties"]["hs_task_is_completed"] == "1"
    read = house.call("GET", path + wanted).json()["properties"]
    assert read["hs_task_is_overdue"] == "false"
    assert read["hs_task_completion_date"] == house.call("GET", path).json()["updatedAt"]
    assert read["hs_body_preview"] == "Said yes"
    house.call("PATCH", path, {"properties": {"hs_task_status": "WAITING"}})
    assert house.call("GET", path + wanted).json()["properties"]["hs_task_completion_date"] is None


def test_activities_are_written_and_hang_on_others(house: House) -> None:
    house.load("companies", company(1))
    for kind, text, link in (
        ("notes", "hs_note_body", 190),
        ("calls", "hs_call_body", 182),
        ("emails", "hs_email_text", 186),
    ):
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": link}]
        body = {
            "properties": {text: "Hello", "hs_timestamp": "1793577600000"},
            "associations": [{"to": {"id": 1}, "types": types}],
        }
        made = house.post(f"/crm/v3/objects/{kind}", body)
        assert made["properties"]["hs_object_source_label"] == "INTEGRATION"
        linked = house.call("GET", f"/crm/v4/objects/companies/1/associations/{kind}").json()
        assert [end["toObjectId"] for end in linked["results"]] == [int(made["id"])]
    meeting = {"properties": {"hs_meeting_title": "M", "hs_meeting_start_time": "2026-11-03T10:00:00Z"}}
    assert (
        house.post("/crm/v3/objects/meetings", meeting)["properties"]["hs_timestamp"]
        == "2026-11-03T10:00:00Z"
    )
    item = {"properties": {"name": "Seat", "price": "12.5", "quantity": "4"}}
    assert house.post("/crm/v3/objects/line_items", item)["properties"]["amount"] == "50"


def test_an_admin_puts_rules_on_values(house: House) -> None:
    rules = "/crm/property-validations/2026-03/0-2"
    house.load("companies", company(1, name="A"))
    for kind, arguments in (("MAX_LENGTH", ["5"]), ("REGEX", ["[A-Z].*"])):
        put = house.call("PUT", f"{rules}/name/rule-type/{kind}", {"ruleArguments": arguments})
        assert put.status_code == 204
    told = house.call("GET", rules).json()["results"]
    assert [(r["propertyName"], len(r["propertyValidationRules"])) for r in told] == [("name", 2)]
    for name, ok in (("Brief", True), ("Too long", False), ("small", False)):
        answer = house.call("PATCH", "/crm/v3/objects/companies/1", {"properties": {"name": name}})
        assert answer.ok is ok, answer.text
    batch = {"inputs": [{"properties": {"name": "small"}}]}
    assert house.call("POST", "/crm/objects/2026-09/companies/batch/create", batch).status_code == 400
    odd = house.call("PUT", f"{rules}/name/rule-type/DAYS_OF_WEEK", {"ruleArguments": ["MONDAY"]})
    assert odd.status_code == 501
    bad = house.call("PUT", f"{rules}/name/rule-type/MAX_LENGTH", {"ruleArguments": ["many"]})
    assert bad.status_code == 400


def test_a_choice_of_the_portal_s_own_that_offers_nothing_takes_nothing(house: House) -> None:
    prop = {"label": "Tier", "type": "string", "fieldType": "text", "groupName": "cs_health", "name": "tier"}
    house.post("/crm/v3/properties/companies", prop)
    house.portal.control({"retype_field": {"object": "companies", "field": "tier", "type": "enumeration"}})
    answer = house.call("POST", "/crm/v3/objects/companies", {"properties": {"tier": "gold"}})
    assert (answer.status_code, "INVALID_OPTION" in answer.text) == (400, True)
