"""The portal as a whole: logins, owners, schemas, orders, snapshots, errors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from .house import House, company


def test_tokens_end_and_are_refreshed(house: House) -> None:
    login = house.portal.credentials()
    form = {k: login[k] for k in ("client_id", "client_secret", "refresh_token")}

    def refresh(path: str) -> dict[str, Any]:
        url = house.server.base_url + path
        answer = house.http.post(url, data={"grant_type": "refresh_token", **form}, timeout=10)
        return dict(answer.json())

    for path in ("/oauth/v1/token", "/oauth/v3/token", "/oauth/2026-03/token"):
        given = refresh(path)
        assert given["refresh_token"] == form["refresh_token"]
        assert given["expires_in"] == 1800
    token = given["access_token"]
    answer = house.call("GET", "/crm/v3/objects/companies", token=token)
    assert answer.headers["x-hubspot-ratelimit-max"] == "110"
    assert "x-hubspot-ratelimit-daily" not in answer.headers
    house.clock.advance(timedelta(hours=3))
    late = house.call("GET", "/crm/v3/objects/companies", token=token)
    assert (late.status_code, late.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert late.json()["correlationId"] == late.headers["x-hubspot-correlation-id"]
    token = refresh("/oauth/v1/token")["access_token"]
    house.portal.control({"expire_token": True})
    assert house.call("GET", "/crm/v3/objects/companies", token=token).status_code == 401
    assert house.call("GET", "/crm/v3/objects/companies").status_code == 200
    form["refresh_token"] = "other"
    assert refresh("/oauth/v1/token")["status"] == "BAD_REFRESH_TOKEN"


def test_the_account_says_that_it_is_for_tests(house: House) -> None:
    for path in ("/account-info/v3/details", "/account-info/2026-03/details"):
        details = house.call("GET", path).json()
        assert details["accountType"] == "DEVELOPER_TEST"
        assert str(details["portalId"]) == house.portal.credentials()["portal_id"]
    assert house.call("GET", "/integrations/v1/me").json()["utcOffset"] == "-05:00"


def test_custom_objects_are_made_and_used(house: House) -> None:
    text = {"type": "string", "fieldType": "text"}
    egg = {
        "name": "relationship",
        "labels": {"singular": "Relationship", "plural": "Relationships"},
        "primaryDisplayProperty": "title",
        "requiredProperties": ["title"],
        "properties": [
            {"name": "title", "label": "Title", **text},
            {"name": "cs_key", "label": "Key", "hasUniqueValue": True, **text},
        ],
        "associatedObjects": ["COMPANY"],
    }
    schema = house.post("/crm-object-schemas/v3/schemas", egg)
    upsert = {"inputs": [{"id": "r1", "idProperty": "cs_key", "properties": {"title": "R"}}]}
    made = house.post(f"/crm/v3/objects/{schema['objectTypeId']}/batch/upsert", upsert)["results"][0]
    named = house.call("GET", f"/crm/v3/objects/{schema['fullyQualifiedName']}/{made['id']}").json()
    assert named["properties"]["title"] == "R"
    assert "hs_createdate" in named["properties"]
    house.load("companies", company(1))
    link = f"/crm/v4/objects/{schema['objectTypeId']}/{made['id']}/associations/default/companies/1"
    assert house.call("PUT", link).status_code == 200
    assert house.call("GET", "/crm/v3/schemas").json()["results"][0]["objectTypeId"] == schema["objectTypeId"]
    assert house.call("POST", "/crm/v3/schemas", egg).status_code == 409


def test_surveys_can_only_be_read(house: House) -> None:
    house.load("feedback_submissions", company(1, hs_survey_type="NPS", hs_value="9"))
    path = "/crm/v3/objects/feedback_submissions"
    listed = house.call("GET", path + "?properties=hs_value").json()
    assert listed["results"][0]["properties"]["hs_value"] == "9"
    assert house.call("POST", path, {"properties": {"hs_value": "1"}}).status_code == 405
    house.portal.control({"scopes": ["crm.objects.companies.read"]})
    answer = house.call("GET", path)
    assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")


def test_owners_are_paged_and_the_former_ones_apart(house: House) -> None:
    house.load("owners", *({"id": str(n), "email": f"u{n}@x.test", "archived": n == 3} for n in range(1, 4)))
    first = house.call("GET", "/crm/v3/owners/?limit=1").json()
    second = house.call("GET", f"/crm/owners/2026-03?limit=1&after={first['paging']['next']['after']}").json()
    assert [r["id"] for r in first["results"] + second["results"]] == ["1", "2"]
    assert "paging" not in second
    former = house.call("GET", "/crm/v3/owners?archived=true").json()["results"]
    assert [r["id"] for r in former] == ["3"]
    house.load("companies", company(1))
    write = {"properties": {"hubspot_owner_id": "3"}}
    assert "INVALID_OWNER_ID" in house.call("PATCH", "/crm/v3/objects/companies/1", write).text


def test_orders_change_what_can_be_seen(house: House) -> None:
    house.load("companies", *(company(n, cs_health_score="5") for n in range(1, 201)))
    house.portal.control({"hide": {"object": "companies", "share": 0.5}})
    seen = house.search("companies")["total"]
    assert 60 < seen < 140
    house.portal.control({"hide": {"object": "companies", "share": 0}})
    assert house.search("companies")["total"] == 200
    house.portal.control(
        {"retype_field": {"object": "companies", "field": "cs_health_score", "type": "string"}}
    )
    assert house.call("GET", "/crm/v3/properties/companies/cs_health_score").json()["type"] == "string"
    house.portal.control({"remove_field": {"object": "companies", "field": "cs_health_score"}})
    read = house.call("GET", "/crm/v3/objects/companies/1?properties=cs_health_score").json()
    assert "cs_health_score" not in read["properties"]
    gone = house.call("GET", "/crm/v3/properties/companies?archived=true").json()["results"]
    assert [p["name"] for p in gone] == ["cs_health_score"]


def test_a_snapshot_brings_everything_back(house: House) -> None:
    house.load("companies", company(1, name="A"))
    house.load("contacts", company(20, associatedcompanyid="1"))
    before = house.portal.snapshot()
    house.call("DELETE", "/crm/v3/objects/companies/1")
    house.post("/crm/v3/objects/companies", {"properties": {"name": "B"}})
    assert [r["properties"]["name"] for r in house.search("companies")["results"]] == ["B"]
    for _ in range(2):
        house.portal.restore(before)
        assert [r["properties"]["name"] for r in house.search("companies")["results"]] == ["A"]
        contact = house.call("GET", "/crm/v3/objects/contacts/20?associations=companies").json()
        assert len(contact["associations"]["companies"]["results"]) == 2
        house.call("PATCH", "/crm/v3/objects/companies/1", {"properties": {"name": "C"}})


def test_seed_rows_that_cannot_be_are_named(house: House) -> None:
    with pytest.raises(ValueError, match="colour"):
        house.load("companies", company(1, colour="red"))
    with pytest.raises(ValueError, match="no object"):
        house.load("cats", company(1))


def test_what_cannot_be_understood_gets_an_error_body(house: House) -> None:
    cases = [
        ("GET", "/crm/v3/objects/cats", 400),
        ("GET", "/crm/v3/objects/companies?limit=101", 400),
        ("PUT", "/crm/v3/objects/companies", 405),
        ("GET", "/crm/2026-03/objects/companies", 404),
        ("GET", "/crm/v3/objects/companies/abc", 404),
    ]
    for method, path, status in cases:
        answer = house.call(method, path)
        assert answer.status_code == status, path
        assert answer.json()["status"] == "error"
        assert answer.json()["correlationId"]
    assert house.call("GET", "/crm/v3/objects/companies", token="other").status_code == 401
    two = {"sorts": [{"propertyName": "name"}, {"propertyName": "domain"}]}
    assert house.call("POST", "/crm/v3/objects/companies/search", two).status_code == 400
