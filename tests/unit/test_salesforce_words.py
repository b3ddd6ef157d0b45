"""What the Salesforce adapter makes of errors, headers and texts, without a call."""

from __future__ import annotations

import json

import pytest
import requests
from cs_connector.adapters.salesforce import soql
from cs_connector.adapters.salesforce.errors import allowance, classify

from cs_connector.errors import (
    AdapterError,
    AuthFailed,
    ConfigError,
    Conflict,
    NotPermitted,
    QuotaExhausted,
    RateLimited,
    Rejected,
    Unavailable,
)

ACCOUNT = "001000000000001AAA"


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (401, "INVALID_SESSION_ID", "Session expired or invalid", AuthFailed),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", QuotaExhausted),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded.", RateLimited),
        (403, "API_DISABLED_FOR_ORG", "", NotPermitted),
        (403, "CANNOT_ANYTHING", "", NotPermitted),
        (400, "INVALID_FIELD", "No such column", NotPermitted),
        (400, "INVALID_TYPE", "", NotPermitted),
        (400, "MALFORMED_QUERY", "", Rejected),
        (400, "QUERY_TIMEOUT", "", Unavailable),
        (400, "UNABLE_TO_LOCK_ROW", "", Conflict),
        (404, "ENTITY_IS_DELETED", "entity is deleted", Rejected),
        (410, "GONE", "", AdapterError),
        (412, "PRECONDITION", "", Conflict),
        (500, "UNKNOWN_EXCEPTION", "", Unavailable),
        (503, "SERVER_UNAVAILABLE", "", Unavailable),
    ],
)
def test_error_codes_say_what_to_do_next(status, code, message, kind):
    found = classify(answer(status, [{"errorCode": code, "message": message}]))
    assert kind in type(found).__mro__[:2]


def test_a_body_that_is_no_error_list_leaves_the_status_to_speak():
    response = requests.Response()
    response.status_code, response._content = 502, b"<html>"
    assert classify(response) is None


def answer(status, body, **headers):
    response = requests.Response()
    response.status_code, response._content = status, json.dumps(body).encode()
    response.headers.update(headers)
    return response


def test_the_allowance_is_read_from_the_header():
    header = {"Sforce-Limit-Info": "api-usage=18/15000; per-app-api-usage=17/250(appName=x)"}
    assert allowance(answer(200, {}, **header)) == (15000, 14982)
    assert allowance(answer(200, {})) is None


def test_texts_in_queries_cannot_end_the_query():
    assert soql.text("O'Neil \\ \n") == r"'O\'Neil \\ \n'"


def test_ids_get_the_part_that_makes_them_case_proof():
    assert soql.long_id("001D000000IqhSL") == "001D000000IqhSLIAZ"
    assert soql.long_id(ACCOUNT) == ACCOUNT


@pytest.mark.slow
def test_long_key_lists_become_several_queries_that_fit():
    keys = [f"key-{n:05}-with-a-tail" for n in range(2_000)]
    queries = list(soql.by_key("Task", "CS_Key__c", keys))
    assert len(queries) > 1
    assert all(map(soql.fits, queries))
    assert sum(query.count("key-") for query in queries) == 2_000


def test_too_many_fields_for_an_address_are_told():
    fields = [f"A_rather_long_field_name_{n}__c" for n in range(600)]
    with pytest.raises(ConfigError, match="Too many fields"):
        soql.check_length(soql.changes("Account", fields, None, None), "Account")
