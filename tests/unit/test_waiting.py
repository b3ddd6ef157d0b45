"""What a run says of calls that wait: those of its day, and none where it looks at the past."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from cs_connector.ports import Action, Verdict
from cs_connector.runner import judging
from cs_connector.store import tables
from cs_connector.store.audit import Audit, Entry

from .engine_kit import engine_of


def test_a_run_of_a_past_day_names_no_calls_that_wait_today(tmp_path: Path) -> None:
    with engine_of(object(), tmp_path) as engine:
        call = {"key": "K1", "rule": "notice", "account_id": "a1", "state": "open", "opened_on": engine.as_of}
        waits = {
            "relationship_id": "r1",
            "rule": "notice",
            "account_id": "a1",
            "name": "Acme",
            "why": "observing",
        }
        with engine.store.state.begin() as db:
            db.execute(sa.insert(tables.calls).values(**call))
            db.execute(sa.insert(tables.held_back).values(**waits))
        past = replace(engine, as_of=engine.as_of - timedelta(days=90), lease=None)
        assert judging.waiting(engine)[0] == {"observing": 1}
        assert judging.waiting(past) == ({}, [])


def test_a_call_is_taken_back_by_the_deletion_of_its_own_task_only(tmp_path: Path) -> None:
    """HubSpot numbers the records of each object by itself."""
    with engine_of(object(), tmp_path) as engine:
        call = {"key": "K1", "rule": "notice", "account_id": "a1", "state": "open", "opened_on": engine.as_of}
        with engine.store.state.begin() as db:
            db.execute(sa.insert(tables.calls).values(**call, connection="crm", record_id="77"))
        for key, taken in (("acme ember", False), ("K1", True)):
            gone = Entry("crm", "x", key, "77", Action.DELETE, Verdict.DELETED, {}, {})
            with engine.store.state.begin() as db:
                Audit().append(db, engine.clock.now(), engine.run, [gone])
            assert judging.taken_back(engine) is taken
