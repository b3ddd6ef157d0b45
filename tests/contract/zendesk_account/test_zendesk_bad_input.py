"""Requests that make no sense, by dice: each is answered in one of the vendor's envelopes, none breaks the account."""

from __future__ import annotations

import json
import random
from typing import Any
from urllib.parse import urlencode

import pytest

from cs_connector.sandbox.wire import Request

from .house import organization, seed, ticket, user


def words(text: str) -> list[str]:
    return text.split()


VALUES: list[Any] = [
    None, True, 0, -1, 10**30, 1.5, "", "x", "1", "é", "2026-13-99", [], ["x"], [1], [None], {}, {"a": 1}, {"id": 1},
    [{}], [{"id": 1}], {"body": ["x"]}, "x" * 300, "\x00",
]  # fmt: skip
NAMES = words(
    "name external_id domain_names tags organization_fields email organization_id role user_fields alias subject"
    " comment priority status type requester_id requester assignee_id custom_fields additional_tags due_at"
    " safe_update key title custom_field_options winner_id user_id default value id custom_object_fields action"
    " items position active agent_label status_category"
)
QUERY = words(
    "page per_page page[size] page[after] sort sort_by ids external_ids start_time cursor query include role"
    " filter[type] filter[ids] external_id name score end_time tags"
)
ASKED = [
    "",
    "0",
    "-1",
    "x",
    "1,x",
    "9" * 22,
    "W10=",
    "IjEi",
    "e30=",
    "type:ticket",
    "status<x",
    '"',
    "-",
    "a:b:c",
]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PATHS = words(
    "organizations organizations/1 organizations/update_many organizations/create_many organizations/1/merge"
    " organizations/1/tags organization_memberships users users/1 users/1/identities users/1/merge users/search"
    " users/create_or_update users/create_or_update_many tickets tickets/1 tickets/update_many tickets/1/comments"
    " deleted_tickets deleted_tickets/1 deleted_users/1 organization_fields organization_fields/cs_health_score"
    " ticket_fields custom_objects custom_objects/x/records custom_objects/x/jobs custom_statuses groups search"
    " search/export incremental/tickets/cursor incremental/organizations satisfaction_ratings job_statuses"
    " guide/survey_responses oauth/tokens/current tags nonsense triggers"
)
WRAPS = words(
    "organization organizations user users ticket tickets organization_membership identity organization_merge group"
    " custom_status custom_object custom_object_record job organization_field ticket_field tags"
)


def body(dice: random.Random) -> bytes:
    def record() -> dict[str, Any]:
        sound = {
            "name": f"N{dice.random()}",
            "subject": "s",
            "comment": {"body": "x"},
            "title": "t",
            "key": "k",
        }
        strange = {dice.choice(NAMES): dice.choice(VALUES) for _ in range(dice.randrange(5))}
        return (sound if dice.random() < 0.7 else {}) | strange

    wrap = dice.choice(WRAPS)
    inside: Any = [record(), record()] if wrap.endswith("s") else record()
    return json.dumps({wrap: dice.choice(VALUES) if dice.random() < 0.1 else inside}).encode()


@pytest.mark.parametrize("start", range(4))
def test_nonsense_is_refused_in_the_vendors_words(api, start):
    for number in range(1, 4):
        seed(api, organization(number), user(number, organization_id=number, email=f"u{number}@example.test"))
        seed(api, ticket(number, requester_id=number))
    dice, account = random.Random(start), api.sandbox.simulators["zendesk"]
    headers = {"authorization": api.session.headers["authorization"], "content-type": "application/json"}
    for _ in range(600):
        method, path = dice.choice(METHODS), f"/api/v2/{dice.choice(PATHS)}.json"
        query = urlencode({dice.choice(QUERY): dice.choice(ASKED) for _ in range(dice.randrange(3))})
        if path.endswith("tokens/current.json") and method == "DELETE":
            continue
        sent = b"" if method == "GET" else body(dice)
        answer = account.handle(Request(method, path, query, headers, sent))
        if answer.status >= 400 and answer.body:
            found = json.loads(answer.body)
            assert "error" in found or "errors" in found, (method, path, query, sent, answer.body)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"organizations.json?per_page={'9' * 5000}", 400),
        (f"organizations/{'9' * 5000}.json", 400),
        ("organizations/²", 400),
        (f"organizations/show_many.json?ids={'9' * 5000}", 200),
        (f"incremental/tickets/cursor.json?start_time={'9' * 5000}", 422),
        (f"search.json?query=created>{'9' * 400}days", 422),
    ],
)
def test_numbers_that_are_too_long_are_refused_in_the_words_of_the_vendor(api, path, status):
    answer = api("GET", path)
    assert (answer.status_code, "error" in answer.json()) == (status, status != 200)
