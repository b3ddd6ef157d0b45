"""Changes that are planned, taken and settled together are one row; what becomes of each of them is as if it were its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cs_connector.act import outbox
from cs_connector.act.outbox import parcels
from cs_connector.act.outbox.line import columns
from cs_connector.errors import Unavailable
from cs_connector.ports import Change, Receipt, Verdict
from cs_connector.store import tables
from cs_connector.store.state import State
from cs_connector.testing import FixedClock, System

from .act_kit import rows
from .outbox_kit import OTHER, TASK, Desk, task
from .test_act import clock, state

__all__ = ["clock", "state"]


@pytest.fixture
def desk(state: State, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Batches of three, and parcels of as many."""
    monkeypatch.setattr(parcels, "SIZE", 3)
    return Desk(state, clock, System((TASK, OTHER)))


def said(**verdicts: Verdict) -> Callable[[Change], Receipt | None]:
    def answer(change: Change) -> Receipt | None:
        verdict = verdicts.get(change.key)
        return Receipt(change.key, verdict, None, "CODE", "said so") if verdict else None

    return answer


def packed(desk: Desk) -> list[tuple[str, int, int]]:
    return [(row.state, row.changes, row.attempt) for row in rows(desk.state, tables.parcels)]


def test_a_plan_lies_in_parcels_that_go_and_are_settled_whole(desk: Desk) -> None:
    seen: list[tuple[list[tuple[str, int, int]], int]] = []
    desk.crm.before = lambda: seen.append((packed(desk), len(rows(desk.state, tables.outbox))))
    desk.send(*(task(f"k{n}") for n in range(5)))
    assert seen == [([("inflight", 3, 1), ("planned", 2, 0)], 0), ([("inflight", 2, 1)], 0)]
    assert packed(desk) == []
    assert [key for key, _ in desk.audited()] == ["k0", "k1", "k2", "k3", "k4"]


def test_what_is_not_settled_of_a_parcel_stays_by_itself(desk: Desk) -> None:
    desk.crm.said = said(k0=Verdict.UNKNOWN, k1=Verdict.REJECTED, k3=Verdict.LATER)
    desk.send(*(task(f"k{n}") for n in range(6)))
    assert packed(desk) == []
    assert {row.name: (row.state, row.attempt) for row in rows(desk.state, tables.outbox)} == {
        "k0": ("inflight", 1),
        "k3": ("planned", 4),
    }
    assert [key for key, _ in desk.audited()] == ["k2", "k4", "k5"]
    assert [row.name for row in rows(desk.state, tables.refused)] == ["k1"]
    assert desk.crm.sent == [["k0", "k1", "k2"], ["k3", "k4", "k5"], ["k3"], ["k3"], ["k3"]]


def test_a_parcel_in_flight_is_looked_up_and_one_that_was_planned_is_planned_anew(desk: Desk) -> None:
    desk.crm.said = lambda change: Receipt(change.key, Verdict.UNKNOWN)
    desk.crm.before = lambda: (_ for _ in ()).throw(KeyboardInterrupt)  # the process dies while it sends
    with pytest.raises(KeyboardInterrupt):
        desk.send(*(task(f"k{n}") for n in range(5)))
    assert packed(desk) == [("inflight", 3, 1), ("planned", 2, 0)]
    desk.system.put("Task", {"Key": "k1", "Subject": "call"})
    desk.again()
    found = desk.recover()
    assert (found.planned, found.done, found.undone) == (2, 1, 2)
    assert desk.audited() == [("k1", "created")]
    assert desk.states() == {}


def test_a_parcel_of_which_a_part_goes_is_opened(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcels, "SIZE", 2)
    seen: list[dict[str, str]] = []
    desk.crm.before = lambda: seen.append(desk.states())
    desk.send(*(task(f"k{n}") for n in range(4)))
    assert seen == [
        {"k0": "inflight", "k1": "inflight", "k2": "inflight", "k3": "planned"},
        {"k3": "inflight"},
    ]
    assert (packed(desk), desk.states()) == ([], {})


def test_a_change_comes_out_of_its_parcel_as_it_went_in(desk: Desk) -> None:
    plan = [task("k1", "Grüße 'x'", associate=(("Account", "a1"),)), task("k2", "b")]
    desk.box.lay(plan)
    with desk.state.begin() as db:
        lines = parcels.waiting(db)
        parcels.unpack(db)
        opened = parcels.waiting(db)
    assert [columns(line) for line in opened] == [columns(line) for line in lines]
    assert [(line.change.associate, dict(line.change.fields)) for line in opened] == [
        ((("Account", "a1"),), {"Subject": "Grüße 'x'"}),
        ((), {"Subject": "b"}),
    ]


def test_two_changes_of_one_record_that_are_no_neighbours_are_no_plan(desk: Desk) -> None:
    with pytest.raises(AssertionError, match=r"two changes of crm\|Task\|k1"):
        desk.box.lay([task("k1"), task("k2"), task("k1")])
    assert packed(desk) == []


def test_a_connection_that_confirms_nothing_keeps_its_parcels(desk: Desk) -> None:
    desk.crm.said = lambda change: Receipt(change.key, Verdict.UNKNOWN)
    with pytest.raises(Unavailable):
        desk.send(*(task(f"k{n}") for n in range(6)))
    assert packed(desk) == [("planned", 3, 0)]
    assert [row.state for row in rows(desk.state, tables.outbox)] == ["inflight"] * 3
    with desk.state.read() as db:
        assert outbox.places(db) == {("crm", "inflight"), ("crm", "planned")}
