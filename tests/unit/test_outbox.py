"""Every change goes out on record: before it is sent, and with its receipt after."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from cs_connector.act import outbox
from cs_connector.act.plan import Planned
from cs_connector.errors import AuthFailed, FencedOut, Unavailable
from cs_connector.ports import Capabilities, FieldInfo, ObjectInfo
from cs_connector.store import leases, tables
from cs_connector.store.state import State
from cs_connector.testing import Fault, FixedClock, Memory, MemorySettings, System, surroundings

from .act_kit import Tables, rows
from .test_act import Desk, clock, crm, state

__all__ = ["clock", "crm", "state"]

TASK = ObjectInfo("Task", (FieldInfo("Key", "text", unique=True), FieldInfo("Subject", "text", length=10)))
OTHER = ObjectInfo("Account", (FieldInfo("Score", "number"),))


class Line(Memory):
    capabilities = Capabilities(upsert=frozenset({"Task"}))


@pytest.fixture
def system() -> System:
    return System((TASK, OTHER))


@pytest.fixture
def adapters(system: System) -> dict[str, Any]:
    return {"crm": Line(MemorySettings(), surroundings("crm"), system)}


@pytest.fixture
def lease(state: State, clock: FixedClock) -> leases.Lease:
    return leases.take(state, "run", "me", clock)


def task(key: str, subject: str = "call") -> Planned:
    return Planned("crm", "Task", "call", key, "upsert", "Key", None, (("Subject", None, subject),), (), "")


def send(state: State, lease: leases.Lease, adapters: Any, *planned: Planned) -> outbox.Tally:
    return list(outbox.send(state, lease, "run-1", adapters, planned))[-1]


def test_every_change_has_a_receipt_and_a_bad_one_stops_no_other(
    state: State, lease: leases.Lease, adapters: Any, system: System
) -> None:
    tally = send(state, lease, adapters, task("k1"), task("k2", "far too long a text"), task("k3"))
    assert (tally.created, tally.rejected, tally.reasons) == (2, 1, {"TOO_LONG": 1})
    assert [(r.key, r.verdict) for r in rows(state, tables.receipts)] == [
        ("k1", "created"), ("k2", "rejected"), ("k3", "created"),
    ]  # fmt: skip
    states = {r.key: r.state for r in rows(state, tables.outbox)}
    assert states == {"crm|Task|k1": "done", "crm|Task|k2": "failed", "crm|Task|k3": "done"}


def test_a_value_that_was_emptied_is_counted(
    state: State, lease: leases.Lease, adapters: Any, system: System
) -> None:
    record = system.put("Account", {"Score": 1})
    change = Planned(
        "crm", "Account", "account", "a1", "update", None, record, (("Score", "1", None),), (), ""
    )
    tally = send(state, lease, adapters, change)
    assert (tally.updated, tally.cleared) == (1, 1)
    assert system.rows["Account"][record].fields == {"Score": None}


def test_a_change_is_on_record_before_it_is_sent(
    state: State, lease: leases.Lease, adapters: Any, system: System
) -> None:
    system.faults.append(Fault("write", AuthFailed("no login")))
    with pytest.raises(AuthFailed):
        send(state, lease, adapters, task("k1"))
    assert [(r.key, r.state) for r in rows(state, tables.outbox)] == [("crm|Task|k1", "inflight")]
    assert outbox.recover(state, lease, adapters) == 0
    assert rows(state, tables.outbox) == []


def test_a_lost_answer_is_looked_up_and_the_task_exists_once(
    state: State, lease: leases.Lease, adapters: Any, system: System
) -> None:
    Desk(state).round("r1")
    (call,) = rows(state, tables.calls)
    system.faults.append(Fault("write", lost=True))
    with pytest.raises(Unavailable):
        send(state, lease, adapters, task(call.key))
    assert outbox.recover(state, lease, adapters) == 1
    (after,) = rows(state, tables.calls)
    assert after.record_id == next(iter(system.rows["Task"]))
    assert send(state, lease, adapters, task(call.key)).updated == 1
    assert len(system.rows["Task"]) == 1


def test_a_process_that_lost_its_lease_sends_nothing(
    state: State, lease: leases.Lease, adapters: Any, system: System
) -> None:
    leases.unlock(state, "run")
    with pytest.raises(FencedOut):
        send(state, lease, adapters, task("k1"))
    assert system.rows == {}


def wrote(crm: Tables, at: datetime, key: str, **fields: str | None) -> None:
    """What a run has sent to an account, and the CRM has taken."""
    change = Planned("crm", "Account", "account", key, "update", None, f"r{key[1:]}",
                     tuple((n, None, v) for n, v in fields.items()), (), "")  # fmt: skip
    clock: Any = crm.state.clock
    clock.at = at
    lease = leases.take(crm.state, f"run {at} {fields}", "me", clock)

    class Taken(Line):
        def _wrong(self, change: Any) -> None:
            return None

    adapter = Taken(MemorySettings(), surroundings("crm"), System((OTHER,)))
    send(crm.state, lease, {"crm": adapter}, change)


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
