"""A process that was stopped, and comes back after its lease ran out, can commit nothing any more."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from cs_connector.act import outbox
from cs_connector.act.outbox import Outbox, points
from cs_connector.act.outbox.points import Point
from cs_connector.errors import FencedOut
from cs_connector.store import leases, tables
from cs_connector.store.state import State
from cs_connector.testing import FixedClock, System
from cs_connector.transport.clock import SystemClock
from tests.unit.act_kit import rows
from tests.unit.outbox_kit import OTHER, TASK, Line, task

SECONDS = 0.3  # how long a lease lasts here
REFUSED = 42


def _opened(url: str, who: str) -> tuple[State, Outbox]:
    state = State(url, FixedClock())
    return state, Outbox(state, leases.take(state, "run", who, SystemClock(), SECONDS), who)


def _stopped(url: str, at: Point) -> None:
    """Be the process that stops itself."""

    def stop(point: Point) -> None:
        if point is at:
            os.kill(os.getpid(), signal.SIGSTOP)

    points.arm(stop)
    _, box = _opened(url, "first")
    try:
        box.lay([task("k1")])
        list(outbox.send(box, {"crm": Line(System((TASK, OTHER)))}))
    except FencedOut:
        os._exit(REFUSED)
    os._exit(0)


@pytest.mark.parametrize("at", [Point.PLANNED, Point.LAID, Point.SENT])
def test_its_commit_is_refused(at: Point, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'state.db'}"
    State(url, FixedClock()).close()
    child = os.fork()
    if child == 0:
        _stopped(url, at)
    assert os.WIFSTOPPED(os.waitpid(child, os.WUNTRACED)[1])
    time.sleep(SECONDS)
    state, box = _opened(url, "second")
    crm = Line(System((TASK, OTHER)))
    outbox.recover(box, {"crm": crm})
    os.kill(child, signal.SIGCONT)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == REFUSED
    assert rows(state, tables.audit) == []
    box.lay([task("k1")])
    list(outbox.send(box, {"crm": crm}))
    assert [(r.run, r.key, r.verdict) for r in rows(state, tables.audit)] == [("second", "k1", "created")]
    state.close()
