"""The HubSpot adapter against a simulated portal, over HTTP."""

from __future__ import annotations

import json

import pytest
from cs_connector.adapters.hubspot import HubSpot

from cs_connector.ports import Read, Verdict

from .adapter_kit import START, Around, read_all
from .hubspot_kit import FIELDS, OBJECTS, Portal, task, update


def test_everything_is_read_once_and_says_how_far_it_reaches(portal: Portal) -> None:
    reading = read_all(portal.adapter, "companies", FIELDS)
    assert len(reading.records) == 250
    assert [len(p.records) for p in reading.pages] == [100, 100, 50]
    assert [p.done for p in reading.pages] == [False, False, True]
    assert reading.last.complete_to is not None
    assert reading.last.complete_to >= START
    payload = json.loads(reading.records["1001"].payload)
    assert payload["properties"]["name"] == "Company 1"
    assert payload["properties"]["cs_key"] is None


def test_owners_who_left_are_read_too(portal: Portal) -> None:
    records = read_all(portal.adapter, "owners").records
    assert {k: json.loads(r.payload)["archived"] for k, r in records.items()} == {"1": False, "2": True}


@pytest.mark.parametrize(
    ("kind", "one", "two"), [("companies", "1001", "1002"), ("contacts", "5001", "5002")]
)
def test_a_later_reading_sees_a_change_a_creation_and_a_delete(
    portal: Portal, kind: str, one: str, two: str
) -> None:
    first = read_all(portal.adapter, kind, ("hs_object_id",))
    portal.later(hours=1)
    name = {"companies": "name", "contacts": "lastname"}[kind]
    portal.other("PATCH", f"{OBJECTS}/{kind}/{one}", {"properties": {name: "Changed"}})
    portal.other("DELETE", f"{OBJECTS}/{kind}/{two}")
    made = portal.other("POST", f"{OBJECTS}/{kind}", {"properties": {name: "New"}})["id"]
    portal.later(minutes=1)
    second = read_all(portal.adapter, kind, ("hs_object_id",), first.cursor)
    assert {k: r.deleted for k, r in second.records.items()} == {one: False, two: True, made: False}
    portal.later(minutes=30)
    third = read_all(portal.adapter, kind, ("hs_object_id",), second.cursor)
    assert third.records == second.records  # the last ten minutes are read again, the same
    assert read_all(portal.adapter, kind, ("hs_object_id",), third.cursor).records == {}


def test_many_changes_come_in_pages_that_can_be_gone_on_from(portal: Portal) -> None:
    first = read_all(portal.adapter, "companies", FIELDS)
    portal.later(hours=1)
    changes = [update(str(1000 + n), cs_health_score=n % 100) for n in range(1, 251)]
    assert {r.verdict for r in portal.adapter.write(changes)} == {Verdict.UPDATED}
    portal.later(minutes=1)
    whole = read_all(portal.adapter, "companies", FIELDS, first.cursor)
    assert len(whole.records) == 250
    assert len(whole.pages[0].records) == 200
    rest = read_all(portal.adapter, "companies", FIELDS, whole.pages[0].cursor)
    assert len(rest.records) == 50


def test_a_merge_leaves_one_live_record(portal: Portal) -> None:
    first = read_all(portal.adapter, "companies", FIELDS)
    portal.later(hours=1)
    body = {"primaryObjectId": "1001", "objectIdToMerge": "1002"}
    winner = portal.other("POST", f"{OBJECTS}/companies/merge", body)["id"]
    portal.later(minutes=1)
    latest = first.records | read_all(portal.adapter, "companies", FIELDS, first.cursor).records
    alive = {k for k, r in latest.items() if not r.deleted}
    assert len(alive) == 249
    assert winner in alive


def test_an_upsert_sent_twice_creates_once(portal: Portal) -> None:
    tasks = [task(f"key{n}", "1001") for n in range(3)]
    first = portal.adapter.write(tasks)
    second = portal.adapter.write(tasks)
    assert [r.verdict for r in first] == [Verdict.CREATED] * 3
    assert [r.verdict for r in second] == [Verdict.UPDATED] * 3
    assert [r.record_id for r in first] == [r.record_id for r in second]
    assert len(portal.written("tasks", "create")) == 3
    found = portal.adapter.find("tasks", "cs_key", ["key0", "key2", "other"])
    assert found == {"key0": first[0].record_id, "key2": first[2].record_id}


def test_a_new_task_hangs_on_its_company(portal: Portal) -> None:
    (receipt,) = portal.adapter.write([task("key1", "1001")])
    linked = portal.other("GET", f"{OBJECTS}/tasks/{receipt.record_id}/associations/companies")["results"]
    assert [str(end["toObjectId"]) for end in linked] == ["1001"]


def test_one_bad_change_of_many_is_refused_alone(portal: Portal) -> None:
    changes = [update(str(1000 + n), cs_health_band="green") for n in range(1, 121)]
    changes[30] = update("1031", cs_health_band="purple")
    changes[77] = update("424242", cs_health_band="red")
    receipts = portal.adapter.write(changes)
    refused = {r.key: r.code for r in receipts if r.verdict in (Verdict.REJECTED, Verdict.GONE)}
    assert set(refused) == {"k1031", "k424242"}
    assert all(refused.values())
    assert sum(r.verdict is Verdict.UPDATED for r in receipts) == 118
    assert len({e["id"] for e in portal.written("companies", "update")}) == 118


def test_a_field_is_cleared_with_none(portal: Portal) -> None:
    portal.adapter.write([update("1001", cs_health_score=40, cs_renewal_date="2027-01-12")])
    portal.adapter.write([update("1001", cs_health_score=None)])
    held = portal.other("GET", f"{OBJECTS}/companies/1001?properties=cs_health_score,cs_renewal_date")[
        "properties"
    ]
    assert held["cs_health_score"] in (None, "")
    assert held["cs_renewal_date"] == "2027-01-12"


def test_a_lost_answer_is_not_sent_twice_as_two_records(portal: Portal) -> None:
    portal.fault(path="tasks/batch/upsert", times=1, do={"drop": "after"})
    (receipt,) = portal.adapter.write([task("key1", "1001")])
    assert receipt.verdict is Verdict.UPDATED
    assert len(portal.written("tasks", "create")) == 1


def test_a_connection_that_is_gone_leaves_the_changes_unknown(portal: Portal) -> None:
    portal.fault(path="tasks/batch/upsert", times=99, do={"drop": "after"})
    assert [r.verdict for r in portal.adapter.write([task("key1")])] == [Verdict.UNKNOWN]
    portal.fault(path="nothing", times=1, do={"delay_ms": 1})
    assert set(portal.adapter.find("tasks", "cs_key", ["key1"])) == {"key1"}


def test_a_token_that_ends_in_the_middle_is_replaced(portal: Portal) -> None:
    pages = portal.adapter.read(Read("companies", FIELDS))
    found = {r.id for r in next(pages).records}
    portal.simulator.control({"expire_token": True})
    found |= {r.id for page in pages for r in page.records}
    assert len(found) == 250
    assert len(portal.around.tokens.saved) == 2


def test_a_long_reading_replaces_its_token_before_it_ends(portal: Portal) -> None:
    pages = portal.adapter.read(Read("companies", FIELDS))
    next(pages)
    portal.later(minutes=25)
    assert sum(len(page.records) for page in pages) == 150
    assert len(portal.around.tokens.saved) == 2


def test_a_torn_page_is_read_again_and_not_taken_for_the_last(portal: Portal) -> None:
    portal.fault(path="/companies$", times=1, do={"truncate": 2000})
    assert len(read_all(portal.adapter, "companies", FIELDS).records) == 250


def test_who_am_i(portal: Portal) -> None:
    identity = portal.adapter.check()
    assert identity.org_id == portal.login["portal_id"]
    assert identity.sandbox
    assert identity.scopes


def test_describe_gives_our_fields_with_their_values(portal: Portal) -> None:
    companies, tasks = portal.adapter.describe(["companies", "nothing", "tasks"])
    by_name = {f.name: f for f in companies.fields}
    assert by_name["cs_key"].unique
    assert set(by_name["cs_health_band"].values) == {"green", "yellow", "red", "unknown"}
    assert not by_name["hs_lastmodifieddate"].writable
    assert {"cs_key", "cs_rule", "cs_outcome"} <= {f.name for f in tasks.fields}


def test_the_numbered_addresses_give_the_same(portal: Portal) -> None:
    settings = HubSpot.Settings(**portal.login, paths="v3")
    adapter = HubSpot(settings, Around("marketing", portal.clock).lent)
    numbered, dated = (read_all(a, "companies", FIELDS).records for a in (adapter, portal.adapter))
    assert set(numbered) == set(dated)
    assert [r.verdict for r in adapter.write([task("key9", "1003")])] == [Verdict.CREATED]
    adapter.close()
