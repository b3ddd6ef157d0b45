"""Every fault of the grammar, from a plan file that people can use, seen with plain HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from .town import CRMS, Town, opened

pytestmark = [pytest.mark.slow]

PLANS = Path(__file__).parents[2] / "docs" / "faults"
TASK = {"Subject": "Call them", "Status": "Not Started", "Priority": "Normal"}
TASKS = "/services/data/v67.0/sobjects/Task"


def late(town: Town) -> None:
    with pytest.raises(requests.ReadTimeout):
        town.accounts("hubspot", timeout=0.1)
    assert town.accounts("hubspot").ok


def slow_drip(town: Town) -> None:
    with pytest.raises(requests.ConnectionError):
        town.accounts("zendesk", timeout=0.03)
    assert town.accounts("zendesk").json()["organizations"]


def lost_request(town: Town) -> None:
    with pytest.raises(requests.ConnectionError):
        town.call("salesforce", TASKS, "POST", json=TASK)
    assert town.ledger() == []


def lost_answer(town: Town) -> None:
    with pytest.raises(requests.ConnectionError):
        town.call("salesforce", TASKS, "POST", json=TASK)
    assert [e["object"] for e in town.ledger()] == ["Task"]


def reset_before(town: Town) -> None:
    with pytest.raises(requests.ConnectionError, match="ConnectionReset"):
        town.call("salesforce", TASKS, "POST", json=TASK)
    assert town.ledger() == []


def reset_after(town: Town) -> None:
    with pytest.raises(requests.ConnectionError, match="ConnectionReset"):
        town.call("salesforce", TASKS, "POST", json=TASK)
    assert [e["object"] for e in town.ledger()] == ["Task"]


def cut_body(town: Town) -> None:
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        town.accounts("hubspot")


def cut_gzip(town: Town) -> None:
    raw = town.accounts("hubspot", stream=True).raw.read(1000, decode_content=False)
    assert (raw[:2], len(raw)) == (b"\x1f\x8b", 40)


def wrong_length(town: Town) -> None:
    answer = town.accounts("zendesk")
    assert len(answer.content) == 20
    assert town.accounts("zendesk").json()["organizations"]


def unavailable(town: Town) -> None:
    answers = [town.accounts("salesforce") for _ in range(3)]
    assert [a.status_code for a in answers] == [503, 503, 200]
    assert answers[0].headers["retry-after"] == "120"


def maintenance_page(town: Town) -> None:
    answer = town.accounts("salesforce")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html")
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def moved_away(town: Town) -> None:
    answer = town.accounts("hubspot", allow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (302, "https://login.example.com/")


def too_many(town: Town) -> None:
    answer = town.accounts("zendesk")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "17")
    assert answer.json()["error"] == "APIRateLimitExceeded"


def expired_token(town: Town) -> None:
    town.log_in("hubspot")  # the token of the document is an app's own, and those never end
    assert [town.accounts(crm).status_code for crm in CRMS] == [401, 401, 401]
    town.log_in("hubspot")
    assert town.accounts("hubspot").ok


def quota_spent(town: Town) -> None:
    sales, marketing = town.accounts("salesforce"), town.accounts("hubspot")
    assert (sales.status_code, sales.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert (marketing.status_code, marketing.json()["policyName"]) == (429, "DAILY")


def late_commits(town: Town) -> None:
    query = "/services/data/v67.0/query?q=SELECT+Id+FROM+Task"
    export = "/api/v2/incremental/tickets/cursor.json?start_time=1795590000"

    def seen() -> tuple[int, int]:
        tickets = town.call("zendesk", export).json()["tickets"]
        return town.call("salesforce", query).json()["totalSize"], sum(t["subject"] == "New" for t in tickets)

    assert seen() == (0, 0)
    assert town.call("salesforce", TASKS, "POST", json=TASK).status_code == 201
    ticket = {"ticket": {"subject": "New", "comment": {"body": "B"}}}
    assert town.call("zendesk", "/api/v2/tickets.json", "POST", json=ticket).status_code == 201
    town.advance("PT200S")
    assert seen() == (0, 0)
    town.advance("PT161S")
    assert seen() == (1, 1)


def search_lag(town: Town) -> None:
    def found() -> tuple[int, int]:
        wanted = {
            "filterGroups": [{"filters": [{"propertyName": "name", "operator": "EQ", "value": "New Inc"}]}]
        }
        companies = town.call("hubspot", "/crm/v3/objects/companies/search", "POST", json=wanted).json()
        organizations = town.call("zendesk", "/api/v2/search.json?query=type:organization+New+Inc").json()
        return companies["total"], organizations["count"]

    assert found() == (0, 0)
    company = {"properties": {"name": "New Inc"}}
    assert town.call("hubspot", "/crm/v3/objects/companies", "POST", json=company).status_code == 201
    organization = {"organization": {"name": "New Inc"}}
    assert town.call("zendesk", "/api/v2/organizations.json", "POST", json=organization).status_code == 201
    assert found() == (0, 0)
    town.advance("PT61S")
    assert found() == (1, 1)


def hidden_records(town: Town) -> None:
    for crm in CRMS:
        before = len(rows(town, crm))
        town.order()
        assert before < len(rows(town, crm))
        town.order(*plan("hidden-records"))


def removed_field(town: Town) -> None:
    answer = town.accounts("salesforce")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
    assert all("industry" not in r["properties"] for r in rows(town, "hubspot"))
    assert all("cs_health_score" not in r["organization_fields"] for r in rows(town, "zendesk"))
    town.order()
    assert any(r["Industry"] for r in rows(town, "salesforce"))
    assert any(r["properties"]["industry"] for r in rows(town, "hubspot"))
    assert all("cs_health_score" in r["organization_fields"] for r in rows(town, "zendesk"))


def types(town: Town) -> list[str]:
    described = town.call("salesforce", "/services/data/v67.0/sobjects/Account/describe").json()
    score = next(f for f in described["fields"] if f["name"] == "CS_Health_Score__c")
    prop = town.call("hubspot", "/crm/v3/properties/companies/cs_health_score").json()
    field = town.call("zendesk", "/api/v2/organization_fields/cs_health_score.json").json()
    return [score["type"], prop["type"], field["organization_field"]["type"]]


def retyped_field(town: Town) -> None:
    assert types(town) == ["string", "string", "text"]
    town.order()
    assert types(town) == ["double", "number", "integer"]


def locked_rows(town: Town) -> None:
    account = town.accounts("salesforce").json()["records"][0]["Id"]
    path = f"/services/data/v67.0/sobjects/Account/{account}"

    def write() -> requests.Response:
        return town.call("salesforce", path, "PATCH", json={"Phone": "1"})

    assert (write().status_code, write().json()[0]["errorCode"]) == (400, "UNABLE_TO_LOCK_ROW")
    town.advance("PT61S")
    assert write().status_code == 204


def validation_rule(town: Town) -> None:
    refused = town.call("salesforce", TASKS, "POST", json=TASK).json()[0]
    assert (refused["errorCode"], refused["fields"]) == ("FIELD_CUSTOM_VALIDATION_EXCEPTION", ["Priority"])
    assert town.call("salesforce", TASKS, "POST", json=TASK | {"Priority": "High"}).status_code == 201
    town.order()
    assert town.call("salesforce", TASKS, "POST", json=TASK).status_code == 201


def duplicate_rule(town: Town) -> None:
    path, twin = (
        "/services/data/v67.0/sobjects/Account",
        {"Name": town.accounts("salesforce").json()["records"][0]["Name"]},
    )
    refused = town.call("salesforce", path, "POST", json=twin)
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "DUPLICATES_DETECTED")
    insists = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
    assert town.call("salesforce", path, "POST", json=twin, headers=insists).status_code == 201


def lost_locators(town: Town) -> None:
    town.order({"crm": "salesforce", "do": {"short_pages": 5}})
    more = town.accounts("salesforce").json()["nextRecordsUrl"]
    assert town.call("salesforce", more).ok
    town.order(*plan("lost-locators"))
    assert town.call("salesforce", more).json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def short_pages(town: Town) -> None:
    assert len(town.accounts("salesforce").json()["records"]) == 5
    town.order()
    assert len(town.accounts("salesforce").json()["records"]) > 5


def long_requests(town: Town) -> None:
    refused = town.accounts("salesforce")
    assert refused.status_code == 403
    assert refused.json()[0]["message"] == "ConcurrentPerOrgLongTxn Limit exceeded."
    town.order({"crm": "salesforce", "do": {"long_requests": 24}})
    assert town.accounts("salesforce").ok


SEEN: dict[str, Callable[[Town], None]] = {
    see.__name__.replace("_", "-"): see
    for see in (
        late, slow_drip, lost_request, lost_answer, reset_before, reset_after, cut_body, cut_gzip, wrong_length,
        unavailable, maintenance_page, moved_away, too_many, expired_token, quota_spent, late_commits, search_lag,
        hidden_records, removed_field, retyped_field, locked_rows, validation_rule, duplicate_rule, lost_locators,
        short_pages, long_requests,
    )
}  # fmt: skip


def plan(name: str) -> list[dict[str, Any]]:
    return list(json.loads((PLANS / f"{name}.json").read_text())["rules"])


def rows(town: Town, crm: str) -> list[dict[str, Any]]:
    answer = town.accounts(crm).json()
    return list(answer.get("records") or answer.get("results") or answer.get("organizations") or ())


@pytest.mark.parametrize("name", SEEN)
def test_a_plan_file_does_what_it_is_named_for(name):
    profile = "vendor" if name == "quota-spent" else "unlimited"
    with opened(faults=PLANS / f"{name}.json", profile=profile) as town:
        SEEN[name](town)


def test_every_plan_file_is_tried_and_documented():
    text = (PLANS.parent / "sandbox.md").read_text()
    names = {path.stem for path in PLANS.glob("*.json")}
    assert names == set(SEEN)
    assert [name for name in sorted(names) if f"faults/{name}.json" not in text] == []


def test_rules_say_how_often_they_matched_and_fired():
    with opened() as town:
        town.order({"crm": "zendesk", "path": "organizations", "after": 1, "times": 2, "do": {"status": 503}})
        for _ in range(5):
            town.accounts("zendesk")
        town.accounts("hubspot")
        (line,) = town.control("GET", "/faults").json()["rules"]
    assert (line["matched"], line["fired"], line["rule"]["times"]) == (5, 2, 2)


REFUSED = [
    ({"crm": "zendesk", "do": {"daily_quota_left": 0}}, "zendesk cannot obey daily_quota_left", "salesforce"),
    (
        {"crm": "hubspot", "do": {"commit_lag_s": 5}},
        "hubspot and hubspot_emea cannot obey commit_lag_s",
        "salesforce",
    ),
    ({"do": {"search_lag_s": 5}}, "cannot obey search_lag_s", "hubspot"),
    ({"crm": "sales", "do": {"status": 500}}, "no simulator 'sales'", "salesforce"),
    (
        {"crm": "salesforce", "do": {"hide": {"object": "Acount", "share": 0.5}}},
        "no object Acount",
        "correct that",
    ),
    (
        {"crm": "hubspot", "do": {"remove_field": {"object": "companies", "field": "nme"}}},
        "no property nme",
        "correct that",
    ),
    (
        {
            "crm": "zendesk",
            "do": {"retype_field": {"object": "organizations", "field": "name", "type": "text"}},
        },
        "no field name",
        "correct that",
    ),
    *(
        (
            {"crm": crm, "do": {"retype_field": {"object": noun, "field": field, "type": "nonsense"}}},
            "no type nonsense",
            "correct that",
        )
        for crm, noun, field in (
            ("salesforce", "Account", "Name"),
            ("hubspot", "companies", "name"),
            ("zendesk", "organizations", "cs_key"),
        )
    ),
    ({"crm": "hubspot", "do": {"daily_quota_left": 0}}, "no daily quota", "correct that"),
    ({"do": {}}, "does nothing", "delay_ms"),
    ({"times": 0, "do": {"status": 500}}, "hits no request", "times is 1 or more"),
    *(
        ({"crm": "salesforce", "do": {"lock_rows": {"object": "Account"} | which}}, "locks nothing", "share")
        for which in ({}, {"share": 0.0}, {"ids": ["001000000000001AAA"], "times": 0})
    ),
    *(
        (
            {"crm": crm, "do": {"remove_field": {"object": noun, "field": field}}},
            f"nobody can delete {field}",
            "correct that",
        )
        for crm, noun, field in (
            ("salesforce", "Account", "Id"),
            ("salesforce", "Account", "name"),
            ("salesforce", "Case", "SystemModstamp"),
            ("salesforce", "Contact", "LastName"),
            ("hubspot", "companies", "hs_object_id"),
        )
    ),
    ({"do": {"body": "x"}}, "a body needs a status", "docs/faults"),
    ({"do": {"hide": {"object": "Account", "share": 60}}}, "<= 1.0", "docs/faults"),
    ({"do": {"status": 99}}, ">= 200", "docs/faults"),
    ({"do": {"commit_lag_s": 1e12}}, "<= 3155760000", "docs/faults"),
    ({"do": {"search_lag_s": 1e300}}, "<= 3155760000", "docs/faults"),
    (
        {"do": {"lock_rows": {"object": "Account", "share": 1.0, "seconds": 1e20}}},
        "<= 3155760000",
        "docs/faults",
    ),
    ({"do": {"duplicate_rule": {"object": "Account", "fields": []}}}, "length >= 1", "docs/faults"),
    ({"do": {"headers": {"a": "b\r\nc: d"}, "status": 200}}, "regex", "docs/faults"),
    ({"do": {"headers": {"a": "b\n"}, "status": 200}}, "regex", "docs/faults"),
    ({"do": {"headers": {"a\n": "b"}, "status": 200}}, "regex", "docs/faults"),
    ({"do": {"headers": {"a": "\u2713"}, "status": 200}}, "regex", "docs/faults"),
    ({"method": "PACTH", "do": {"status": 500}}, "no method 'PACTH'", "PATCH"),
]


@pytest.fixture(scope="module")
def town():
    with opened() as town:
        yield town


@pytest.mark.parametrize(("rule", "what", "fix"), REFUSED)
def test_an_order_that_would_be_ignored_is_refused_and_the_rules_stay(town, rule, what, fix):
    town.order({"path": "nowhere", "do": {"status": 500}})
    answer = town.control("POST", "/faults", {"rules": [{"path": "other", "do": {"status": 500}}, rule]})
    assert answer.status_code == 400
    said = answer.json()
    assert what in said["error"]
    assert fix in said["fix"]
    assert [line["rule"]["path"] for line in town.control("GET", "/faults").json()["rules"]] == ["nowhere"]


def test_a_restored_snapshot_knows_how_to_end_what_was_ongoing(town):
    town.order({"crm": "hubspot", "do": {"remove_field": {"object": "companies", "field": "industry"}}})
    assert "industry" not in rows(town, "hubspot")[0]["properties"]
    without = town.control("POST", "/snapshot").json()["snapshot"]
    town.order()
    assert "industry" in rows(town, "hubspot")[0]["properties"]
    town.control("POST", "/restore", {"snapshot": without})
    assert "industry" not in rows(town, "hubspot")[0]["properties"]
    town.order()
    assert "industry" in rows(town, "hubspot")[0]["properties"]
