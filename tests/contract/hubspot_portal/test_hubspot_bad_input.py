"""What cannot be understood, what is too large, what HubSpot has and the sandbox has not."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from .house import House, company

COMPANIES = "/crm/v3/objects/companies"


def raw(house: House, path: str, body: bytes, media: str | None = "application/json") -> requests.Response:
    headers = {"authorization": f"Bearer {house.token}"} | ({"content-type": media} if media else {})
    return house.http.post(house.server.base_url + path, data=body, headers=headers, timeout=10)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "Invalid input JSON on line 1, column"),
        (b"{\n  nonsense", "Invalid input JSON on line 2, column 3"),
        (b"[]", "Invalid input JSON"),
        (b'{"properties": []}', "Invalid input JSON"),
        (b'{"properties": {"name": ["a"]}}', "Invalid input JSON"),
        (b'{"properties": {"name": "\xff"}}', "Invalid input JSON"),
        (b"[" * 100_000, "Invalid input JSON"),
        (b"{}", "Some required fields were not set: [properties]"),
    ],
)
def test_a_body_that_cannot_be_read(house: House, body: bytes, says: str) -> None:
    answer = raw(house, COMPANIES, body)
    assert answer.status_code == 400
    assert says in answer.json()["message"]
    assert answer.json()["correlationId"] == answer.headers["x-hubspot-correlation-id"]
    assert len(house.world.ledger) == 0


@pytest.mark.parametrize(
    "media", ["text/plain", "application/xml", "application/x-www-form-urlencoded", None]
)
def test_another_content_type(house: House, media: str | None) -> None:
    answer = raw(house, COMPANIES, b'{"properties": {"name": "A"}}', media)
    assert (answer.status_code, answer.json()["status"]) == (415, "error")
    assert raw(house, COMPANIES, b'{"properties": {}}', "application/json; charset=utf-8").status_code == 201


def test_too_large_and_too_long(house: House) -> None:
    assert raw(house, COMPANIES, b'{"properties": {"name": "' + b"x" * 10_000_000 + b'"}}').status_code == 413
    assert house.call("GET", f"{COMPANIES}?properties={'name,' * 8_000}").status_code == 414
    long = {"filterGroups": [{"filters": [{"propertyName": "name", "operator": "EQ", "value": "x" * 3_000}]}]}
    assert house.call("POST", f"{COMPANIES}/search", long).status_code == 400


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        (f"{COMPANIES}/999", 404, "resource not found"),
        (f"{COMPANIES}/abc", 404, "Object not found.  objectId are usually numeric."),
        (f"{COMPANIES}/{'9' * 40}", 404, "Object not found.  objectId are usually numeric."),
        (f"{COMPANIES}/%C2%B2", 404, "Object not found.  objectId are usually numeric."),
        ("/crm/v3/objects/cats", 400, "Unable to infer object type from: cats"),
        (f"{COMPANIES}?after=abc", 400, "The after parameter abc is not valid"),
        (f"{COMPANIES}?archived=maybe", 400, "Invalid value for archived: maybe"),
        (
            f"{COMPANIES}/x?idProperty=name",
            400,
            "Unable to perform update/upsert by non-unique 0-2 property name",
        ),
        (f"{COMPANIES}/x?idProperty=cs_key", 404, "resource not found"),
        (f"{COMPANIES}?associations=cats", 400, "Unable to infer object type from: cats"),
        ("/crm/v3/nothing", 404, "resource not found"),
        ("/", 404, "resource not found"),
        ("/crm/v4/objects/companies/1/associations", 404, "resource not found"),
    ],
)
def test_wrong_addresses_have_the_vendors_words(house: House, path: str, status: int, message: str) -> None:
    house.load("companies", company(1))
    answer = house.call("GET", path)
    assert (answer.status_code, answer.json()["message"]) == (status, message)


@pytest.mark.parametrize(
    "path",
    [
        "/marketing/v3/emails",
        "/marketing/campaigns/2026-03",
        "/cms/v3/pages/site-pages",
        "/automation/v4/flows",
        "/conversations/v3/conversations/threads",
        "/files/v3/files/search",
        "/events/v3/events",
        "/communication-preferences/v3/definitions",
        "/webhooks-journal/journal/2026-03/earliest",
        "/settings/v3/users",
        "/account-info/v3/activity/audit-logs",
        "/crm/v3/imports",
        "/crm/v3/exports/export/async",
        "/crm/exports/2026-03/export/async",
        "/crm/v3/extensions/cards/1",
        "/crm/extensions/calling/2026-03/1/settings",
        "/crm/v3/objects/quotes",
        "/crm/objects/2026-03/0-123",
        "/crm/objects/2027-03-beta/companies",
        "/contacts/v1/contact/vid/1/profile",
        "/contacts/v1/lists",
        "/companies/v2/companies/paged",
        "/deals/v1/deal/paged",
        "/engagements/v1/engagements/paged",
        "/crm-associations/v1/associations/create-batch",
        "/properties/v1/contacts/properties",
        "/owners/v2/owners",
        "/crm-pipelines/v1/pipelines/deals",
    ],
)
def test_what_is_not_simulated_says_so(house: House, path: str) -> None:
    for method in ("GET", "POST"):
        answer = house.call(method, path, {} if method == "POST" else None)
        assert (answer.status_code, answer.json()["category"]) == (501, "NOT_IMPLEMENTED")
        assert answer.json()["message"].startswith("The sandbox does not simulate ")
    assert len(house.world.ledger) == 0


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            {"filterGroups": [{"filters": [{"propertyName": "name", "operator": "LIKE", "value": "a"}]}]},
            "LIKE",
        ),
        ({"filterGroups": [{"filters": [{"propertyName": "no", "operator": "EQ", "value": "a"}]}]}, "no"),
        (
            {
                "filterGroups": [
                    {"filters": [{"propertyName": "cs_health_score", "operator": "GT", "value": "a"}]}
                ]
            },
            "cs_health_score",
        ),
        (
            {"filterGroups": [{"filters": [{"propertyName": "name", "operator": "BETWEEN", "value": "a"}]}]},
            "highValue",
        ),
        (
            {"filterGroups": [{"filters": [{"propertyName": "name", "operator": "IN", "values": []}]}]},
            "values",
        ),
        ({"filterGroups": [{"filters": [{"propertyName": "name", "operator": "EQ"}]}]}, "value"),
        (
            {
                "filterGroups": [
                    {"filters": [{"propertyName": "hs_lastmodifieddate", "operator": "GT", "value": "x"}]}
                ]
            },
            "hs_lastmodifieddate",
        ),
        ({"sorts": [{"propertyName": "name", "direction": "DOWN"}]}, "[ASCENDING, DESCENDING]"),
        ({"sorts": [{"propertyName": "no", "direction": "ASCENDING"}]}, "Unknown property in sorts: no"),
        ({"filterGroups": [{"filters": []}] * 6}, "filterGroups"),
        (
            {"filterGroups": [{"filters": [{"propertyName": "name", "operator": "HAS_PROPERTY"}] * 7}]},
            "filters",
        ),
        ({"limit": 201}, "limit"),
        ({"limit": 0}, "limit"),
        ({"after": "x"}, "after"),
        ({"sorts": ["none"]}, "none"),
        ({"sorts": ["name", "domain"]}, "sort"),
    ],
)
def test_searches_that_cannot_be(house: House, body: dict[str, Any], says: str) -> None:
    answer = house.call("POST", f"{COMPANIES}/search", body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
    assert says in answer.json()["message"]


@pytest.mark.parametrize(("prop", "value"), [("cs_health_score", "much"), ("hs_lastmodifieddate", "today")])
def test_a_value_that_cannot_be_searched_is_told_without_our_own_words(
    house: House, prop: str, value: str
) -> None:
    body = {"filterGroups": [{"filters": [{"propertyName": prop, "operator": "GT", "value": value}]}]}
    said = house.call("POST", f"{COMPANIES}/search", body).json()["message"]
    assert said == f"Invalid value for the property {prop}: {value}"


def test_sorts_that_a_client_made_into_texts_are_passed_over(house: House) -> None:
    house.load("companies", company(1, name="B"), company(2, name="A"))
    for text in ('{"propertyName":"name","direction":"DESCENDING"}', '{"propertyName"=>"name"}'):
        found = house.search("companies", sorts=[text])["results"]
        assert [record["id"] for record in found] == ["1", "2"]


def test_the_address_of_a_new_group_is_one_that_a_header_can_hold(house: House) -> None:
    answer = house.call("POST", "/crm/v3/properties/companies/groups", {"name": "größe ✓", "label": "x"})
    assert answer.status_code == 201
    assert answer.headers["location"] == "/crm/v3/properties/companies/groups/gr%C3%B6%C3%9Fe%20%E2%9C%93"


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ({"to": {"id": "1"}}, "Some required fields were not set: [types]"),
        ({"to": {"id": "1"}, "types": []}, "An association needs at least one type"),
        ({"to": {"id": "1"}, "types": [{"associationCategory": "HUBSPOT_DEFINED"}]}, "[associationTypeId]"),
    ],
)
def test_a_record_is_not_made_without_the_association_that_was_asked_for(
    house: House, link: dict[str, Any], says: str
) -> None:
    house.load("contacts", {"id": "1", "properties": {"email": "a@b.example"}})
    draft = {"properties": {"name": "A"}, "associations": [link]}
    for path, body in ((COMPANIES, draft), (f"{COMPANIES}/batch/create", {"inputs": [draft]})):
        answer = house.call("POST", path, body)
        assert (answer.status_code, says in answer.json()["message"]) == (400, True)
    assert len(house.world.ledger) == 0


def test_an_upsert_without_a_key_is_refused(house: House) -> None:
    for name in ("", " "):
        body = {"inputs": [{"id": name, "idProperty": "email", "properties": {"firstname": "A"}}]}
        assert house.call("POST", "/crm/v3/objects/contacts/batch/upsert", body).status_code == 400
    assert len(house.world.ledger) == 0
