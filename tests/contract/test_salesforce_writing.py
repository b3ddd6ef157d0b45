"""Writing to the simulated org: jobs and calls, what they leave behind, and what a life before left undone."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import requests
from cs_connector.adapters.salesforce import Salesforce
from cs_connector.adapters.salesforce.writing.verdicts import MEANINGS

from cs_connector.ports import Action, Change, Surroundings, Verdict
from cs_connector.testing import MemoryNotes

from .test_salesforce_adapter import World, account

TASK, ACCOUNT = "Task", "Account"
SNAPSHOT, PARENT = "CS_Health_Snapshot__c", "Relationship__r.Key__c"


class Writing(World):
    """Adapters share their notes; `calls` counts what one of them sent."""

    def __init__(self, *given) -> None:
        super().__init__(*given)
        self.notes = MemoryNotes()

    def life(self, bulk_from: int = 2_000) -> Salesforce:
        names = ("base_url", "client_id", "username", "private_key_file", "audience")
        settings = Salesforce.Settings(
            **{name: self.login[name] for name in names}, bulk_write_from=bulk_from
        )
        made = Salesforce(settings, Surroundings("sales", self.clock, self.vault, notes=self.notes))
        self.stack.callback(made.close)
        made.check()
        return made

    def field(self, name: str, object_name: str = ACCOUNT) -> list:
        adapter = self.life()
        return sorted(
            str(row[name])
            for row in adapter._rows(f"SELECT {name} FROM {object_name}")
            if row[name] is not None
        )

    def made(self, object_name: str = TASK) -> list[str]:
        return [e["action"] for e in self.ledger() if e["object"] == object_name]


@pytest.fixture
def world(tmp_path):
    with ExitStack() as stack:
        yield Writing(stack, tmp_path)


def tasks(count: int, **fields: object) -> list[Change]:
    return [
        Change("sales", TASK, Action.UPSERT, f"k{n}", {"Subject": f"S {n}", **fields}, "CS_Key__c")
        for n in range(count)
    ]


def updates(world: Writing, **fields: object) -> list[Change]:
    rows = world.life()._rows("SELECT Id, Name FROM Account")
    return [
        Change("sales", ACCOUNT, Action.UPDATE, row["Name"], fields, record_id=row["Id"])
        for row in sorted(rows, key=lambda row: row["Name"])
    ]


def calls(adapter: Salesforce, work) -> int:
    before = adapter.usage().used
    work()
    return adapter.usage().used - before


def verdicts(receipts) -> list[str]:
    return [receipt.verdict.value for receipt in receipts]


def test_many_changes_are_one_job_of_at_most_six_calls(world):
    adapter, changes = world.life(10), tasks(25, Description=None)
    receipts = []
    used = calls(adapter, lambda: receipts.extend(adapter.write(changes)))
    assert verdicts(receipts) == ["created"] * 25
    assert [r.key for r in receipts] == [c.key for c in changes]
    assert used == adapter.cost(changes) <= 6
    ids = adapter.find(TASK, "CS_Key__c", [c.key for c in changes])
    assert [ids[r.key] for r in receipts] == [r.record_id for r in receipts]
    assert set(verdicts(adapter.write(changes))) == {"updated"}


def test_the_cost_of_few_and_of_many_is_told_exactly(world):
    adapter = world.life(300)
    for count in (0, 1, 200, 201, 300, 301):
        changes = tasks(count)
        told = adapter.cost(changes)
        assert calls(adapter, lambda: adapter.write(changes)) == told  # noqa: B023


@pytest.mark.parametrize("bulk_from", [0, 1_000])
def test_a_clear_is_a_null_and_a_field_that_is_not_named_is_left_alone(world, bulk_from):
    world.load(account(1), account(2))
    first, second = updates(world, CS_Health_Score__c=71, CS_Health_Reason__c='a "b"\nc, d')
    world.life(bulk_from).write([first, second])
    clear = Change(
        "sales", ACCOUNT, Action.UPDATE, "a", {"CS_Health_Reason__c": None}, record_id=first.record_id
    )
    other = Change(
        "sales", ACCOUNT, Action.UPDATE, "b", {"CS_Health_Score__c": 5}, record_id=second.record_id
    )
    assert verdicts(world.life(bulk_from).write([clear, other])) == ["updated", "updated"]
    assert world.field("CS_Health_Reason__c") == ['a "b"\nc, d']
    assert world.field("CS_Health_Score__c") == ["5.0", "71.0"]


def test_a_text_that_a_job_would_take_for_null_is_written_as_it_is(world):
    changes = tasks(3)
    changes[1] = Change("sales", TASK, Action.UPSERT, "k1", {"Subject": "#N/A"}, "CS_Key__c")
    assert verdicts(world.life(0).write(changes)) == ["created"] * 3
    assert world.field("Subject", TASK) == ["#N/A", "S 0", "S 2"]


@pytest.mark.parametrize("bulk_from", [0, 1_000])
def test_records_that_are_refused_stop_no_others_and_say_why(world, bulk_from):
    changes = tasks(6)
    changes[2] = Change("sales", TASK, Action.UPSERT, "k2", {"Subject": "x" * 300}, "CS_Key__c")
    changes[4] = Change(
        "sales", TASK, Action.UPSERT, "k4", {"Subject": "x", "WhatId": "001000000000001AAA"}, "CS_Key__c"
    )
    receipts = world.life(bulk_from).write(changes)
    assert [r.verdict is Verdict.CREATED for r in receipts] == [True, True, False, True, False, True]
    assert receipts[2].code == "STRING_TOO_LONG"
    assert "shorter" in receipts[2].message
    assert receipts[4].code == "INVALID_CROSS_REFERENCE_KEY"
    assert {r.verdict for r in receipts[2:5:2]} == {Verdict.REJECTED}


@pytest.mark.parametrize("bulk_from", [0, 1_000])
def test_what_is_gone_already_counts_as_deleted(world, bulk_from):
    world.load(*(account(n) for n in range(4)))
    gone = [Change("sales", ACCOUNT, Action.DELETE, c.key, {}, record_id=c.record_id) for c in updates(world)]
    adapter = world.life(bulk_from)
    assert verdicts(adapter.write(gone[:2])) == ["deleted"] * 2
    assert verdicts(adapter.write(gone)) == ["deleted"] * 4
    assert verdicts(adapter.resume(gone)) == ["deleted"] * 4
    (late,) = adapter.write(
        [Change("sales", ACCOUNT, Action.UPDATE, "u", {"Name": "x"}, record_id=gone[0].record_id)]
    )
    assert (late.verdict, late.code) == (Verdict.GONE, "ENTITY_IS_DELETED")


def test_new_records_without_a_key_are_told_apart_by_their_values(world):
    changes = [
        Change("sales", TASK, Action.CREATE, f"c{n}", {"Subject": "x" * 300 if n == 3 else f"T {n // 2}"})
        for n in range(6)
    ]
    receipts = world.life(0).write(changes)
    assert verdicts(receipts) == ["created"] * 3 + ["rejected"] + ["created"] * 2
    assert len({r.record_id for r in receipts if r.record_id}) == 5


@pytest.mark.parametrize("bulk_from", [0, 1_000])
def test_locked_records_are_sent_again_and_left_for_later_in_the_end(world, bulk_from):
    world.load(*(account(n) for n in range(12)))
    changes = updates(world, CS_Health_Score__c=50)
    adapter = world.life(bulk_from)
    world.order(lock_rows={"object": ACCOUNT, "ids": [c.record_id for c in changes[:3]], "times": 5})
    assert verdicts(adapter.write(changes)) == ["updated"] * 12
    world.order(lock_rows={"object": ACCOUNT, "ids": [changes[0].record_id]})
    receipts = adapter.write(changes)
    assert [r.code for r in receipts if r.verdict is Verdict.LATER] == ["UNABLE_TO_LOCK_ROW"]
    assert verdicts(receipts).count("updated") == 11


def test_records_of_one_parent_are_never_written_beside_each_other(tmp_path):
    """A job is worked off in batches side by side, here of 100; what both need, one of them does not get."""
    with ExitStack() as stack:
        world = Writing(stack, tmp_path, "small")
        world.load(*(account(n) for n in range(4)))
        parents = [change.record_id for change in updates(world)]
        changes = [
            Change(
                "sales",
                TASK,
                Action.UPSERT,
                f"k{n:03}",
                {"Subject": "x", "WhatId": parents[n % 4]},
                "CS_Key__c",
            )
            for n in range(400)
        ]
        adapter, receipts = world.life(100), []
        assert calls(adapter, lambda: receipts.extend(adapter.write(changes))) == 5
        assert [(r.key, r.verdict) for r in receipts] == [(c.key, Verdict.CREATED) for c in changes]


@pytest.mark.parametrize(("bulk_from", "most"), [(0, 9), (1_000, 3)])
def test_a_field_that_is_missing_costs_the_records_that_have_it_and_no_others(world, bulk_from, most):
    changes = tasks(150)
    for n in (7, 90):
        changes[n] = Change(
            "sales", TASK, Action.UPSERT, f"k{n}", {"Subject": "x", "Gone__c": 1}, "CS_Key__c"
        )
    adapter, receipts = world.life(bulk_from), []
    used = calls(adapter, lambda: receipts.extend(adapter.write(changes)))
    assert [n for n, r in enumerate(receipts) if r.verdict is Verdict.REJECTED] == [7, 90]
    assert {receipts[n].code for n in (7, 90)} == {"INVALID_FIELD"}
    assert verdicts(receipts).count("created") == 148
    assert used <= most


def test_a_value_that_spoils_its_call_is_found_by_where_it_stands(world):
    changes = tasks(150)
    changes[60] = Change(
        "sales", TASK, Action.UPSERT, "k60", {"Subject": "é", "ActivityDate": "soon"}, "CS_Key__c"
    )
    adapter, receipts = world.life(), []
    used = calls(adapter, lambda: receipts.extend(adapter.write(changes)))
    assert [n for n, r in enumerate(receipts) if r.verdict is not Verdict.CREATED] == [60]
    assert (receipts[60].verdict, receipts[60].code) == (Verdict.REJECTED, "JSON_PARSER_ERROR")
    assert used == 3


@pytest.mark.parametrize(("blocks", "verdict"), [(False, "created"), (True, "rejected")])
def test_a_duplicate_rule_that_only_alerts_is_passed_by_a_job_too(world, blocks, verdict):
    world.load(account(1))
    world.order(duplicate_rule={"object": ACCOUNT, "fields": ["Name"], "blocks": blocks})
    alike = [
        Change("sales", ACCOUNT, Action.UPSERT, key, {"Name": "Account 1"}, "CS_Key__c")
        for key in ("a", "b", "c")
    ]
    receipts = world.life(0).write(alike)
    assert verdicts(receipts) == [verdict] * 3
    assert {r.code for r in receipts} == {"DUPLICATES_DETECTED" if blocks else ""}


def test_of_two_changes_to_one_record_the_second_comes_second(world):
    first, second = tasks(1, Priority="High")[0], tasks(1, Priority="Low")[0]
    assert verdicts(world.life().write([first, second])) == ["created", "updated"]
    assert world.field("Priority", TASK) == ["Low"]


def test_of_several_records_with_one_key_none_is_guessed(world):
    own = {
        "Account": {
            "fields": [{"name": "Code__c", "type": "Text", "label": "Code", "length": 20, "externalId": True}]
        }
    }
    world.sandbox.install("salesforce", own)
    world.load(*(account(n) for n in range(2)))
    ids = [c.record_id for c in updates(world, Code__c="A")]
    world.life().write(updates(world, Code__c="A"))
    changes = [
        Change("sales", ACCOUNT, Action.UPSERT, key, {"Name": f"N {key}"}, "Code__c") for key in ("A", "B")
    ]
    twice, new = world.life().write(changes)
    assert (twice.verdict, twice.code) == (Verdict.REJECTED, "DUPLICATE_EXTERNAL_ID")
    assert all(record_id in twice.message for record_id in ids)
    assert new.verdict is Verdict.CREATED


@pytest.mark.parametrize("after", ["batches", "close", "poll", "successfulResults"])
def test_a_job_of_a_life_before_is_asked_and_nothing_is_sent_twice(world, after):
    """The process dies once the answer to a step was lost; in the next life the job is looked for."""
    path, skip = {
        "batches": ("/batches", 0),
        "close": ("/jobs/ingest/\\w+$", 0),
        "poll": ("/jobs/ingest/\\w+$", 1),
    }.get(after, ("/successfulResults", 0))
    changes = [*tasks(30), Change("sales", TASK, Action.UPSERT, "long", {"Subject": "x" * 300}, "CS_Key__c")]
    adapter = world.life(10)
    world.fault(path=path, after=skip, times=50, do={"drop": "after"})
    lost = "later" if after == "batches" else "unknown"  # until it is closed, nothing of a job is done
    assert set(verdicts(adapter.write(changes))) == {lost}
    requests.post(
        f"{world.sandbox.control.base_url}/faults", json={"rules": []}, timeout=5
    ).raise_for_status()
    found = world.life(10).resume(changes[::-1])[::-1]
    assert [r.key for r in found] == [c.key for c in changes]
    if after == "batches":
        assert set(verdicts(found)) == {"later"}
        assert world.made() == []
    else:
        assert verdicts(found) == ["created"] * 30 + ["rejected"]
        assert world.made().count("create") == 30
    again = [c for c, r in zip(changes, found, strict=True) if r.verdict is Verdict.LATER]
    world.life(10).write(again)
    assert world.made().count("create") == 30
    assert world.notes.names() == []


def test_the_results_of_an_older_job_are_not_taken_for_newer_changes(world):
    adapter = world.life(0)
    adapter.write(tasks(3, Priority="High"))
    assert verdicts(world.life().resume(tasks(3, Priority="Low"))) == ["later"] * 3


def test_what_the_crm_holds_is_done_by_its_meaning(world):
    world.load(account(1), account(2))
    sent = {
        "CS_Health_Score__c": 70.6, "CS_ARR__c": 1200, "CS_Band_Since__c": "2026-01-02",
        "CS_Health_Reason__c": " why ", "CS_Next_Step__c": None, "CS_Health_Band__c": "Red",
    }  # fmt: skip
    changes = updates(world, **sent)
    adapter = world.life()
    adapter.write(changes[:1])
    done, not_done = adapter.resume(changes)
    assert (done.verdict, not_done.verdict) == (Verdict.UPDATED, Verdict.LATER)


def test_what_was_never_heard_of_is_looked_for_by_its_key(world):
    adapter = world.life()
    adapter.write(tasks(2, Priority="High"))
    keyless = Change("sales", TASK, Action.CREATE, "c", {"Subject": "x"})
    found = adapter.resume([*tasks(3, Priority="High"), keyless])
    assert verdicts(found) == ["created", "created", "later", "unknown"]
    assert found[0].record_id
    world.fault(path="/query", times=20, do={"status": 503})
    assert {r.verdict for r in adapter.resume(tasks(2))} == {Verdict.UNKNOWN}


def snapshots(*keys: str) -> list[Change]:
    """Month ends whose relationship is named by its key, as what the same plan makes."""
    return [
        Change("sales", SNAPSHOT, Action.UPSERT, f"s {key}", {"Score__c": "50", PARENT: key}, "Key__c")
        for key in keys
    ]


@pytest.mark.parametrize("bulk_from", [0, 2_000])
def test_a_lookup_may_name_its_record_by_key(world, bulk_from):
    adapter, name = world.life(bulk_from), "CS_Relationship__c"
    made = [Change("sales", name, Action.UPSERT, k, {"Name": k}, "Key__c") for k in ("r1", "r2")]
    ids = [receipt.record_id for receipt in adapter.write(made)]
    there, missing = adapter.write(snapshots("r1", "r3"))
    assert (there.verdict, missing.verdict) == (Verdict.CREATED, Verdict.LATER)
    assert (
        "Foreign key external ID: r3 not found for field Key__c in entity CS_Relationship__c"
        in missing.message
    )
    assert world.field("Relationship__c", SNAPSHOT) == [ids[0]]
    assert verdicts(adapter.resume(snapshots("r1", "r3"))) == ["created", "later"]


def test_a_cell_of_a_job_that_cannot_be_read_is_a_value_to_map_otherwise(world):
    bad = Change("sales", "Task", Action.CREATE, "t", {"Subject": "s", "ActivityDate": "soon"}, None)
    (receipt,) = world.life(0).write([bad])
    assert (receipt.verdict, receipt.code) == (Verdict.REJECTED, "INVALID_FIELD")
    assert "'soon' is not a valid value for the type xsd:date" in receipt.message
    assert receipt.message.endswith("map a value that the field can hold")


def test_a_job_that_the_day_has_no_batches_for_is_sent_in_calls(world):
    world.fault(path="/jobs/ingest$", times=5, do={
        "status": 400, "body": [{"errorCode": "LIMIT_EXCEEDED", "message": "ApiBatchItems Limit exceeded."}]
    })  # fmt: skip
    assert verdicts(world.life(3).write(tasks(5))) == ["created"] * 5


def test_people_are_led_to_the_record_and_fields_say_what_they_hold(world):
    adapter = world.life()
    assert adapter.address(ACCOUNT, "001x").endswith("/lightning/r/Account/001x/view")
    assert adapter.address(ACCOUNT, "001x").startswith(world.login["base_url"])
    (info,) = adapter.describe([ACCOUNT])
    fields = {field.name: field for field in info.fields}
    assert (fields["CS_Health_Score__c"].length, fields["CS_Health_Score__c"].scale) == (3, 0)
    assert (fields["CS_ARR__c"].length, fields["CS_ARR__c"].scale) == (18, 2)
    assert (fields["CS_Health_Reason__c"].length, fields["CS_Health_Reason__c"].scale) == (255, None)
    assert isinstance(fields["CS_Health_Band__c"].restricted, bool)


def test_every_error_code_has_a_meaning():
    assert len(MEANINGS) >= 25
    by_verdict = {
        verdict: {code for code, m in MEANINGS.items() if m.verdict is verdict} for verdict in Verdict
    }
    assert {
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "DUPLICATES_DETECTED",
        "INACTIVE_OWNER_OR_USER",
    } <= by_verdict[Verdict.REJECTED]
    assert {"UNABLE_TO_LOCK_ROW", "REQUEST_RUNNING_TOO_LONG", "SERVER_UNAVAILABLE"} <= by_verdict[
        Verdict.LATER
    ]
    assert all(m.fix for m in MEANINGS.values() if m.verdict is Verdict.REJECTED)
