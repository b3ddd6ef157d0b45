"""A project in a sandbox lives in the sandbox's time, and waits by moving it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
import requests

from cs_connector.errors import Unavailable
from cs_connector.sandbox.up import Sandbox
from cs_connector.transport import SandboxTime, SystemClock

from .echo import Echo

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def sandbox():
    made = Sandbox([], START)
    made.start()
    yield made
    made.stop()


def test_waiting_moves_the_sandbox_instead_of_the_host(sandbox):
    clock = SandboxTime(sandbox.control.base_url)
    before = clock.now()
    clock.sleep(3600.5)
    assert START <= before < START + timedelta(minutes=5)
    assert clock.now() - before >= timedelta(seconds=3600.5)
    assert abs(sandbox.world.clock.now() - clock.now()) < timedelta(seconds=5)


def test_it_is_seen_when_somebody_else_moved_the_time_before_our_wait(sandbox):
    clock = SandboxTime(sandbox.control.base_url)
    clock.now()
    sandbox.world.clock.advance(timedelta(days=1))
    clock.sleep(1)
    assert clock.now() >= START + timedelta(days=1)


def test_a_time_that_stands_still_is_not_carried_on(sandbox):
    sandbox.world.clock.move(to=START + timedelta(hours=1), running=False)
    clock = SandboxTime(sandbox.control.base_url)
    assert {clock.now(), clock.now()} == {START + timedelta(hours=1)}
    clock.sleep(60)
    assert {clock.now(), clock.now()} == {START + timedelta(hours=1, seconds=60)}


def test_a_sandbox_that_is_down_is_told():
    sandbox = Sandbox([], START)
    address = sandbox.control.base_url
    sandbox.stop()
    with pytest.raises(Unavailable, match="does not tell the time") as told:
        SandboxTime(address).now()
    assert "--keep" in told.value.fix  # another sandbox would be at another address, with other logins
    assert "init" in told.value.fix


def test_the_host_clock_is_aware_and_does_not_wait_for_less_than_nothing():
    clock = SystemClock()
    clock.sleep(-1)
    assert clock.now().tzinfo is UTC


def test_every_answer_is_dated_by_the_clock_of_the_sandbox() -> None:
    sandbox = Sandbox([("echo", Echo)], START)
    with sandbox:
        sandbox.world.clock.advance(timedelta(days=400))
        answer = requests.get(sandbox.servers["echo"].base_url, timeout=5)
    dated = parsedate_to_datetime(answer.headers["date"])
    assert abs((dated - sandbox.world.clock.now()).total_seconds()) < 60
