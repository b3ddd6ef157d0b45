"""Search, its limits and those of all calls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cs_connector.sandbox.keeping import laid

from .house import House, company


def test_searches_are_limited_a_second_without_rate_headers(house: House) -> None:
    answers = [house.call("POST", "/crm/v3/objects/companies/search", {}) for _ in range(6)]
    assert [a.status_code for a in answers] == [200] * 5 + [429]
    assert answers[-1].json()["message"] == "You have reached your secondly limit."
    assert "x-hubspot-ratelimit-max" not in answers[0].headers
    assert "retry-after" not in answers[-1].headers
    house.clock.advance(timedelta(seconds=1))
    assert house.call("POST", "/crm/v3/objects/companies/search", {}).status_code == 200


def test_calls_are_limited_in_ten_seconds_and_a_day(house: House) -> None:
    answers = [house.call("GET", "/crm/v3/objects/companies") for _ in range(191)]
    assert [a.status_code for a in answers[-2:]] == [200, 429]
    assert answers[0].headers["x-hubspot-ratelimit-remaining"] == "189"
    assert answers[-1].json()["policyName"] == "TEN_SECONDLY_ROLLING"
    house.clock.advance(timedelta(seconds=11))
    house.portal.control({"daily_quota_left": 1})
    last, over = (house.call("GET", "/crm/v3/objects/companies") for _ in range(2))
    assert last.headers["x-hubspot-ratelimit-daily-remaining"] == "0"
    assert (over.status_code, over.json()["policyName"]) == (429, "DAILY")
    house.clock.advance(timedelta(days=1))
    assert house.call("GET", "/crm/v3/objects/companies").status_code == 200


def test_a_search_ends_at_ten_thousand(unlimited: House) -> None:
    unlimited.load("companies", *(company(n) for n in range(1, 10_302)))
    page = {"limit": 200, "after": "9800"}
    assert unlimited.search("companies", **page)["total"] == 10_301
    beyond = unlimited.call("POST", "/crm/v3/objects/companies/search", {"limit": 200, "after": "9801"})
    assert beyond.status_code == 400
    above = {"propertyName": "hs_object_id", "operator": "GT", "value": "10000"}
    rest = unlimited.search("companies", above, limit=200)
    assert rest["total"] == 301
    assert rest["results"][0]["id"] == "10001"


def test_the_small_profile_keeps_the_law_at_a_hundredth(small: House) -> None:
    small.load("companies", *(company(n) for n in range(1, 151)))
    assert len(small.search("companies", limit=200)["results"]) == 2
    assert small.search("companies", limit=200, after="98")["paging"]["next"]["after"] == "100"
    body = {"limit": 200, "after": "100"}
    assert small.call("POST", "/crm/v3/objects/companies/search", body).status_code == 400
    assert len(small.call("GET", "/crm/v3/objects/companies?limit=100").json()["results"]) == 2


@pytest.mark.parametrize(
    ("each", "expected"),
    [
        ({"propertyName": "name", "operator": "EQ", "value": "ALPHA one"}, [1]),
        ({"propertyName": "name", "operator": "CONTAINS_TOKEN", "value": "alph*"}, [1, 2]),
        ({"propertyName": "name", "operator": "NOT_HAS_PROPERTY"}, [4]),
        ({"propertyName": "name", "operator": "NOT_IN", "values": ["alpha one"]}, [2, 3]),
        ({"propertyName": "cs_health_score", "operator": "GT", "value": "9"}, [1, 2]),
        ({"propertyName": "cs_health_score", "operator": "BETWEEN", "value": "5", "highValue": "10"}, [1, 3]),
        ({"propertyName": "cs_key", "operator": "IN", "values": ["k1", "k3", "zz"]}, [1, 3]),
        ({"propertyName": "hs_object_id", "operator": "IN", "values": [2, 9]}, [2]),
        ({"propertyName": "cs_renewal_date", "operator": "LT", "value": "2027-01-01"}, [2]),
        ({"propertyName": "associations.contact", "operator": "EQ", "value": "20"}, [3]),
    ],
)
def test_operators(house: House, each: dict[str, Any], expected: list[int]) -> None:
    house.load(
        "companies",
        company(1, name="Alpha One", cs_health_score="10", cs_key="k1"),
        company(2, name="Alpha Two", cs_health_score="100", cs_renewal_date="2026-12-31"),
        company(3, name="Beta", cs_health_score="5", cs_key="k3", cs_renewal_date="2027-01-01"),
        company(4),
    )
    house.load("contacts", {**company(20), "associations": [{"to_object": "companies", "to_id": "3"}]})
    assert [int(r["id"]) for r in house.search("companies", each)["results"]] == expected


def test_the_index_is_a_few_seconds_behind_by_default(house: House) -> None:
    made = house.post("/crm/v3/objects/companies", {"properties": {"name": "Fresh", "cs_key": "k"}})["id"]
    by_key = {"filters": [{"propertyName": "cs_key", "operator": "EQ", "value": "k"}]}
    soon = house.post("/crm/v3/objects/companies/search", {"filterGroups": [by_key]})
    assert soon["total"] == 0
    listed = house.call("GET", "/crm/v3/objects/companies").json()["results"]
    assert [r["id"] for r in listed] == [made]
    house.clock.advance(timedelta(seconds=4))
    late = house.post("/crm/v3/objects/companies/search", {"filterGroups": [by_key]})
    assert [r["id"] for r in late["results"]] == [made]


@pytest.mark.parametrize(
    ("each", "expected"),
    [
        ({"propertyName": "lifecyclestage", "operator": "EQ", "value": "Customer"}, []),
        ({"propertyName": "lifecyclestage", "operator": "IN", "values": ["customer"]}, [1]),
        ({"propertyName": "name", "operator": "EQ", "value": "ALPHA ONE"}, [1]),
        (
            {"propertyName": "name", "operator": "IN", "values": ["Alpha One"]},
            [],
        ),  # only small letters are found
        ({"propertyName": "name", "operator": "IN", "values": ["alpha one", "beta"]}, [1, 2]),
        ({"propertyName": "name", "operator": "CONTAINS_TOKEN", "value": "one alpha"}, [1]),
        ({"propertyName": "name", "operator": "CONTAINS_TOKEN", "value": "alph"}, []),
        ({"propertyName": "name", "operator": "NOT_CONTAINS_TOKEN", "value": "*eta"}, [1, 3]),
        ({"propertyName": "hs_object_id", "operator": "BETWEEN", "value": 2, "highValue": 3}, [2, 3]),
        ({"propertyName": "associations.companies", "operator": "EQ", "value": "1"}, [2]),
        ({"propertyName": "associations.contacts", "operator": "IN", "values": ["20", "21"]}, [1, 3]),
    ],
)
def test_cases_and_links(house: House, each: dict[str, Any], expected: list[int]) -> None:
    child = {"associations": [{"to_object": "companies", "to_id": "1", "type_id": 14}]}
    house.load(
        "companies",
        company(1, name="Alpha One", lifecyclestage="customer"),
        {**company(2, name="Beta", lifecyclestage="lead"), **child},
        company(3, name="Gamma"),
    )
    house.load("contacts", company(20, associatedcompanyid="1"), company(21, associatedcompanyid="3"))
    assert [int(r["id"]) for r in house.search("companies", each)["results"]] == expected


def test_filters_without_a_group_and_groups_are_asked_for_together(house: House) -> None:
    house.load("companies", *(company(n, name=f"C{n}") for n in range(1, 5)))
    one = {"propertyName": "name", "operator": "EQ", "value": "c1"}
    two = {"filters": [{"propertyName": "name", "operator": "EQ", "value": "c2"}]}
    house.clock.advance(timedelta(seconds=4))
    both = house.post("/crm/v3/objects/companies/search", {"filters": [one], "filterGroups": [two]})
    assert [r["id"] for r in both["results"]] == ["1", "2"]
    words = house.post("/crm/v3/objects/companies/search", {"query": "c3", "sorts": ["-name"]})
    assert [r["id"] for r in words["results"]] == ["3"]


def test_a_lagging_index_finds_by_the_past_and_shows_the_present(house: House) -> None:
    house.load("companies", company(1, name="Old"))
    house.portal.control({"search_lag_s": 30})
    house.call("PATCH", "/crm/v3/objects/companies/1", {"properties": {"name": "New"}})
    house.post("/crm/v3/objects/companies", {"properties": {"name": "Fresh"}})

    def found(name: str) -> list[str]:
        by_name = {"propertyName": "name", "operator": "EQ", "value": name}
        results = house.search("companies", by_name, properties=["name"])["results"]
        return [r["properties"]["name"] for r in results]

    assert (found("Old"), found("New"), found("Fresh")) == (["New"], [], [])
    house.clock.advance(timedelta(seconds=30))
    assert (found("Old"), found("New"), found("Fresh")) == ([], ["New"], ["Fresh"])


def test_search_tells_what_was_cleared_from_what_was_never_there(house: House) -> None:
    house.load("companies", company(1, name="A", cs_health_score="5"), company(2, name="B"))
    house.call("PATCH", "/crm/v3/objects/companies/1", {"properties": {"cs_health_score": ""}})
    found = house.search("companies", properties=["cs_health_score"])["results"]
    assert [r["properties"]["cs_health_score"] for r in found] == ["", None]
    read = house.call("GET", "/crm/v3/objects/companies/1?properties=cs_health_score").json()
    assert read["properties"]["cs_health_score"] is None


def test_the_oldest_come_first(house: House) -> None:
    house.load("companies", company(1, 9), company(2, 3), company(3, 6))
    assert [r["id"] for r in house.search("companies")["results"]] == ["2", "3", "1"]


@pytest.mark.parametrize("operator", ["EQ", "GT", "LTE", "BETWEEN", "IN"])
@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e400"])
def test_an_id_is_compared_with_finite_numbers_only(unlimited: House, operator: str, value: str) -> None:
    each = {
        "propertyName": "hs_object_id",
        "operator": operator,
        "value": value,
        "highValue": "9",
        "values": [value],
    }
    asked = {"filterGroups": [{"filters": [each]}]}
    answer = unlimited.call("POST", "/crm/v3/objects/companies/search", asked)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("name", ["hs_object_id", "hs_lastmodifieddate"])
@pytest.mark.parametrize("operator", ["CONTAINS_TOKEN", "HAS_PROPERTY", "IN"])
def test_a_value_that_an_operator_does_not_use_is_not_looked_at(
    unlimited: House, name: str, operator: str
) -> None:
    unlimited.load("companies", company(1))
    each = {"propertyName": name, "operator": operator, "value": "word", "values": ["1"]}
    found = unlimited.search("companies", each)
    assert found["total"] == (operator == "HAS_PROPERTY" or (operator, name) == ("IN", "hs_object_id"))


@pytest.mark.parametrize("kind", ["number", "datetime", "date", "enumeration", "bool"])
def test_values_from_before_a_new_type_are_passed_over(unlimited: House, kind: str) -> None:
    unlimited.load("companies", company(1, cs_key="word"), company(2, cs_key="20"))
    unlimited.portal.control({"retype_field": {"object": "companies", "field": "cs_key", "type": kind}})
    above = {"propertyName": "cs_key", "operator": "GTE", "value": "20"}
    sorted_by = [{"propertyName": "cs_key", "direction": "ASCENDING"}]
    found = [each["id"] for each in unlimited.search("companies", above, sorts=sorted_by)["results"]]
    assert "2" in found
    assert ("1" in found) == (kind in ("enumeration", "bool"))


@pytest.mark.parametrize("name", ["hs_object_id", "cs_key"])
def test_a_record_that_is_named_twice_is_found_once(unlimited: House, tmp_path, name: str) -> None:
    unlimited.load("companies", *(company(n, cs_key=str(n)) for n in range(1, 1200)))
    world = unlimited.world
    named = {"world": world, "clock": world.clock, "ledger": world.ledger, "dice": world.dice}
    unlimited.portal.restore(laid(unlimited.portal.snapshot(), tmp_path, named))
    found = unlimited.search("companies", {"propertyName": name, "operator": "IN", "values": ["5", "5"]})
    assert (found["total"], [each["id"] for each in found["results"]]) == (1, ["5"])
