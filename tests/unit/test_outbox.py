"""Every change goes out on record: before it is sent, and with its receipt after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from cs_connector.act import outbox, plan, switch
from cs_connector.act.outbox import points
from cs_connector.act.outbox.points import Point
from cs_connector.act.plan import Planned
from cs_connector.errors import AuthFailed, FencedOut, GuardStopped, NotPermitted, Unavailable
from cs_connector.ports import NOT_LINKED, Change, Receipt, Verdict
from cs_connector.store import leases, tables
from cs_connector.store.state import State
from cs_connector.testing import Fault, FixedClock, System

from .act_kit import Tables, rows
from .outbox_kit import OTHER, TASK, Desk, Line, task
from .test_act import Desk as Calls
from .test_act import clock, crm, state

__all__ = ["clock", "crm", "state"]

SETTLING = timedelta(seconds=Line.capabilities.settling)


@pytest.fixture
def desk(state: State, clock: FixedClock) -> Desk:
    return Desk(state, clock, System((TASK, OTHER)))


def test_every_answer_is_on_record_and_a_bad_one_stops_no_other(desk: Desk) -> None:
    tally = desk.send(task("k1"), task("k2", "far too long a text"), task("k3"))
    assert (tally.created, tally.rejected, dict(tally.reasons)) == (2, 1, {"TOO_LONG": 1})
    assert desk.receipts() == [("k2", "rejected")]
    assert desk.audited() == [("k1", "created"), ("k3", "created")]
    assert desk.states() == {}
    (refused,) = rows(desk.state, tables.refused)
    assert (refused.name, refused.stage, refused.code) == ("k2", "write", "TOO_LONG")


def test_what_is_taken_at_last_is_not_refused_any_more(desk: Desk) -> None:
    desk.send(task("k2", "far too long a text"))
    desk.send(task("k2", "short"))
    assert rows(desk.state, tables.refused) == []


def test_a_record_that_loses_values_is_counted_once_as_a_plan_does(desk: Desk) -> None:
    record = desk.system.put("Account", {"Score": 1, "Band": "red"})
    emptied = (("Band", "red", None), ("Score", "1", None))
    tally = desk.send(Planned("crm", "Account", "account", "a1", "update", None, record, emptied, (), ""))
    assert (tally.updated, tally.cleared) == (1, 1)
    assert desk.system.rows["Account"][record].fields == {"Score": None, "Band": None}


def test_the_whole_plan_is_on_record_and_a_batch_in_flight_before_it_is_sent(desk: Desk) -> None:
    seen: list[dict[str, str]] = []
    desk.crm.before = lambda: seen.append(desk.states())
    desk.send(*(task(f"k{n}") for n in range(4)))
    assert seen == [
        {"k0": "inflight", "k1": "inflight", "k2": "inflight", "k3": "planned"},
        {"k3": "inflight"},
    ]


def test_batches_are_as_large_as_the_adapter_likes_in_the_order_of_the_plan(desk: Desk) -> None:
    desk.send(*(task(f"k{n}") for n in (5, 3, 1, 4, 2)))
    assert desk.crm.sent == [["k5", "k3", "k1"], ["k4", "k2"]]


def test_two_rules_for_one_record_go_out_as_one_change(desk: Desk) -> None:
    changes = [replace(task("k1"), fields=((name, None, "x"),)) for name in ("Subject", "Key")]
    desk.send(*changes)
    assert desk.crm.sent == [["k1"]]
    (record,) = desk.system.rows["Task"].values()
    assert record.fields["Subject"] == "x"


def test_what_was_planned_by_a_process_that_died_is_planned_anew(desk: Desk) -> None:
    desk.box.lay([task("k1"), task("k2")])
    desk.again()
    assert desk.recover().planned == 2
    assert desk.states() == {}
    assert desk.crm.sent == []


def test_a_change_whose_answer_was_lost_is_looked_up_before_it_is_sent_again(desk: Desk) -> None:
    desk.system.faults.append(Fault("write", AuthFailed("no login")))
    with pytest.raises(AuthFailed):
        desk.send(task("k1"))
    assert desk.states() == {"k1": "inflight"}
    desk.again()
    assert desk.recover().undone == 1
    assert desk.states() == {}
    assert desk.audited() == []
    assert desk.send(task("k1")).created == 1


def test_a_lost_answer_is_found_and_the_task_exists_once(desk: Desk) -> None:
    Calls(desk.state).round("r1")
    (call,) = rows(desk.state, tables.calls)
    desk.system.faults.append(Fault("write", lost=True))
    with pytest.raises(Unavailable):
        desk.send(task(call.key))
    assert desk.audited() == []
    desk.again()
    assert desk.recover().done == 1
    assert desk.audited() == [(call.key, "created")]
    (after,) = rows(desk.state, tables.calls)
    assert after.record_id == next(iter(desk.system.rows["Task"]))
    assert desk.send(task(call.key)).updated == 1
    assert len(desk.system.rows["Task"]) == 1


def lost(change: Change) -> Receipt:
    return Receipt(change.key, Verdict.UNKNOWN)


def in_flight(desk: Desk, *planned: Planned) -> None:
    """Sent by a process that then died."""
    desk.crm.said = lost
    with pytest.raises(Unavailable):
        desk.send(*planned)
    desk.crm.said = lambda _change: None
    desk.again()


def test_it_is_looked_for_again_when_whatever_was_sent_must_show(desk: Desk) -> None:
    in_flight(desk, task("k1"))
    sent = desk.clock.at
    find, asked = desk.crm.find, list[datetime]()

    def late(*question: Any) -> Any:
        asked.append(desk.clock.at)
        return find(*question) if len(asked) == 1 else {"k1": "T-1"}

    desk.crm.find = late  # type: ignore[method-assign]
    assert desk.recover().done == 1
    assert asked == [sent, sent + SETTLING]


def test_what_was_sent_long_ago_is_looked_for_once(desk: Desk) -> None:
    in_flight(desk, task("k1"))
    desk.clock.at += SETTLING
    before = desk.clock.at
    assert desk.recover().undone == 1
    assert desk.clock.at == before


@pytest.mark.parametrize(
    ("verdict", "audited"),
    [
        (Verdict.CREATED, 1),
        (Verdict.UPDATED, 1),
        (Verdict.DELETED, 1),
        (Verdict.LATER, 0),
        (Verdict.UNKNOWN, 0),
    ],
)
def test_what_the_adapter_finds_decides(desk: Desk, verdict: Verdict, audited: int) -> None:
    in_flight(desk, task("k1", key_field=None, action="update", record_id="t1"))
    desk.crm.looked = lambda _change: verdict
    found = desk.recover()
    assert (found.done, found.undone) == (audited, 1 - audited)
    assert desk.audited() == [("k1", verdict.value)] * audited
    assert desk.states() == {}


def test_a_new_record_that_is_there_was_made_whatever_a_person_wrote_into_it_since(desk: Desk) -> None:
    in_flight(desk, task("k1"))
    desk.crm.resume = lambda changes: [Receipt(c.key, Verdict.LATER, "t9", "NOT_DONE") for c in changes]  # type: ignore[method-assign]
    before = desk.clock.at
    assert desk.recover().done == 1
    assert desk.audited() == [("k1", "created")]
    assert desk.clock.at == before


def test_what_is_found_to_be_refused_is_kept_as_refused(desk: Desk) -> None:
    in_flight(desk, task("k1", key_field=None, action="update", record_id="t1"))
    desk.crm.looked = lambda _change: Verdict.REJECTED
    assert desk.recover().refused == 1
    assert [row.name for row in rows(desk.state, tables.refused)] == ["k1"]


def test_a_creation_without_a_key_is_never_sent_twice(desk: Desk) -> None:
    in_flight(desk, task("k1", key_field=None, action="create"))
    for _ in range(2):
        assert desk.recover().doubtful == {("crm", "Task"): 1}
        blocked = desk.box.lay([task("k1", key_field=None, action="create"), task("k2")])
        assert [planned.key for planned in blocked] == ["k1"]
    assert desk.states() == {"k1": "inflight", "k2": "planned"}


def test_a_task_that_is_there_and_may_not_be_linked_is_linked_once_more(desk: Desk) -> None:
    in_flight(desk, task("k1", associate=(("Account", "a1"),)))
    desk.system.put("Task", {"Key": "k1", "Subject": "a person's"})
    assert desk.recover().done == 1
    assert desk.states() == {"k1": "unlinked"}
    seen: list[Change] = []
    desk.crm.said = seen.append  # type: ignore[func-returns-value]
    desk.send()
    assert (seen[0].associate, dict(seen[0].fields)) == ((("Account", "a1"),), {})
    assert desk.states() == {}
    assert desk.held() == ["k1"]


def loose(verdict: Verdict) -> Callable[[Change], Receipt]:
    """Written as t1, and not linked to what it belongs to."""
    return lambda change: Receipt(change.key, verdict, "t1", NOT_LINKED, "the company is locked")


def linked(key: str = "k1") -> Planned:
    return task(key, associate=(("Account", "a1"),))


def test_a_new_record_that_cannot_be_linked_is_on_record_and_linked_by_a_later_run(desk: Desk) -> None:
    desk.crm.said = loose(Verdict.LATER)
    tally = desk.send(linked())
    assert (tally.created, tally.updated, tally.later, tally.missed) == (1, 0, 1, 1)
    assert dict(tally.loose) == {}, "nobody has said yet that it never will be"
    assert desk.audited() == [("k1", "created")]
    for _ in range(2):
        desk.again()
        assert desk.recover().planned == 0
        assert desk.states() == {"k1": "unlinked"}
    desk.system.put("Task", {"Key": "k1"}, "t1")
    seen: list[Change] = []
    desk.crm.said = seen.append  # type: ignore[assignment]
    desk.send()
    assert (seen[0].associate, dict(seen[0].fields)) == ((("Account", "a1"),), {})
    assert desk.states() == {}


def test_a_link_that_could_not_be_made_at_once_is_made_behind_the_others(desk: Desk) -> None:
    busy = loose(Verdict.LATER)
    desk.crm.said = lambda change: busy(change) if len(desk.crm.sent) == 1 else None
    desk.system.put("Task", {"Key": "k1"}, "t1")
    tally = desk.send(linked())
    assert desk.crm.sent == [["k1"], ["k1"]]
    assert (tally.created, tally.updated, tally.later) == (1, 0, 0)
    assert (desk.audited(), desk.states()) == ([("k1", "created"), ("k1", "updated")], {})


def test_a_link_that_is_not_permitted_is_kept_for_a_later_run_and_nobody_waits_for_it(desk: Desk) -> None:
    desk.crm.said = lambda change: Receipt(
        change.key, Verdict.LATER, "t1", NotPermitted.code, "ask the admin"
    )
    began = desk.clock.at
    tally = desk.send(linked())
    assert (tally.created, tally.later, dict(tally.waiting)) == (1, 1, {"ask the admin": 1})
    assert (len(desk.crm.sent), desk.clock.at) == (1, began)
    desk.again()
    desk.recover()
    assert desk.states() == {"k1": "unlinked"}


def unlinked(desk: Desk) -> None:
    """A run leaves a record that is there and not linked."""
    desk.crm.said = loose(Verdict.LATER)
    desk.send(linked())
    desk.crm.said = lambda _change: None
    desk.system.put("Task", {"Key": "k1"}, "t1")
    desk.again()
    desk.recover()


def test_a_change_waits_for_the_link_of_its_record_and_a_deletion_does_not(desk: Desk) -> None:
    unlinked(desk)
    change = task("k1", action="update", key_field=None, record_id="t1")
    assert desk.box.lay([change]) == [change]
    desk.again()
    desk.recover()
    assert desk.box.lay([replace(change, action="delete")]) == []


def test_a_link_of_which_nobody_knows_stays_to_be_made(desk: Desk) -> None:
    unlinked(desk)
    in_flight(desk)
    assert desk.states() == {"k1": "inflight"}
    assert desk.recover().undone == 0
    assert desk.states() == {"k1": "unlinked"}


def test_a_link_that_is_refused_is_told(desk: Desk) -> None:
    desk.crm.said = loose(Verdict.CREATED)
    tally = desk.send(linked())
    assert (tally.created, tally.missed, dict(tally.loose)) == (1, 0, {"the company is locked": 1})


def test_what_the_crm_cannot_take_now_is_tried_again_behind_the_others(desk: Desk) -> None:
    tries: list[str] = []

    def busy(change: Change) -> Receipt | None:
        tries.append(change.key)
        locked = change.key == "k0" and tries.count("k0") < 5
        return Receipt(change.key, Verdict.LATER, None, "LOCKED", "somebody has it") if locked else None

    desk.crm.said = busy
    began = desk.clock.at
    tally = desk.send(*(task(f"k{n}") for n in range(4)))
    assert desk.crm.sent == [["k0", "k1", "k2"], ["k3"], ["k0"], ["k0"]]
    assert (tally.created, tally.later, dict(tally.waiting)) == (4, 0, {})
    assert desk.clock.at > began
    assert desk.audited() == [(key, "created") for key in ("k1", "k2", "k3", "k0")]


def test_what_never_could_be_taken_stays_for_the_next_run(desk: Desk) -> None:
    desk.crm.said = lambda change: Receipt(change.key, Verdict.LATER, None, "LOCKED", "somebody has it")
    tally = desk.send(task("k1"))
    assert (tally.later, tally.missed, dict(tally.waiting)) == (1, 1, {"somebody has it": 1})
    assert desk.states() == {"k1": "planned"}
    desk.again()
    assert desk.recover().planned == 1


def test_a_process_that_lost_its_lease_sends_nothing(desk: Desk) -> None:
    leases.unlock(desk.state, "run")
    with pytest.raises(FencedOut):
        desk.send(task("k1"))
    assert desk.system.rows == {}


def test_a_process_that_lost_its_lease_while_it_sent_commits_no_receipt(desk: Desk) -> None:
    desk.crm.before = lambda: leases.unlock(desk.state, "run") and None
    with pytest.raises(FencedOut):
        desk.send(task("k1"))
    assert desk.receipts() == []
    assert desk.states() == {"k1": "inflight"}


def test_writes_that_a_person_stops_stop_at_the_next_batch(desk: Desk) -> None:
    def stop() -> None:
        with desk.state.begin() as db:
            switch.stop(db, "look at this first", "Ada", desk.clock.now())

    desk.crm.before = stop
    with pytest.raises(GuardStopped, match="all writes are stopped"):
        desk.send(*(task(f"k{n}") for n in range(4)))
    assert desk.held() == ["k0", "k1", "k2"]
    assert desk.states() == {"k3": "planned"}


def test_a_run_and_a_recovery_pass_every_point_at_which_one_may_die(desk: Desk) -> None:
    passed: list[Point] = []
    points.arm(passed.append)
    try:
        in_flight(desk, task("k1"))
        desk.recover()
        desk.send(task("k1"))
    finally:
        points.arm()
    assert set(passed) == set(Point)
    once = list(dict.fromkeys(passed))
    assert once[:8] == list(Point)[:8]


def wrote(crm: Tables, at: datetime, key: str, **fields: str | None) -> None:
    """What a run has sent to an account, and the CRM has taken."""
    change = Planned("crm", "Account", "account", key, "update", None, f"r{key[1:]}",
                     tuple((n, None, v) for n, v in fields.items()), (), "")  # fmt: skip
    clock: Any = crm.state.clock
    clock.at = at
    desk = Desk(crm.state, clock, System((OTHER,)))
    desk.crm.said = lambda change: Receipt(change.key, Verdict.UPDATED, change.record_id)
    desk.send(change)


def test_what_was_written_and_not_read_back_yet_counts(crm: Tables, clock: FixedClock) -> None:
    crm.account(crm={"Health_Score": 1})
    wrote(crm, clock.at + timedelta(days=10), "a1", Health_Score="70", Changed_On="2026-11-25")
    assert crm.plan() == []


def test_two_writings_before_the_next_reading_both_count(crm: Tables, clock: FixedClock) -> None:
    crm.account(crm={"Health_Score": 1, "ARR": 1})
    wrote(crm, clock.at + timedelta(days=10), "a1", Health_Score="70", Changed_On="2026-11-25")
    wrote(crm, clock.at + timedelta(days=11), "a1", ARR="1200.00")
    assert crm.plan() == []


def test_what_was_read_after_the_writing_counts_more(crm: Tables, clock: FixedClock) -> None:
    crm.account(crm={"Health_Score": 1})
    wrote(crm, clock.at - timedelta(days=10), "a1", Health_Score="70")
    assert crm.fields()["Health_Score"] == ("1", "70")


def test_what_was_read_back_is_kept_but_no_longer_laid_over(crm: Tables, clock: FixedClock) -> None:
    crm.account(crm={"Health_Score": 1})
    at = clock.at + timedelta(days=10)
    wrote(crm, at, "a1", Health_Score="70", Changed_On="2026-11-25")
    outbox.confirm(crm.state, "crm", "Account", at + timedelta(seconds=1))
    assert crm.fields()["Health_Score"] == ("1", "70")
    with crm.state.read() as db:
        (kept,) = db.execute(sa.select(tables.written.c.fields, tables.written.c.unread)).all()
    assert (kept.fields["Health_Score"], kept.unread) == ("70", None)


def test_parents_are_written_before_what_hangs_on_them_and_deleted_after(crm: Tables) -> None:
    crm.account()
    crm.plan()
    order = ("account", "relationship", "snapshot", "call")
    for n, source in enumerate(reversed(order)):
        for action in ("delete", "upsert"):
            crm.con.execute(
                f"INSERT INTO plan_change VALUES ('crm', '{source}s', '{source}', 'k{n}', '{action}', NULL, NULL, '[]', NULL, NULL)"
            )
    found = [(change.action, change.source) for change in plan.changes(crm.con)]
    assert found == [("upsert", s) for s in order] + [("delete", s) for s in reversed(order)]
