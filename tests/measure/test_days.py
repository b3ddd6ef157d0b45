"""Metrics over days that are kept are those from all facts, whatever came, changed and went; only what can be another is measured."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_connector import registry
from cs_connector.language.daily import daily
from cs_connector.measure.metrics import Metrics, load_metrics
from cs_connector.measure.steady import steady
from cs_connector.store.facts import Facts
from cs_connector.store.store import Store
from tests.conftest_store import HandClock
from tests.measure.days_kit import Nights, Town
from tests.measure.months_kit import studies

pytestmark = [pytest.mark.slow]
SHIPPED = load_metrics(registry.shipped())


def some(*names: str) -> Metrics:
    return replace(SHIPPED, sources=tuple(s for s in SHIPPED.sources if s.name in names))


def agree(seed: int, nights: int, metrics: Metrics, least: int = 10**6) -> None:
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store", None, HandClock()) as store:
        town, runs = Town(Random(seed)), Nights(store, metrics, least)
        for _ in range(nights):
            whole, over, _ = runs.run(town)
            assert over == whole
            town.night()


def test_kept_days_give_what_all_facts_give() -> None:
    agree(10, 4, some("tickets", "answers", "relationship"))


@pytest.mark.long
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), least=st.sampled_from([0, 10**6]))
def test_kept_days_give_what_all_facts_give_at_length(seed: int, least: int) -> None:
    agree(seed, 8, SHIPPED, least)


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    with Store(tmp_path / "store", None, HandClock()) as store:
        yield Nights(store, some("tickets"))


def _ticket(town: Town, key: str, account: str, opened: date) -> None:
    town.rows["ticket"][key] = {
        "ticket_id": key, "account_id": account, "priority": "P1", "opened_at": datetime(opened.year, opened.month, opened.day),
    }  # fmt: skip


def test_month_ends_are_taken_as_they_are_and_the_new_day_goes_on_from_the_last(nights: Nights) -> None:
    town = Town(Random(1))
    nights.run(town)
    town.today += timedelta(days=1)
    _ticket(town, "new", "a", town.today)
    whole, over, told = nights.run(town)
    assert over == whole
    assert (len(told.old), told.new, told.going) == (6, (town.today,), {"tickets"})


def test_a_late_row_changes_the_days_from_its_own_on(nights: Nights) -> None:
    town = Town(Random(1))
    before, *_ = nights.run(town)
    _ticket(town, "late", "a", date(2026, 3, 20))
    whole, over, _ = nights.run(town)
    assert over == whole
    changed = {row[2] for row in set(whole) - set(before)}
    assert changed == {date(2026, 3, 31), date(2026, 4, 30), town.today}


def test_a_relationship_without_rows_has_none_on_the_next_day_either(tmp_path: Path) -> None:
    """What is said of totals after the last aggregate is said of those that there are."""
    text = "version: 1\nsteps:\n  - fetch: ticket\n  - aggregate: {totals: {n: {take: count}}}\n"
    text += (
        "  - derive: {quiet: 'coalesce(n, 0) < 30'}\nmetrics:\n  calm: {title: C, value: 'if(quiet, 1, 0)'}\n"
    )
    town = Town(Random(1))
    town.rows["ticket"] = {k: row for k, row in town.rows["ticket"].items() if row["account_id"] != "a"}
    with Store(tmp_path / "store", None, HandClock()) as store:
        nights = Nights(store, studies(tmp_path, own=text))
        nights.run(town)
        town.today += timedelta(days=1)
        whole, over, told = nights.run(town)
    assert over == whole
    assert told.going == {"own"}


def test_a_run_that_is_killed_before_it_is_on_record_leaves_what_was_there(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    town, publish = Town(Random(1)), Facts.publish
    nights.run(town)
    _ticket(town, "late", "a", date(2026, 3, 20))

    def killed(self: Facts, run: str, **named: object) -> int:
        if run == "run":
            raise KeyboardInterrupt
        return publish(self, run, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Facts, "publish", killed)
        nights.run(town)
    whole, over, _ = nights.run(town)
    assert over == whole


def test_of_what_ships_only_what_compares_customers_is_measured_anew_every_day() -> None:
    kept = steady(SHIPPED.sources)
    assert {s.name for s in SHIPPED.sources} - {s.name for s in kept.sources} == {"peers"}


@pytest.mark.parametrize(
    ("total", "moves"),
    [
        ("{take: max, of: 'days(today, opened_at)'}", True),
        ("{take: min, of: opened_at}", False),
        ("{take: count, where: 'days(today, opened_at) < 30'}", False),
    ],
)
def test_totals_that_are_others_every_day_are_told_from_those_with_edges(
    tmp_path: Path, total: str, moves: bool
) -> None:
    text = f"version: 1\nsteps:\n  - fetch: ticket\n  - aggregate:\n      totals:\n        t: {total}\n"
    text += "metrics:\n  m: {title: M, value: 'if(known(t), 1, 0)'}\n"
    found = daily(studies(tmp_path, m=text).source("m").core.node)
    assert bool(found.days) is moves
    assert found.asked["ticket"]
