"""One holder at a time, and a fence around the one that was late."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from cs_connector.errors import AlreadyRunning, FencedOut
from cs_connector.store import leases, tables
from cs_connector.store.store import Store
from tests.conftest_store import HandClock, page, record


def test_a_held_lease_is_refused_and_named(store: Store, clock: HandClock) -> None:
    leases.take(store.state, "run", "host-1:42", clock, 60)
    with pytest.raises(AlreadyRunning) as error:
        leases.take(store.state, "run", "host-2:7", clock, 60)
    assert "host-1:42" in error.value.why
    assert error.value.exit_code == 6


def test_of_eight_that_start_at_once_one_wins(store: Store, clock: HandClock) -> None:
    def start(n: int) -> bool:
        try:
            leases.take(store.state, "run", f"p{n}", clock, 60)
        except AlreadyRunning:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(start, range(8))) == 1


def test_a_released_lease_is_free_and_its_epoch_is_spent(store: Store, clock: HandClock) -> None:
    first = leases.take(store.state, "run", "a", clock, 60)
    leases.release(store.state, first)
    second = leases.take(store.state, "run", "b", clock, 60)
    assert second.epoch > first.epoch
    leases.release(store.state, first)
    with pytest.raises(AlreadyRunning):
        leases.take(store.state, "run", "c", clock, 60)


def test_a_heartbeat_keeps_the_lease(store: Store, clock: HandClock) -> None:
    lease = leases.take(store.state, "run", "a", clock, 60)
    for _ in range(3):
        clock.sleep(50)
        leases.heartbeat(store.state, lease, clock)
    with pytest.raises(AlreadyRunning):
        leases.take(store.state, "run", "b", clock, 60)


def test_who_slept_too_long_can_commit_nothing(store: Store, clock: HandClock, tmp_path: Path) -> None:
    late = leases.take(store.state, "run", "late", clock, 60)
    store.landing.append(late, "r1", "sf", "Account", page(record(1), cursor="1"))
    store.landing.commit()
    clock.sleep(61)
    leases.take(store.state, "run", "next", clock, 60)
    store.landing.append(late, "r1", "sf", "Account", page(record(2), cursor="2"))
    with pytest.raises(FencedOut):
        store.landing.commit()
    assert store.recover() == 0, "what was refused is not taken for the work of a killed process"
    with pytest.raises(FencedOut):
        store.fold("sf", "Account", "r1", late)
    with pytest.raises(FencedOut):
        leases.heartbeat(store.state, late, clock)
    assert store.landing.cursor("sf", "Account") == "1"
    assert store.facts.version() == 0
    assert store.fold("sf", "Account", "r2").read == 1


def test_a_restarted_process_of_the_same_name_fences_its_former_self(store: Store, clock: HandClock) -> None:
    former = leases.take(store.state, "run", "host", clock, 60)
    clock.sleep(61)
    leases.take(store.state, "run", "host", clock, 60)
    with pytest.raises(FencedOut), store.state.begin() as db:
        leases.check(db, former)


def test_unlock_names_the_holder_and_fences_it(store: Store, clock: HandClock) -> None:
    held = leases.take(store.state, "run", "gone", clock, 3600)
    assert leases.unlock(store.state, "run") == "gone"
    assert leases.unlock(store.state, "run") is None
    with pytest.raises(FencedOut), store.state.begin() as db:
        leases.check(db, held)
    leases.take(store.state, "run", "next", clock, 60)


def test_a_dead_holder_s_lease_is_taken_from_it_only(store: Store, clock: HandClock) -> None:
    """Two processes see the same dead one; the second must not throw out the first."""
    leases.take(store.state, "run", "dead", clock, 60)
    seen = leases.holder(store.state, "run")
    assert leases.unlock(store.state, "run", seen) == "dead"
    first = leases.take(store.state, "run", "first", clock, 60)
    assert leases.unlock(store.state, "run", seen) is None
    with store.state.begin() as db:
        leases.check(db, first)


def test_a_lease_is_kept_through_a_long_step(store: Store, clock: HandClock) -> None:
    lease = leases.take(store.state, "run", "a", clock, 60)
    keeper = leases.Keeper(store.state, lease, clock, every=0.001)
    clock.sleep(59)
    keeper.thread.start()
    while _until(store) < clock.now() + timedelta(seconds=60):
        time.sleep(0.001)
    keeper.close()
    assert not keeper.thread.is_alive()


def test_a_lease_that_was_lost_meanwhile_is_noticed_at_the_next_beat(store: Store, clock: HandClock) -> None:
    lease = leases.take(store.state, "run", "a", clock, 60)
    keeper = leases.Keeper(store.state, lease, clock, every=0.001)
    leases.unlock(store.state, "run")
    keeper.thread.start()
    keeper.thread.join(30)
    with pytest.raises(FencedOut):
        keeper.beat()
    keeper.close()


def _until(store: Store) -> datetime:
    with store.state.read() as db:
        found = db.scalar(sa.select(tables.leases.c.until))
    assert found is not None
    return found
