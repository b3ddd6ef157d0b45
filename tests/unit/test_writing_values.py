"""Values as vendors take them, whether those that they hold mean the same, and what their refusals mean."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from cs_connector.adapters.hubspot.errors import Problem as HubSpotProblem
from cs_connector.adapters.hubspot.writing import values as hubspot
from cs_connector.adapters.zendesk.errors import verdict
from cs_connector.adapters.zendesk.writing import values as zendesk

from cs_connector.ports import Action, Change, Value, Verdict


@pytest.mark.parametrize(
    ("sent", "held"),
    [
        ("", None),
        ("72", "72.0"),
        ("0.50", "0.5"),
        ("red", " red "),
        ("2027-01-12", "2027-01-12T00:00:00Z"),
        ("2027-01-12", "1799712000000"),
        ("2026-12-01T12:00:00Z", "2026-12-01T12:00:00.000Z"),
        ("b;a", "a;b"),
    ],
)
def test_hubspot_holds_what_was_sent_in_another_spelling(sent: str, held: str | None) -> None:
    assert hubspot.same(sent, held)


@pytest.mark.parametrize(
    ("sent", "held"),
    [
        ("", "0"),
        ("72", None),
        ("72", "73"),
        ("red", "Red"),
        ("2027-01-12", "2027-01-13"),
        ("2027-01-12", "2027-01-12T12:00:00Z"),
        ("a;b", "a"),
        ("true", "false"),
    ],
)
def test_hubspot_holds_something_else(sent: str, held: str | None) -> None:
    assert not hubspot.same(sent, held)


@pytest.mark.parametrize(
    ("sent", "held"),
    [
        (None, None),
        (None, ""),
        (False, None),
        ("72", 72),
        (72.0, 72),
        ("12.50", 12.5),
        (True, True),
        ("true", True),
        ("2027-01-12", "2027-01-12T00:00:00+00:00"),
    ],
)
def test_zendesk_holds_what_was_sent_in_another_spelling(sent: Value, held: Any) -> None:
    assert zendesk.same(sent, held)


@pytest.mark.parametrize(
    ("sent", "held"),
    [(None, 0), (0, None), ("72", 73), (True, None), ("2027-01-12", "2027-01-13T00:00:00+00:00")],
)
def test_zendesk_holds_something_else(sent: Value, held: Any) -> None:
    assert not zendesk.same(sent, held)


def test_plain_fields_of_zendesk_stand_beside_its_own_and_tags_do_not() -> None:
    change = Change("z", "organizations", Action.UPDATE, "k", {"name": "A", "cs_key": "K", "tags": "x"})
    assert zendesk.body(change) == {"name": "A", "organization_fields": {"cs_key": "K", "tags": "x"}}


@pytest.mark.parametrize(
    ("said", "code", "means"),
    [
        ({"category": "RATE_LIMITS"}, "RATE_LIMITS", Verdict.LATER),
        ({"errorType": "RATE_LIMIT"}, "RATE_LIMIT", Verdict.LATER),
        ({"category": "LOCKED"}, "LOCKED", Verdict.LATER),
        ({"category": "INTERNAL_ERROR"}, "INTERNAL_ERROR", Verdict.UNKNOWN),
        ({"category": "CONFLICT", "message": "Existing ID: 7"}, "CONFLICT", Verdict.REJECTED),
        ({"category": "OBJECT_NOT_FOUND"}, "OBJECT_NOT_FOUND", Verdict.REJECTED),
        ({"message": "what?"}, "ERROR", Verdict.REJECTED),
        (
            {"category": "VALIDATION_ERROR", "errors": [{"code": "INVALID_OPTION", "message": "no purple"}]},
            "INVALID_OPTION",
            Verdict.REJECTED,
        ),
    ],
)
def test_what_hubspot_s_refusals_mean(said: dict[str, Any], code: str, means: Verdict) -> None:
    found = msgspec.convert(said, HubSpotProblem)
    assert (found.code, found.verdict) == (code, means)


@pytest.mark.parametrize(
    ("code", "means"),
    [
        ("TooManyJobs", Verdict.LATER),
        ("DatabaseConflict", Verdict.LATER),
        ("InternalError", Verdict.UNKNOWN),
        ("OrganizationUpdateFailed", Verdict.REJECTED),
        ("RecordInvalid", Verdict.REJECTED),
    ],
)
def test_what_zendesk_s_refusals_mean(code: str, means: Verdict) -> None:
    assert verdict(code) is means
