"""What people do to a task between reading and writing counts: it is looked at once more, right before it is changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from cs_connector.act import outbox
from cs_connector.act.outbox import Outbox, tasks
from cs_connector.act.plan import Planned
from cs_connector.errors import Unavailable
from cs_connector.ports import NOT_LINKED, Change, Receipt, Verdict
from cs_connector.store import tables
from cs_connector.store.state import State
from cs_connector.testing import Fault, FixedClock, System

from .act_kit import Tables, rows
from .outbox_kit import OTHER, TASK, Desk, Line, task
from .test_act import SENT, clock, crm, state

__all__ = ["clock", "crm", "state"]

READ = {"Key": "k1", "Subject": "call"}


@pytest.fixture
def desk(state: State, clock: FixedClock) -> Desk:
    """A CRM with a task that a call of ours became."""
    made = Desk(state, clock, System((TASK, OTHER)))
    made.crm.resume = lambda changes: super(Line, made.crm).resume(changes)  # type: ignore[method-assign,assignment,return-value]
    made.box = Outbox(state, made.lease, made.box.run, config_hash="c1", watched={("crm", "Task"): READ})
    made.system.put("Task", READ, "t1")
    call = {"key": "k1", "rule": "r", "account_id": "a", "state": "open", "sent": {}, "connection": "crm"}
    with state.begin() as db:
        db.execute(sa.insert(tables.calls).values(**call, opened_on=date(2026, 11, 25)))
        tasks.keep(db, "k1", "t1", {"Subject": "call", "Key": "k1"})
    return made


def changed(subject: str = "again") -> Planned:
    """What a plan says that was made when the task was read."""
    found = task("k1", action="update", key_field=None, record_id="t1")
    return replace(found, fields=(("Subject", "call", subject),))


def test_a_task_that_nobody_touched_is_changed_after_one_look(desk: Desk) -> None:
    before = desk.crm.usage().used
    tally = desk.send(changed())
    assert (tally.updated, tally.left) == (1, 0)
    assert desk.crm.usage().used - before == 2


@pytest.mark.parametrize("edit", [{"Subject": "mine"}, {"Key": "closed"}])
def test_a_task_that_somebody_changed_since_is_left(desk: Desk, edit: dict[str, str]) -> None:
    desk.system.put("Task", edit, "t1")
    tally = desk.send(changed(), task("k2"))
    assert (tally.created, tally.updated, tally.conflicts, tally.missed) == (1, 0, 1, 0)
    assert desk.system.rows["Task"]["t1"].fields == READ | edit
    assert sorted(desk.receipts()) == [("k1", "conflict")]
    assert (desk.states(), rows(desk.state, tables.refused)) == ({}, [])


def test_a_task_that_somebody_deleted_since_is_not_made_again(desk: Desk) -> None:
    desk.system.delete("Task", "t1")
    tally = desk.send(changed())
    assert (tally.gone, tally.missed, desk.crm.sent) == (1, 0, [])
    assert desk.receipts() == [("k1", "gone")]
    assert (desk.states(), rows(desk.state, tables.refused)) == ({}, [])


def test_a_task_that_somebody_deleted_before_it_was_linked_is_not_made_again(desk: Desk) -> None:
    desk.crm.said = lambda change: Receipt(change.key, Verdict.LATER, "t2", NOT_LINKED, "busy")
    tally = desk.send(task("k2", associate=(("Account", "a1"),)))
    assert (tally.created, tally.gone, tally.later) == (1, 1, 0)
    assert (desk.crm.sent, desk.states()) == ([["k2"]], {})


def test_a_record_that_goes_away_while_it_is_sent_is_neither_made_again_nor_refused(desk: Desk) -> None:
    desk.crm.before = lambda: desk.system.delete("Task", "t1")
    tally = desk.send(changed())
    assert (tally.gone, tally.missed) == (1, 0)
    assert desk.audited() == []
    assert (desk.states(), rows(desk.state, tables.refused)) == ({}, [])


def test_a_task_that_cannot_be_looked_at_is_not_changed(desk: Desk) -> None:
    def silent(changes: list[Change]) -> list[Receipt]:
        return [Receipt(c.key, Verdict.UNKNOWN, c.record_id, "BUSY") for c in changes]

    desk.crm.resume = silent  # type: ignore[method-assign,assignment]
    tally = desk.send(changed())
    assert (tally.updated, tally.later, desk.crm.sent) == (0, 1, [])
    assert desk.states() == {"k1": "planned"}


def test_a_crm_that_cannot_be_looked_at_keeps_no_other_from_being_written_to(desk: Desk) -> None:
    desk.system.faults.append(Fault("resume", Unavailable("it is down"), times=9))
    other = Line(System((TASK, OTHER)))
    desk.box.lay([changed(), replace(task("k9"), connection="other")])
    with pytest.raises(Unavailable, match="it is down"):
        list(outbox.send(desk.box, {"crm": desk.crm, "other": other}))
    assert (desk.crm.sent, other.sent) == ([], [["k9"]])
    assert desk.states() == {"k1": "planned"}


def test_a_field_that_is_not_written_any_more_is_not_looked_at(desk: Desk) -> None:
    desk.box = Outbox(
        desk.state, desk.lease, desk.box.run, config_hash="c1", watched={("crm", "Task"): {"Subject"}}
    )
    desk.system.put("Task", {"Key": "other"}, "t1")
    assert desk.send(changed()).updated == 1


def test_other_records_are_not_looked_at(desk: Desk) -> None:
    desk.box = Outbox(desk.state, desk.lease, desk.box.run, config_hash="c1")
    before = desk.crm.usage().used
    assert desk.send(changed()).updated == 1
    assert desk.crm.usage().used - before == 1


def test_what_is_there_is_changed_by_its_id_and_only_what_is_new_by_its_key(crm: Tables) -> None:
    crm.account()
    crm.record("Task", "t1", SENT | {"Key": "K1"})
    crm.call(written=SENT, description="call them now")
    crm.call("K2")
    found = {c.key: (c.action, c.key_field, c.record_id) for c in crm.plan()}
    assert found == {"K1": ("update", None, "t1"), "K2": ("upsert", "Key", None)}


def test_what_may_have_been_written_is_no_edit(desk: Desk) -> None:
    with desk.state.begin() as db:
        tasks.keep(db, "k1", "t1", {"maybe": {"Key": "k1"}})
    desk.system.put("Task", {"Key": "k9"}, "t1")
    assert desk.send(changed()).updated == 1


def test_a_change_in_flight_of_a_record_that_is_gone_is_settled(desk: Desk) -> None:
    desk.box.lay([changed()])
    desk.box.take(list(desk.box.planned()))
    desk.system.delete("Task", "t1")
    desk.again()
    found = desk.recover()
    assert (found.gone, found.done, found.undone) == (1, 0, 0)
    assert desk.states() == {}
