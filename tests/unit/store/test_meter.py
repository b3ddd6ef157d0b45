"""One allowance for all processes: pace, pauses and the part of the day that is kept for people."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from cs_connector.errors import QuotaExhausted
from cs_connector.store.meter import SharedMeter
from cs_connector.store.store import Store
from tests.conftest_store import HandClock


def two(store: Store, clock: HandClock, reserve: float = 0.2) -> tuple[SharedMeter, SharedMeter]:
    """The meters of two processes of one project."""
    return tuple(SharedMeter(store.state, "sales", clock, reserve) for _ in range(2))  # type: ignore[return-value]


@pytest.mark.slow
def test_two_processes_together_keep_to_one_rate(store: Store, clock: HandClock) -> None:
    began = clock.now()
    buckets = [meter.bucket("calls", 2, 4) for meter in two(store, clock)]
    for turn in range(60):
        buckets[turn % 2].take()
    assert clock.now() - began >= timedelta(seconds=(60 - 4) / 2 - 1)
    assert clock.now() - began <= timedelta(seconds=60 / 2)


def test_a_bucket_that_rested_gives_its_burst_and_no_more(store: Store, clock: HandClock) -> None:
    bucket = SharedMeter(store.state, "sales", clock).bucket("calls", 1, 4)
    clock.pass_days(3)
    began = clock.now()
    for _ in range(4):
        bucket.take()
    assert clock.now() == began
    bucket.take()
    assert clock.now() > began


def test_what_was_leased_before_a_rest_is_not_added_to_the_burst(store: Store, clock: HandClock) -> None:
    bucket = SharedMeter(store.state, "sales", clock).bucket("calls", 8, 4)
    for _ in range(40):
        bucket.take()
    clock.pass_days(1)
    began = clock.now()
    for _ in range(4 + 2):  # a step that was begun may be ended
        bucket.take()
    assert clock.now() > began


def test_a_busy_process_seldom_asks_the_store(store: Store, clock: HandClock) -> None:
    bucket = SharedMeter(store.state, "sales", clock).bucket("calls", 100, 10)
    asked = 0

    def count(*_: object) -> None:
        nonlocal asked
        asked += 1

    event.listen(store.state.engine, "begin", count)
    for _ in range(2000):
        bucket.take()
    assert asked <= 2000 / 100  # three seconds are 300 calls


def test_a_clock_that_is_put_back_ends_a_lease(store: Store, clock: HandClock) -> None:
    one, other = (meter.bucket("calls", 2, 2) for meter in two(store, clock))
    for _ in range(9):
        one.take()
    clock.pass_days(-2)
    began = clock.now()
    for turn in range(40):
        (one, other)[turn % 2].take()
    assert clock.now() - began >= timedelta(seconds=(40 - 4) / 2 - 1)


def test_buckets_and_connections_do_not_share(store: Store, clock: HandClock) -> None:
    began = clock.now()
    for connection in ("sales", "service"):
        for name in ("calls", "searches"):
            SharedMeter(store.state, connection, clock).bucket(name, 0.1, 1).take()
    assert clock.now() == began


def test_a_pause_that_one_process_was_told_holds_for_the_others(store: Store, clock: HandClock) -> None:
    one, other = two(store, clock)
    one.pause(30)
    until = clock.now() + timedelta(seconds=30)
    other.ready()
    assert clock.now() >= until


def test_a_shorter_pause_does_not_end_a_longer_one(store: Store, clock: HandClock) -> None:
    one, other = two(store, clock)
    until = clock.now() + timedelta(seconds=90)
    one.pause(90)
    one.pause(1)
    other.ready()
    assert clock.now() >= until


def test_the_last_part_of_the_day_is_kept_for_people(store: Store, clock: HandClock) -> None:
    one, _ = two(store, clock)
    one.heard(1000, 200)
    one.ready()
    one.heard(1000, 199)
    with pytest.raises(QuotaExhausted) as stopped:
        one.ready()
    assert stopped.value.exit_code == 4
    assert stopped.value.resets_at
    assert "199 of the 1,000" in stopped.value.what


def test_what_another_process_heard_a_moment_ago_counts(store: Store, clock: HandClock) -> None:
    one, other = two(store, clock)
    one.heard(1000, 10)
    with pytest.raises(QuotaExhausted):
        other.ready()


def test_what_was_heard_yesterday_does_not_count(store: Store, clock: HandClock) -> None:
    one, other = two(store, clock)
    one.heard(1000, 10)
    clock.pass_days(1)
    began = clock.now()
    other.ready()
    assert clock.now() == began


def test_without_a_reserve_everything_may_be_used(store: Store, clock: HandClock) -> None:
    one, _ = two(store, clock, reserve=0)
    one.heard(1000, 0)
    began = clock.now()
    one.ready()
    assert clock.now() == began


def test_a_long_pause_ends_a_run_instead_of_letting_it_wait(store: Store, clock: HandClock) -> None:
    one, other = two(store, clock)
    one.pause(3600)
    began = clock.now()
    with pytest.raises(QuotaExhausted, match="asked for a pause") as stopped:
        other.ready()
    assert clock.now() == began
    assert stopped.value.resets_at == (began + timedelta(hours=1)).isoformat(timespec="minutes")


@pytest.mark.parametrize("seconds", [1.8e9, 1e13, float("inf")])
def test_no_slip_of_a_vendor_keeps_a_project_out_for_more_than_a_day(
    store: Store, clock: HandClock, seconds: float
) -> None:
    one, other = two(store, clock)
    one.pause(seconds)
    with pytest.raises(QuotaExhausted) as stopped:
        other.ready()
    assert stopped.value.resets_at == (clock.now() + timedelta(days=1)).isoformat(timespec="minutes")


def test_what_a_clock_wrote_that_was_ahead_is_forgotten(store: Store, clock: HandClock) -> None:
    one, other = two(store, clock)
    clock.pass_days(2)
    one.pause(3600)
    one.heard(1000, 10)
    for _ in range(9):
        one.bucket("calls", 1, 2).take()
    clock.pass_days(-2)
    began = clock.now()
    other.ready()
    other.bucket("calls", 1, 2).take()
    assert clock.now() == began
    other.pause(30)
    one.ready()
    assert clock.now() == began + timedelta(seconds=30)


def test_what_was_heard_long_ago_does_not_keep_a_process_out_for_ever(store: Store, clock: HandClock) -> None:
    one, _ = two(store, clock)
    one.heard(1000, 10)
    clock.pass_days(1)
    began = clock.now()
    one.ready()
    assert clock.now() == began
