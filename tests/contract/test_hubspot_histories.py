"""The values that a property had are read where the mapping asks for them, whichever way its record is read."""

from __future__ import annotations

import json

from cs_connector.ports import RawRecord, Read

from .hubspot_kit import OBJECTS, Portal

FIELDS = ("lifecyclestage", "name")
ASKED = ("lifecyclestage",)


def stage(portal: Portal, key: str, *values: str) -> None:
    for value in values:
        portal.later(hours=1)
        portal.other("PATCH", f"{OBJECTS}/companies/{key}", {"properties": {"lifecyclestage": value}})


def read(portal: Portal, cursor: str | None = None) -> tuple[dict[str, RawRecord], str, list[int]]:
    pages = list(portal.adapter.read(Read("companies", FIELDS, cursor, history=ASKED)))
    records = {r.id: r for page in pages for r in page.records}
    return records, pages[-1].cursor, [len(page.records) for page in pages]


def stages(record: RawRecord) -> list[str]:
    told = json.loads(record.payload)["propertiesWithHistory"]["lifecyclestage"]
    assert [t["timestamp"] for t in told] == sorted((t["timestamp"] for t in told), reverse=True)
    return [each["value"] for each in told]


def test_a_list_tells_what_a_property_was_before(portal: Portal) -> None:
    stage(portal, "1003", "lead", "customer")
    records, _cursor, sizes = read(portal)
    assert stages(records["1003"]) == ["customer", "lead"]
    assert sizes == [50] * 5  # HubSpot refuses larger pages with history
    assert stages(records["1004"]) == []


def test_what_changed_comes_with_its_history_though_a_search_has_none(portal: Portal) -> None:
    _, cursor, _ = read(portal)
    stage(portal, "1003", "lead", "customer")
    portal.later(minutes=5)
    changed, cursor, _ = read(portal, cursor)
    assert stages(changed["1003"]) == ["customer", "lead"]
    again, _cursor, _ = read(portal)
    assert again["1003"].payload == changed["1003"].payload  # so that it folds to nothing


def test_without_history_nothing_is_asked_for_by_id(portal: Portal) -> None:
    stage(portal, "1003", "lead")
    pages = list(portal.adapter.read(Read("companies", FIELDS)))
    assert all(b"propertiesWithHistory" not in r.payload for page in pages for r in page.records)
    assert [len(page.records) for page in pages] == [100, 100, 50]


def test_a_record_that_went_away_meanwhile_is_kept_as_it_was_found(portal: Portal) -> None:
    _, cursor, _ = read(portal)
    portal.later(hours=1)
    for key in ("1003", "1004"):
        portal.other("PATCH", f"{OBJECTS}/companies/{key}", {"properties": {"name": "N"}})
    portal.later(minutes=5)
    portal.fault(path="/batch/read$", times=1, do={"body": '{"results": []}', "status": 200})
    changed, _, _ = read(portal, cursor)
    for key in ("1003", "1004"):
        told = json.loads(changed[key].payload)
        assert told["properties"]["name"] == "N"
        assert "propertiesWithHistory" not in told


def test_the_estimate_counts_the_smaller_pages(portal: Portal) -> None:
    whole = portal.adapter.estimate(Read("companies", FIELDS, history=ASKED))
    plain = portal.adapter.estimate(Read("companies", FIELDS))
    assert (whole.records, plain.records) == (250, 250)
    assert (whole.calls, plain.calls) == (5 + 1, 3 + 1)
    _, cursor, _ = read(portal)
    portal.later(hours=1)
    for n in range(60):
        portal.other("PATCH", f"{OBJECTS}/companies/{1001 + n}", {"properties": {"name": "N"}})
    portal.later(minutes=5)
    expected = portal.adapter.estimate(Read("companies", FIELDS, cursor, history=ASKED))
    before = portal.adapter.usage().used
    read(portal, cursor)
    assert (
        expected.calls == portal.adapter.usage().used - before + 1
    )  # a description comes before each reading
