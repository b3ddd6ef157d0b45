"""Whatever stands in the place of a value, the org answers in its own words and never crashes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from .salesforce_org import Org

BASE = "/services/data/v67.0"
ODD: tuple[Any, ...] = (
    None, True, -1, 1.5, 10**30, "", "x", "9" * 400, "1e999", "é\u0000\U0001f600", [], [None], ["x"], {}, {"a": 1},
)  # fmt: skip
ACCOUNT = {"attributes": {"type": "Account", "referenceId": "r"}, "Name": "A", "AnnualRevenue": 3}
PART = {
    "method": "POST",
    "url": f"{BASE}/sobjects/Account",
    "referenceId": "a",
    "body": {"Name": "A"},
    "httpHeaders": {},
}
SOUND: dict[str, tuple[str, Any]] = {
    "sobjects/Account": ("POST", {"Name": "A", "NumberOfEmployees": 3, "AnnualRevenue": 1.5, "Parent": {"CS_Key__c": "k"}}),
    "sobjects/Event": ("POST", {"Subject": "s", "DurationInMinutes": 60, "ActivityDateTime": "2026-11-25T00:00:00Z"}),
    "composite/sobjects": ("POST", {"allOrNone": False, "records": [ACCOUNT]}),
    "composite/sobjects/Account/CS_Key__c": ("PATCH", {"records": [{"attributes": {"type": "Account"}, "CS_Key__c": "k"}]}),
    "composite/sobjects/Account": ("POST", {"ids": ["001000000000001AAA"], "fields": ["Name"]}),
    "composite/tree/Account": ("POST", {"records": [ACCOUNT | {"Contacts": {"records": [ACCOUNT]}}]}),
    "composite": ("POST", {"allOrNone": True, "collateSubrequests": True, "compositeRequest": [PART]}),
    "composite/batch": ("POST", {"haltOnError": True, "batchRequests": [{"method": "POST", "url": "v67.0/sobjects/Account", "richInput": {}}]}),
    "composite/graph": ("POST", {"graphs": [{"graphId": "1", "compositeRequest": [PART]}]}),
    "jobs/ingest": ("POST", {"object": "Account", "operation": "insert", "lineEnding": "LF", "columnDelimiter": "COMMA"}),
    "jobs/query": ("POST", {"operation": "query", "query": "SELECT Id FROM Account", "lineEnding": "LF", "columnDelimiter": "TAB"}),
}  # fmt: skip


def changed(value: Any) -> Iterator[Any]:
    """The value with another one in each place, and each place left out."""
    yield from ODD
    places = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for place, inner in places:
        for other in changed(inner):
            yield (
                {**value, place: other}
                if isinstance(value, dict)
                else [*value[:place], other, *value[place + 1 :]]
            )
        if isinstance(value, dict):
            yield {name: kept for name, kept in value.items() if name != place}


@pytest.mark.parametrize("path", SOUND)
def test_an_odd_value_in_any_place_is_answered(path):
    org, (method, sound) = Org(), SOUND[path]
    for body in changed(sound):
        answer = org.call(method, path, body)
        assert answer.status in {200, 201, 204, 400, 404, 501}, (body, answer.body)
        if answer.status >= 400 and path != "composite/tree/Account":
            assert json.loads(answer.body)[0]["errorCode"], body


@pytest.mark.parametrize("number", [10**30, -(10**30), 1.5e300])
def test_a_number_beyond_all_bounds_has_the_words_of_one_beyond_those_of_the_field(number):
    found = Org().error("POST", "sobjects/Account", {"Name": "A", "AnnualRevenue": number})
    assert found[:2] == (400, "NUMBER_OUTSIDE_VALID_RANGE")
    assert found[2].startswith("Annual Revenue: value outside of valid range on numeric field: ")


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_a_time_beyond_the_calendar_is_refused_wherever_it_stands(text):
    org = Org()
    event = {"Subject": "s", "DurationInMinutes": 60, "ActivityDateTime": text}
    assert org.error("POST", "sobjects/Event", event)[:2] == (400, "JSON_PARSER_ERROR")
    where = f"SELECT Id FROM Account WHERE CreatedDate > {text}"
    assert org.error("GET", "query", q=where)[:2] == (400, "MALFORMED_QUERY")
    for end in (
        {"start": text, "end": "2026-11-22T00:00:00Z"},
        {"start": "2026-11-22T00:00:00Z", "end": text},
    ):
        found = org.error("GET", "sobjects/Account/updated", **end)
        assert found[:2] == (400, "INVALID_REPLICATION_DATE")


@pytest.mark.parametrize("day", ["1699-12-31", "0500-01-01", "4001-01-01", "9999-12-31"])
def test_a_field_holds_no_day_before_1700_or_after_4000(day):
    org = Org()
    event = {"Subject": "s", "DurationInMinutes": 60, "ActivityDateTime": f"{day}T00:00:00Z"}
    assert org.error("POST", "sobjects/Event", event)[:2] == (400, "FIELD_INTEGRITY_EXCEPTION")
    task = {"Subject": "s", "ActivityDate": day}
    assert org.error("POST", "sobjects/Task", task)[:2] == (400, "FIELD_INTEGRITY_EXCEPTION")


def test_early_years_are_compared_as_numbers():
    org = Org()
    org.create("Account", Name="A")
    assert org.names("WHERE CreatedDate > 0500-01-01T00:00:00Z") == ["A"]


@pytest.mark.parametrize("number", ["1_000", "\u0661\u0662", "1e99999999"])
def test_a_text_is_a_number_only_in_plain_digits(number):
    account = {"Name": "A", "NumberOfEmployees": number}
    code = "NUMBER_OUTSIDE_VALID_RANGE" if number.startswith("1e") else "JSON_PARSER_ERROR"
    assert Org().error("POST", "sobjects/Account", account)[:2] == (400, code)


@pytest.mark.parametrize("number", ["1e99999999", "-1e99999999"])
def test_a_number_with_a_huge_exponent_is_refused_at_once(number):
    found = Org().error("POST", "sobjects/Account", {"Name": "A", "AnnualRevenue": number})
    assert found[:2] == (400, "NUMBER_OUTSIDE_VALID_RANGE")
    org = Org()
    made = org.create("Account", Name="A", AnnualRevenue="1e-99999999")
    assert org.get("GET", f"sobjects/Account/{made}")["AnnualRevenue"] == 0


@pytest.mark.parametrize("text", ["", " ", " \t\n"])
def test_a_text_of_spaces_is_no_text(text):
    org = Org()
    assert org.error("POST", "sobjects/Account", {"Name": text})[:2] == (400, "REQUIRED_FIELD_MISSING")
    made = org.create("Account", Name=" A ", Phone=text, CS_Key__c=text)
    shown = org.get("GET", f"sobjects/Account/{made}")
    assert (shown["Name"], shown["Phone"], shown["CS_Key__c"]) == ("A", None, None)
    assert org.names("WHERE Phone = null") == ["A"]
    org.create("Account", Name="B", CS_Key__c=text)  # nothing is not a key that somebody has
