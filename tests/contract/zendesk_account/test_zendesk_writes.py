from __future__ import annotations

from datetime import timedelta
from typing import Any

import requests

from .house import at, organization, seed, ticket


def test_fields_are_checked_merged_and_make_tags(api):
    seed(api, organization(1, tags=["vip"], organization_fields={"cs_health_score": 40}))

    def put(**fields: Any) -> requests.Response:
        return api("PUT", "organizations/1.json", {"organization": {"organization_fields": fields}})

    shown = put(cs_health_band="cs_health_red", cs_renewal_date="2027-01-12").json()["organization"]
    assert shown["organization_fields"] == {
        "cs_health_score": 40,
        "cs_renewal_date": "2027-01-12T00:00:00+00:00",
        "cs_health_band": "cs_health_red",
    }
    assert shown["tags"] == ["vip", "cs_health_red"]
    assert put(cs_health_band="cs_health_green").json()["organization"]["tags"] == ["vip", "cs_health_green"]
    assert put(cs_health_band=None).json()["organization"]["tags"] == ["vip"]
    wrong = put(cs_health_band="purple")
    assert (wrong.status_code, wrong.json()["error"]) == (422, "RecordInvalid")
    assert put(cs_health_score="many").status_code == 422
    assert [entry["after"] for entry in api.ledger()][1:] == [
        {"organization_fields": {"cs_health_band": "cs_health_green"}},
        {"organization_fields": {"cs_health_band": None}},
    ]


def test_a_misspelt_field_is_dropped_with_a_warning_only(api):
    seed(api, organization(1))
    answer = api(
        "PUT",
        "organizations/1.json",
        {"organization": {"colour": "red", "organization_fields": {"cs_healt": 1}}},
    )
    assert answer.status_code == 200
    assert '"organization.colour"' in answer.headers["x-zendesk-api-warn"]
    assert '"organization.organization_fields.cs_healt"' in answer.headers["x-zendesk-api-warn"]
    assert answer.json()["organization"]["updated_at"] == at(600)


def test_create_or_update_goes_by_external_id(api):
    body = {"organization": {"name": "Aurora", "external_id": "001A"}}
    first = api("POST", "organizations/create_or_update.json", body)
    body["organization"]["notes"] = "met"
    second = api("POST", "organizations/create_or_update.json", body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["organization"]["id"] == second.json()["organization"]["id"]
    assert [entry["action"] for entry in api.ledger()] == ["create", "update"]
    taken = api("POST", "organizations.json", {"organization": {"name": "aurora"}})
    assert taken.json()["details"] == {"name": [{"description": "Name:  aurora has already been taken"}]}


def test_a_completed_job_can_hold_failures(api):
    seed(api, organization(1), organization(2), organization(3, external_id="001C"))
    items = [
        {"id": 1, "organization_fields": {"cs_health_score": 72}},
        {"id": 2, "name": "Org 1"},
        {"id": 99, "notes": "x"},
    ]
    job = api("PUT", "organizations/update_many.json", {"organizations": items}).json()["job_status"]
    assert (job["status"], job["total"], job["results"]) == ("queued", 3, None)
    seen = [api.get(job["url"])["job_status"] for _ in range(2)]
    assert [step["status"] for step in seen] == ["working", "completed"]
    results = seen[-1]["results"]
    assert (results[0]["id"], results[0]["status"], results[0]["success"]) == (1, "Updated", True)
    assert results[1]["error"] == "OrganizationUpdateFailed"
    assert results[1]["details"] == "Name:  Org 1 has already been taken"
    assert (results[2]["id"], results[2]["error"]) == (99, "OrganizationNotFound")
    assert [entry["id"] for entry in api.ledger()] == ["1"]


def test_one_change_for_many_and_the_limit_of_a_hundred(api):
    seed(api, organization(1, external_id="a"), organization(2, external_id="b"))
    change = {"organization": {"organization_fields": {"cs_health_score": 5}}}
    assert api("PUT", "organizations/update_many.json?external_ids=a,b", change).ok
    assert [
        row["organization_fields"]["cs_health_score"] for row in api.get("organizations")["organizations"]
    ] == [
        5,
        5,
    ]
    many = {"organizations": [{"name": f"New {n}"} for n in range(101)]}
    answer = api("POST", "organizations/create_many.json", many)
    assert answer.json()["description"] == "Maximum 100 organizations may be created per call"
    job = api("POST", "organizations/create_many", {"organizations": many["organizations"][:2]}).json()
    api.sandbox.world.clock.advance(timedelta(seconds=6))
    done = api.get(f"job_statuses/{job['job_status']['id']}.json")["job_status"]
    assert done["status"] == "completed"
    assert [result["account_id"] > 0 for result in done["results"]] == [True, True]


def test_at_most_thirty_jobs_wait(api):
    seed(api, organization(1))
    body = {"organizations": [{"id": 1, "notes": "x"}]}
    answers = [api("PUT", "organizations/update_many.json", body).status_code for _ in range(31)]
    assert answers == [200] * 30 + [429]


def test_field_definitions_are_made_once(api):
    body = {"organization_field": {"key": "cs_key", "title": "CS Key"}}
    made = api("POST", "organization_fields.json", body)
    field = made.json()["organization_field"]
    assert (made.status_code, made.headers["location"], field["type"]) == (201, field["url"], "text")
    assert api("POST", "organization_fields.json", body).status_code == 422
    assert api.get("organization_fields/cs_key.json")["organization_field"]["id"] == field["id"]
    assert api("DELETE", f"organization_fields/{field['id']}.json").status_code == 204
    assert [field["key"] for field in api.get("organization_fields.json")["organization_fields"]] == [
        "cs_health_score",
        "cs_renewal_date",
        "cs_health_band",
    ]


def test_a_repeated_ticket_is_made_once(api):
    body = {"ticket": {"subject": "Call", "comment": {"body": "Hello", "public": False}}}
    keyed = {"headers": {"Idempotency-Key": "k1"}}
    first, second = (api("POST", "tickets.json", body, **keyed) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["x-idempotency-lookup"] == "hit"
    assert len(api.ledger()) == 1
    assert api.ledger()[0]["after"]["comment"]["public"] is False
    body["ticket"]["subject"] = "Other"
    assert api("POST", "tickets.json", body, **keyed).status_code == 400
    api.sandbox.world.clock.advance(timedelta(hours=3))
    api.log_in()
    assert api("POST", "tickets.json", body, **keyed).status_code == 201


def test_a_safe_update_of_a_changed_ticket_is_a_conflict(api):
    seed(api, ticket(1))
    body = {"ticket": {"status": "solved", "safe_update": True, "updated_stamp": at(700)}}
    answer = api("PUT", "tickets/1.json", body)
    assert (answer.status_code, answer.json()["error"]) == (409, "UpdateConflict")
    body["ticket"]["updated_stamp"] = at(600)
    assert api("PUT", "tickets/1.json", body).json()["ticket"]["status"] == "solved"


def test_users_have_one_address_each(api):
    body = {"user": {"name": "Ada", "email": "ada@example.test", "external_id": "003A"}}
    user = api("POST", "users.json", body).json()["user"]
    bad = api("POST", "users.json", {"user": {"name": "Bad", "email": "badmail"}})
    assert bad.json() == {
        "error": "RecordInvalid",
        "description": "Record validation errors",
        "details": {"email": [{"description": "Email: badmail is not properly formatted"}]},
    }
    assert (
        api("POST", "users.json", {"user": {"name": "Eve", "email": "ADA@example.test"}}).status_code == 422
    )
    found = api.get("users/search.json", query="ada@example.test")
    assert [row["id"] for row in found["users"]] == [user["id"]]
    gone = api("DELETE", f"users/{user['id']}.json").json()["user"]
    assert (gone["active"], gone["email"]) == (False, None)
