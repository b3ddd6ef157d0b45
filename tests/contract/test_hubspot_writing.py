"""Writing to a simulated HubSpot portal: deletions, merges, refusals in their various forms, lost answers, costs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from cs_connector.ports import Action, Change, Verdict

from .hubspot_kit import OBJECTS, Portal, task, update


@pytest.fixture
def portal(portal: Portal) -> Portal:
    portal.adapter.check()  # the login is a call, too
    return portal


@pytest.fixture
def old(portal: Portal) -> Portal:
    """One that takes a batch whole or not at all, whatever it is told of each input."""
    portal.simulator.control({"traced": False})
    return portal


def calls(portal: Portal) -> int:
    return portal.adapter.usage().used


def remove(record: str, kind: str = "companies") -> Change:
    return Change("marketing", kind, Action.DELETE, f"d{record}", {}, record_id=record)


def test_records_are_archived_a_hundred_at_once(portal: Portal) -> None:
    changes = [remove(str(1000 + n)) for n in range(1, 151)]
    before = calls(portal)
    receipts = portal.adapter.write([*changes, remove("424242")])
    assert {r.verdict for r in receipts} == {Verdict.DELETED}
    assert calls(portal) - before <= 3 and portal.adapter.cost(changes) == 2
    assert len(portal.written("companies", "delete")) == 150


def test_one_bad_value_of_a_batch_that_is_refused_whole_is_found(old: Portal) -> None:
    changes = [update(str(1000 + n), cs_health_band="green") for n in range(1, 101)]
    changes[30] = update("1031", cs_health_band="purple")
    before = calls(old)
    receipts = old.adapter.write(changes)
    assert {r.key: r.code for r in receipts if r.verdict is Verdict.REJECTED} == {"k1031": "INVALID_OPTION"}
    assert sum(r.verdict is Verdict.UPDATED for r in receipts) == 99
    assert calls(old) - before <= 1 + 2 * 7


def test_a_property_that_does_not_exist_costs_two_calls_and_not_one_a_change(old: Portal) -> None:
    changes = [update(str(1000 + n), cs_health_band="green") for n in range(1, 101)]
    for n in range(0, 100, 2):
        changes[n] = replace(changes[n], fields={"cs_health_bnad": "green"})
    before = calls(old)
    receipts = old.adapter.write(changes)
    assert Counter(r.verdict for r in receipts) == {Verdict.REJECTED: 50, Verdict.UPDATED: 50}
    assert {r.code for r in receipts[::2]} == {"PROPERTY_DOESNT_EXIST"}
    assert "cs_health_bnad" in receipts[0].message
    assert calls(old) - before == 2


def test_the_key_of_another_record_is_refused_and_names_it(portal: Portal) -> None:
    portal.adapter.write([update("1001", cs_key="K1")])
    first, second = portal.adapter.write([update("1002", cs_key="K1"), update("1003", cs_key="K3")])
    assert (first.verdict, second.verdict) == (Verdict.REJECTED, Verdict.UPDATED)
    assert "1001" in first.message, "a person has to know both"


def test_a_merged_record_is_answered_with_the_one_that_goes_on(portal: Portal) -> None:
    body = {"primaryObjectId": "1001", "objectIdToMerge": "1002"}
    winner = portal.other("POST", f"{OBJECTS}/companies/merge", body)["id"]
    receipts = portal.adapter.write([update("1001", cs_health_score=40), update("1003", cs_health_score=50)])
    assert [(r.verdict, r.record_id) for r in receipts] == [
        (Verdict.UPDATED, winner),
        (Verdict.UPDATED, "1003"),
    ]
    (seen,) = portal.adapter.resume([update("1001", cs_health_score=40)])
    assert (seen.verdict, seen.record_id) == (Verdict.UPDATED, winner)


def test_records_that_are_left_out_without_a_word_are_gone_and_cost_one_call_more(portal: Portal) -> None:
    portal.simulator.control({"omit_update_misses": True})
    changes = [
        update(str(1200 + n), cs_health_score=n) for n in range(1, 101)
    ]  # the latter half is not there
    before = calls(portal)
    receipts = portal.adapter.write(changes)
    assert Counter((r.verdict, r.code) for r in receipts) == {
        (Verdict.UPDATED, ""): 50, (Verdict.GONE, "NOT_FOUND"): 50,
    }  # fmt: skip
    assert calls(portal) - before == 2


def test_a_task_of_a_company_that_is_gone_is_written_and_says_what_it_lacks(portal: Portal) -> None:
    receipts = portal.adapter.write([task("k1", "1001"), task("k2", "424242"), task("k3", "1003")])
    assert [(r.verdict, r.code) for r in receipts] == [
        (Verdict.CREATED, ""), (Verdict.CREATED, "NOT_ASSOCIATED"), (Verdict.CREATED, ""),
    ]  # fmt: skip
    assert all(r.record_id for r in receipts)


def test_associations_of_many_batches_go_together(portal: Portal) -> None:
    tasks = [task(f"k{n}", str(1001 + n)) for n in range(210)]
    before = calls(portal)
    assert portal.adapter.cost(tasks) == 4
    assert {r.verdict for r in portal.adapter.write(tasks)} == {Verdict.CREATED}
    assert calls(portal) - before == 4, "three batches, and one for what they are associated with"


def test_a_task_whose_association_was_lost_gets_it_when_it_is_sent_again(portal: Portal) -> None:
    portal.fault(path="associate/default", times=99, do={"drop": "before"})
    (receipt,) = portal.adapter.write([task("k1", "1001")])
    portal.fault(path="nothing", times=1, do={"delay_ms": 1})
    (seen,) = portal.adapter.resume([task("k1", "1001")])
    assert [(r.verdict, r.code, r.record_id) for r in (receipt, seen)] == [
        (Verdict.LATER, "NOT_ASSOCIATED", receipt.record_id)
    ] * 2
    (again,) = portal.adapter.write([task("k1", "1001")])
    (whole,) = portal.adapter.resume([task("k1", "1001")])
    assert (again.verdict, whole.verdict) == (Verdict.UPDATED, Verdict.CREATED)
    assert len(portal.written("tasks", "create")) == 1


def test_what_was_sent_is_compared_by_meaning_and_never_searched(portal: Portal) -> None:
    sent = [
        update("1001", cs_health_score=72.0, cs_renewal_date="2027-01-12", cs_health_reason=None),
        task("k1", "1001"),
        update("1003", cs_health_band="red"),
        update("424242", cs_health_band="red"),
        remove("1004"),
        remove("1005"),
        Change("marketing", "tasks", Action.CREATE, "n1", {"hs_task_subject": "x"}),
    ]
    portal.adapter.write([*sent[:2], sent[4]])
    portal.fault(path="/search", times=99, do={"status": 500})
    seen = [(r.verdict, r.code) for r in portal.adapter.resume(sent)]
    assert seen == [
        (Verdict.UPDATED, ""), (Verdict.CREATED, ""), (Verdict.LATER, "NOT_DONE"), (Verdict.GONE, "NOT_DONE"),
        (Verdict.DELETED, ""), (Verdict.LATER, ""), (Verdict.UNKNOWN, "NO_KEY"),
    ]  # fmt: skip


def test_a_locked_portal_is_for_later_and_not_for_good(portal: Portal) -> None:
    portal.fault(
        path="batch/update", times=99, do={"status": 423, "body": {"category": "LOCKED", "message": "busy"}}
    )
    assert [r.verdict for r in portal.adapter.write([update("1001", cs_health_score=1)])] == [Verdict.LATER]


def test_a_record_has_a_page_that_a_person_can_open(portal: Portal) -> None:
    assert portal.adapter.address("nothing", "1") is None
    site = f"{portal.login['base_url']}/contacts/{portal.login['portal_id']}"
    assert portal.adapter.address("companies", "1001") == f"{site}/record/0-2/1001"
    assert portal.adapter.address("2-3604285", "7") == f"{site}/record/2-3604285/7"
