"""Tasks of ours of which somebody took fields away, that of the key among them, and that have them again."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from cs_connector.act.calling.endings import GONE
from cs_connector.act.outbox import tasks as outbox_tasks
from cs_connector.runner import Engine, judging
from cs_connector.store import tables
from cs_connector.unify import Source

from .act_kit import MAPPING, READ, TODAY, Tables
from .engine_kit import engine_of
from .test_act import SENT, clock, crm, state

__all__ = ["clock", "crm", "state"]


def keyless(crm: Tables, of: str = "Task", **theirs: Any) -> None:
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
        db.execute(
            sa.insert(tables.written).values(
                connection="crm",
                object=of,
                record_id="t1",
                name="K1",
                fields=SENT,
                before={},
                run="R1",
                at=READ,
            )
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


def test_a_key_that_somebody_empties_again_is_given_back_once(crm: Tables) -> None:
    keyless(crm)
    given = SENT | {"Key": "K1"}
    with crm.state.begin() as db:
        outbox_tasks.keep(db, "K1", "t1", {"Key": "K1"})
    crm.call(written=given)
    assert crm.plan() == []
    with crm.state.begin() as db:
        outbox_tasks.forget_fields(db, "crm", {"Key"})
        (told,) = db.scalars(sa.select(tables.calls.c.sent)).all()
    crm.con.execute("UPDATE wanted_call SET written = ?", [json.dumps(told["written"])])
    assert crm.fields() == {"Key": (None, "K1")}, "the field was made again"


def test_a_record_of_another_object_with_the_same_id_gets_no_key_of_ours(crm: Tables) -> None:
    keyless(crm, of="Event")
    crm.call(written=SENT)
    assert crm.plan() == []


@pytest.mark.parametrize(("closed", "fields"), [(True, set()), (False, {"Key", "Description"})])
def test_a_task_without_its_key_whose_cause_is_gone_is_closed_all_the_same(
    crm: Tables, closed: bool, fields: set[str]
) -> None:
    keyless(crm, Closed=closed)
    crm.call(written=SENT, description="Closed: fine")
    crm.con.execute("ALTER TABLE wanted_call ADD COLUMN closing BOOLEAN DEFAULT TRUE")
    assert {name for change in crm.plan() for name in change.values} == fields


def test_what_was_sent_of_calls_that_have_ended_stays(crm: Tables) -> None:
    keyless(crm)
    with crm.state.begin() as db:
        db.execute(sa.update(tables.calls).values(state="closed"))
        outbox_tasks.forget_fields(db, "crm", {"Subject"})
        assert db.scalars(sa.select(tables.calls.c.sent)).all() == [{"written": SENT}]


@pytest.mark.parametrize(
    ("theirs", "wanted"), [({}, ["K1"]), ({"Closed": True}, []), ({"Key": "another"}, [])]
)
def test_a_call_that_ends_while_its_open_task_has_no_key_still_closes_it(
    crm: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, theirs: dict[str, Any], wanted: list[str]
) -> None:
    crm.record("Task", "t1", SENT | theirs)
    crm.con.execute("CREATE TABLE task(key VARCHAR, closed BOOLEAN)")
    ended = {"key": "K1", "rule": "fell", "account_id": "a1", "state": "closed", "closed_why": GONE}
    ended |= {"connection": "crm", "record_id": "t1", "opened_on": TODAY, "sent": {"ended": "Closed: fine"}}
    monkeypatch.setattr(judging, "Desk", lambda *_: SimpleNamespace(live=True))
    monkeypatch.setattr(Engine, "home", lambda _: "crm")
    monkeypatch.setattr(Engine, "sources", lambda _: [Source("crm", "memory", 0, MAPPING)])
    monkeypatch.setattr(Engine, "latest", lambda _self, _con: lambda _connection, name: f"raw_{name}")
    crm.con.execute("DROP TABLE wanted_call")
    with engine_of(object(), tmp_path) as engine, engine.store.state.begin() as db:
        db.execute(sa.insert(tables.calls).values(**ended))
        judging.want(engine, crm.con, db)
    assert [row[0] for row in crm.con.execute("SELECT key FROM wanted_call").fetchall()] == wanted
