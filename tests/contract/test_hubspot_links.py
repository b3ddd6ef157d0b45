"""Links between records have a rule of their own: nothing about the records tells that one was made or cut."""

from __future__ import annotations

import json

from cs_connector.ports import Read
from cs_connector.runner.shrink import GONE

from .hubspot_kit import OBJECTS

NAME = "contacts/companies"
LINKS = "/crm/associations/2026-03/contacts/companies/batch"


def read(portal, cursor=None):
    """The links by record, and the cursor at the end."""
    pages = list(portal.adapter.read(Read(NAME, (), cursor)))
    records = [record for page in pages for record in page.records]
    return {r.id: json.loads(r.payload) for r in records}, pages[-1].cursor


def tie(portal, contact, company):
    pair = {"from": {"id": str(contact)}, "to": {"id": str(company)}}
    portal.other("POST", f"{LINKS}/associate/default", {"inputs": [pair]})


def cut(portal, contact, company):
    portal.other(
        "POST", f"{LINKS}/archive", {"inputs": [{"from": {"id": str(contact)}, "to": [{"id": str(company)}]}]}
    )


def test_every_record_is_read_with_its_links_and_without(portal):
    tie(portal, 5001, 1001)
    tie(portal, 5001, 1002)
    found, _ = read(portal)
    assert sorted(found) == [str(n) for n in range(5001, 5006)]
    assert found["5001"]["all"] == "1001;1002"
    assert found["5002"] == {"id": "5002", "primary": None, "parent": None, "all": "", "labels": ""}


def test_the_only_link_is_the_primary_one(portal):
    tie(portal, 5003, 1007)
    assert read(portal)[0]["5003"]["primary"] == "1007"


def test_a_changed_record_brings_its_links_along(portal):
    _, cursor = read(portal)
    portal.later(minutes=10)
    tie(portal, 5002, 1005)
    portal.other("PATCH", f"{OBJECTS}/contacts/5002", {"properties": {"firstname": "Other"}})
    portal.later(minutes=10)
    found, _ = read(portal, cursor)
    assert found["5002"]["all"] == "1005"
    assert "5004" not in found


def test_a_link_that_touched_neither_record_is_found_by_the_next_sweep(portal):
    tie(portal, 5004, 1001)
    _, cursor = read(portal)
    portal.later(hours=1)
    cut(portal, 5004, 1001)
    tie(portal, 5004, 1009)
    found, cursor = read(portal, cursor)
    assert "5004" not in found, "nothing told"
    portal.later(hours=24)
    assert read(portal, cursor)[0]["5004"]["all"] == "1009"


def test_a_company_that_gets_another_parent_without_a_date_is_found_by_the_next_sweep(portal):
    def above(child, cursor):
        pages = list(portal.adapter.read(Read("companies/companies", (), cursor)))
        records = {r.id: json.loads(r.payload) for page in pages for r in page.records}
        return records.get(str(child), {}).get("parent", "not read"), pages[-1].cursor

    first, cursor = above(1002, None)
    assert first is None
    portal.later(hours=1)
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 14}]
    pair = {"from": {"id": "1002"}, "to": {"id": "1001"}, "types": types}
    portal.other("POST", "/crm/associations/2026-03/companies/companies/batch/create", {"inputs": [pair]})
    portal.later(hours=24)
    assert above(1002, cursor)[0] == "1001"
    assert above(1001, None)[0] is None, "what is above it, not what is below"


def test_a_sweep_that_was_stopped_goes_on(portal):
    pages = portal.adapter.read(Read(NAME, ()))
    first = next(pages)
    assert first.done
    links = portal.adapter.read(Read("companies/contacts", ()))
    one = next(links)
    rest = list(portal.adapter.read(Read("companies/contacts", (), one.cursor)))
    ids = [r.id for page in (one, *rest) for r in page.records]
    assert len(ids) == len(set(ids)) == 250


def test_the_calls_of_a_sweep_and_of_a_later_reading_are_known_before(portal):
    cursor = None
    for _ in range(2):
        told = portal.adapter.estimate(Read(NAME, (), cursor))
        before = portal.adapter.usage().used
        found, cursor = read(portal, cursor)
        assert (told.records, told.calls) == (len(found), portal.adapter.usage().used - before)
        portal.later(minutes=10)
        portal.other("PATCH", f"{OBJECTS}/contacts/5002", {"properties": {"firstname": "Other"}})
        portal.later(minutes=10)


def test_it_is_described_by_what_a_mapping_can_use(portal):
    (info,) = portal.adapter.describe([NAME])
    assert [field.name for field in info.fields] == ["id", "primary", "parent", "all", "labels"]


def test_records_that_went_take_their_links_along_where_they_are_read_first(portal):
    """Else all ids would be listed to find out which links went: nothing else tells of them."""
    contacts = "contacts", ("firstname",)
    first = [page.cursor for page in portal.adapter.read(Read(*contacts))][-1]
    _, cursor = read(portal)
    portal.later(minutes=10)
    portal.other("DELETE", f"{OBJECTS}/contacts/5002")
    portal.other("POST", f"{OBJECTS}/contacts/merge", {"primaryObjectId": "5003", "objectIdToMerge": "5004"})
    portal.later(minutes=10)
    list(portal.adapter.read(Read(*contacts, first)))
    pages = list(portal.adapter.read(Read(NAME, (), cursor)))
    records = [record for page in pages for record in page.records]
    assert {r.id for r in records if r.deleted} == {"5002"}, (
        "of what was merged nobody says when, and it would go again at every touch of what it went into"
    )
    assert {r.payload for r in records if r.deleted} == {GONE}, (
        "else it would not be looked for among the living"
    )
    again = [record for page in portal.adapter.read(Read(NAME, (), cursor)) for record in page.records]
    assert sorted(again) == sorted(records), "a reading that was cut short tells them again"
