"""Objects that an org does not have because their feature is off, and changes too many for Salesforce to list."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from cs_connector.errors import NotPermitted
from cs_connector.ports import Estimate, Read

from .test_salesforce_adapter import API, FIELDS, describe, key_file, wire, world

__all__ = ["key_file", "wire", "world"]

MISSING = [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]
TOO_MANY = [{"errorCode": "EXCEEDED_ID_LIMIT", "message": "exceeded limit of 600000 ids"}]


def lack(wire, name):
    return wire.get(f"{API}/sobjects/{name}/describe", status=404, json=MISSING)


@pytest.mark.parametrize("name", ["Asset", "AccountTeamMember", "SurveyInvitation", "Quote"])
def test_an_object_whose_feature_is_off_is_passed_over_at_the_cost_of_one_look(wire, world, name):
    adapter, *_ = world
    look = lack(wire, name)
    assert list(adapter.describe([name])) == []
    assert adapter.total(name) is None
    assert adapter.estimate(Read(name, ("Name",))) == Estimate(0, 1)
    (page,) = adapter.read(Read(name, ("Name",)))
    assert (list(page.records), page.done, page.complete_to) == ([], True, None)
    assert look.call_count == 1
    assert json.loads(page.cursor) == {}


def test_an_object_that_went_away_is_gone_on_with_where_it_was_once_it_is_back(wire, world):
    adapter, *_ = world
    lack(wire, "Asset")
    cursor = '{"since":"2026-06-01T10:00:00.000Z"}'
    (page,) = adapter.read(Read("Asset", ("Name",), cursor))
    assert page.cursor == cursor


@pytest.mark.parametrize("name", ["Account", "Subscription__c"])
def test_any_other_object_that_is_missing_is_told(wire, world, name):
    adapter, *_ = world
    lack(wire, name)
    with pytest.raises(NotPermitted, match=f"no {name} for the user"):
        list(adapter.read(Read(name, ("Name",))))


def test_where_a_feature_is_on_a_refusal_is_one(wire, world):
    adapter, *_ = world
    refused = [{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}]
    wire.get(f"{API}/sobjects/Asset/describe", status=403, json=refused)
    with pytest.raises(NotPermitted, match="does not let us"):
        list(adapter.read(Read("Asset", ("Name",))))


@pytest.mark.parametrize(
    ("refusals", "until"),
    [
        (1, datetime(2026, 6, 1, 11, 58, tzinfo=UTC)),
        (2, datetime(2026, 6, 1, 11, 55, tzinfo=UTC)),
    ],
)
def test_more_changes_than_salesforce_lists_stop_no_object(wire, world, refusals, until):
    """A shorter time is asked for, and when that is too much as well, the usual lag is kept."""
    adapter, *_ = world
    describe(wire, "Account", *FIELDS)
    spans = []

    def answer(request):
        start, end = (datetime.fromisoformat(request.params[name]) for name in ("start", "end"))
        spans.append(end - start)
        if len(spans) <= refusals:
            return 400, {}, json.dumps(TOO_MANY)
        return 200, {}, json.dumps({"ids": [], "latestDateCovered": "2026-06-01T11:58:00.000+0000"})

    wire.add_callback("GET", f"{API}/sobjects/Account/updated/", answer)
    wire.get(f"{API}/queryAll", json={"records": [], "done": True})
    (page,) = adapter.read(Read("Account", ("Name",)))
    assert page.complete_to == until
    assert spans == [timedelta(minutes=10), timedelta(minutes=2)]
