"""A task that its owner may not own goes to the next in line, and stays there."""

from __future__ import annotations

from datetime import date, datetime

import pytest
import sqlalchemy as sa
from cs_connector.adapters.salesforce.errors import Fault
from cs_connector.adapters.salesforce.writing import verdicts

from cs_connector.act.outbox import owners
from cs_connector.ports import Action, Change, Verdict
from cs_connector.store import tables
from cs_connector.store.state import State
from cs_connector.testing import FixedClock

from .test_act import Desk, clock, desk, later, state

__all__ = ["clock", "desk", "state"]

CODES = frozenset({"NO_LICENCE"})


def refuse(db: sa.Connection, user: str, at: datetime, code: str = "NO_LICENCE") -> None:
    """The CRM refuses the task of a call that belongs to a user."""
    db.execute(sa.delete(tables.calls))
    db.execute(sa.delete(tables.refused))
    call = {"rule": "r", "account_id": "a", "state": "open", "sent": {}, "opened_on": date(2026, 11, 25)}
    db.execute(sa.insert(tables.calls).values(key="K1", owner_user_id=user, **call))
    row = {
        "connection": "crm",
        "object": "Task",
        "name": "K1",
        "stage": "write",
        "payload_hash": "p",
        "run": "1",
    }
    db.execute(
        sa.insert(tables.refused).values(
            key="crm|Task|K1", code=code, reason="no", config_hash="c", at=at, **row
        )
    )
    owners.learn(db, "crm", CODES)


def test_owners_are_known_until_the_configuration_changes_or_a_person_says_so(
    state: State, clock: FixedClock
) -> None:
    now = clock.now()
    with state.begin() as db:
        refuse(db, "u1", now)
        assert owners.known(db, "crm", "c") == {"u1": now}
        assert (owners.known(db, "crm", "d"), owners.known(db, "other", "c")) == ({}, {})
        assert owners.forgive(db, "crm") == 1
        assert owners.known(db, "crm", "c") == {}


def test_who_gets_the_task_next_is_not_taken_for_the_one_who_was_refused(
    state: State, clock: FixedClock
) -> None:
    now = clock.now()
    with state.begin() as db:
        refuse(db, "u1", now)
        db.execute(sa.update(tables.calls).values(owner_user_id="u2"))
        owners.learn(db, "crm", CODES)
        assert set(owners.known(db, "crm", "c")) == {"u1"}
        refuse(db, "u2", datetime(2026, 12, 1, tzinfo=now.tzinfo))
        assert set(owners.known(db, "crm", "c")) == {"u1", "u2"}


def test_a_user_who_was_changed_since_may_own_tasks_again(state: State, clock: FixedClock) -> None:
    with state.begin() as db:
        refuse(db, "u1", clock.now())
        owners.forget(db, "crm", {"u2"})
        assert set(owners.known(db, "crm", "c")) == {"u1"}
        owners.forget(db, "crm", {"u1"})
        assert owners.known(db, "crm", "c") == {}


def test_another_refusal_says_nothing_of_the_owner(state: State, clock: FixedClock) -> None:
    with state.begin() as db:
        refuse(db, "u1", clock.now(), "TOO_LONG")
        assert owners.known(db, "crm", "c") == {}


def test_a_task_goes_to_the_fallback_when_its_owner_may_own_none(desk: Desk) -> None:
    desk.facts = {"fallback": "u2"}
    desk.round("r1")
    assert [c.owner_user_id for c in desk.calls] == ["u1"]
    desk.facts = {"fallback": "u2", "unfit": frozenset({"u1"})}
    desk.round("r1", day=later(1))
    assert [c.owner_user_id for c in desk.calls] == ["u2"]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (Fault("no", status_code="INVALID_CROSS_REFERENCE_KEY", fields=["OwnerId"]), "OWNER_REFUSED"),
        (Fault("no", status_code="INACTIVE_OWNER_OR_USER", fields=["OwnerId"]), "INACTIVE_OWNER_OR_USER"),
        (Fault("no", status_code="TRANSFER_REQUIRES_READ"), "TRANSFER_REQUIRES_READ"),
        (Fault("no", status_code="INVALID_CROSS_REFERENCE_KEY", fields=["WhatId"]), None),
    ],
)
def test_salesforce_says_of_what_it_refuses_whether_it_is_the_owner(fault: Fault, told: str | None) -> None:
    receipt = verdicts.refused(Change("crm", "Task", Action.UPDATE, "K1", {}, None, "t1"), fault)
    assert receipt.verdict is Verdict.REJECTED
    assert (receipt.code if receipt.code in verdicts.OWNERS else None) == told
