"""Tasks of ours of which somebody took fields away, that of the key among them, and that have them again."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from cs_connector.act.outbox import tasks as outbox_tasks
from cs_connector.store import tables

from .act_kit import TODAY, Tables
from .test_act import SENT, clock, crm, state

__all__ = ["clock", "crm", "state"]


def keyless(crm: Tables, **theirs: Any) -> None:
    """A task of ours whose field of the key was taken away and made again."""
    crm.account()
    crm.record("Task", "t1", SENT | theirs)
    with crm.state.begin() as db:
        call = {
            "key": "K1",
            "rule": "fell",
            "account_id": "a1",
            "relationship_id": "r",
            "type": "Risk",
            "owner_user_id": "u1",
        }
        call |= {
            "episode": 1,
            "state": "open",
            "reason": "",
            "priority": "High",
            "due_on": TODAY,
            "opened_on": TODAY,
        }
        db.execute(
            sa.insert(tables.calls).values(**call, connection="crm", record_id="t1", sent={"written": SENT})
        )


@pytest.mark.parametrize("theirs", [{}, {"Description": "my own notes"}, {"Closed": True}])
def test_a_task_that_has_lost_its_key_gets_it_back_and_no_second_one_is_made(
    crm: Tables, theirs: dict[str, Any]
) -> None:
    keyless(crm, **theirs)
    crm.call(written=SENT, description="call them")
    (change,) = crm.plan()
    assert (change.action, change.record_id, change.key) == ("update", "t1", "K1")
    assert change.fields == (("Key", None, "K1"),)


def test_fields_of_a_task_that_were_made_again_are_filled_once(crm: Tables) -> None:
    keyless(crm, Subject=None)
    with crm.state.begin() as db:
        outbox_tasks.forget_fields(db, "crm", {"Subject", "Key", "Other"})
        (told,) = db.scalars(sa.select(tables.calls.c.sent)).all()
    written = told["written"]
    assert written == {"Description": "call them", "Owner": "U-1", "again": ["Subject"]}
    crm.call(written=written)
    assert crm.fields() == {"Key": (None, "K1"), "Subject": (None, "Risk: Acme")}
    crm.con.execute("UPDATE wanted_call SET written = ?", [json.dumps(written | {"Subject": "Risk: Acme"})])
    assert crm.fields() == {"Key": (None, "K1")}, "a person emptied it since"
