"""Very many properties: a search takes a request of 3,000 characters, a list an address of some 16,000, so what they find is
then asked for by id.
"""

from __future__ import annotations

import json

import pytest

from cs_connector.ports import Read

from .hubspot_kit import OBJECTS, Portal

PROPERTIES = "/crm/properties/2026-03/companies"
NAMES = tuple(f"what_somebody_entered_about_the_company_{n:02}" for n in range(80))
MOST = tuple(f"what_somebody_entered_about_the_company_{n:03}" for n in range(800))
READ = Read("companies", ("name", *NAMES))


def added(portal: Portal, names: tuple[str, ...] = NAMES) -> None:
    like = {"type": "string", "fieldType": "text", "groupName": "companyinformation"}
    inputs = [{"name": name, "label": name, **like} for name in names]
    for start in range(0, len(inputs), 100):
        portal.other("POST", f"{PROPERTIES}/batch/create", {"inputs": inputs[start : start + 100]})


def read(
    portal: Portal, cursor: str | None = None, names: tuple[str, ...] = NAMES, history: tuple[str, ...] = ()
):  # type: ignore[no-untyped-def]
    pages = list(portal.adapter.read(Read(READ.object, ("name", *names), cursor, history=history)))
    return {r.id: r for page in pages for r in page.records}, pages[-1].cursor


def test_what_changed_is_read_with_all_of_them_and_the_calls_are_known_before(portal: Portal) -> None:
    added(portal)
    whole, cursor = read(portal)
    assert len(whole) == 250
    portal.later(hours=1)
    for start in (0, 60):
        each = range(start, start + 60)
        inputs = [{"id": str(1001 + n), "properties": {NAMES[79]: f"v{n}"}} for n in each]
        portal.other("POST", f"{OBJECTS}/companies/batch/update", {"inputs": inputs})
    portal.other("DELETE", f"{OBJECTS}/companies/1250")
    portal.later(minutes=5)
    expected = portal.adapter.estimate(Read(READ.object, READ.fields, cursor))
    before = portal.adapter.usage().used
    changed, _ = read(portal, cursor)
    assert (
        portal.adapter.usage().used - before + 1 == expected.calls
    )  # a description comes before each reading
    assert {key: r.deleted for key, r in changed.items() if r.deleted} == {"1250": True}
    told = {key: json.loads(r.payload)["properties"] for key, r in changed.items() if not r.deleted}
    assert {key: held[NAMES[79]] for key, held in told.items()} == {
        str(1001 + n): f"v{n}" for n in range(120)
    }
    again, _ = read(portal)
    assert again["1001"].payload == changed["1001"].payload  # so that it folds to nothing


def test_the_losers_of_a_merge_are_gone(portal: Portal) -> None:
    added(portal)
    _, cursor = read(portal)
    portal.later(hours=1)
    merge = {"primaryObjectId": "1001", "objectIdToMerge": "1002"}
    winner = str(portal.other("POST", f"{OBJECTS}/companies/merge", merge)["id"])
    portal.later(minutes=5)
    changed, _ = read(portal, cursor)
    assert {key: r.deleted for key, r in changed.items()} == {winner: False, "1001": True, "1002": True}


def test_a_record_that_went_away_meanwhile_is_left_to_the_next_reading(portal: Portal) -> None:
    added(portal)
    _, cursor = read(portal)
    portal.later(hours=1)
    portal.other("PATCH", f"{OBJECTS}/companies/1003", {"properties": {"name": "N"}})
    portal.later(minutes=5)
    portal.fault(path="/batch/read$", times=1, do={"body": '{"results": []}', "status": 200})
    assert read(portal, cursor)[0] == {}, "its search tells none of its properties: they would all be empty"


@pytest.mark.parametrize("history", [(), (MOST[799],)])
def test_a_list_of_more_of_them_than_an_address_holds_is_asked_for_by_id(
    portal: Portal, history: tuple[str, ...]
) -> None:
    added(portal, MOST)
    portal.other("PATCH", f"{OBJECTS}/companies/1003", {"properties": {MOST[799]: "yes"}})
    expected = portal.adapter.estimate(Read(READ.object, ("name", *MOST), history=history))
    before = portal.adapter.usage().used
    whole, cursor = read(portal, None, MOST, history)
    assert portal.adapter.usage().used - before + 1 == expected.calls
    told = json.loads(whole["1003"].payload)
    assert (len(whole), told["properties"][MOST[799]]) == (250, "yes")
    assert ("propertiesWithHistory" in told) == bool(history)
    portal.later(hours=1)
    portal.other("DELETE", f"{OBJECTS}/companies/1250")
    portal.later(minutes=5)
    changed, _ = read(portal, cursor, MOST, history)
    assert {key: r.deleted for key, r in changed.items() if r.deleted} == {"1250": True}
