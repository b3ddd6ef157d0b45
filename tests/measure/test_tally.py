"""A run says how many rows came to each step and how many it left: the same numbers as if each step were looked at alone."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random

import pytest

from cs_connector import registry
from cs_connector.errors import UsageError
from cs_connector.language import counts
from cs_connector.language.compiler import Plan, compile_study
from cs_connector.language.counting import changing, counted
from cs_connector.language.executor import Connection, connect, sql, store
from cs_connector.measure import evaluate, parts, tally
from cs_connector.measure.metrics import Metrics, load_metrics
from cs_connector.measure.steady import steady
from cs_connector.measure.tally import Passed
from cs_connector.store import views
from cs_connector.store.facts import Facts
from cs_connector.store.store import Store
from tests.conftest_store import HandClock
from tests.measure import kit
from tests.measure.days_kit import Nights, Town, measured
from tests.measure.kit import COUNT, Steps, steps

SHIPPED = load_metrics(registry.shipped())


def some(*names: str) -> Metrics:
    return replace(SHIPPED, sources=tuple(s for s in SHIPPED.sources if s.name in names))


def left(con: Connection, plan: Plan) -> list[int]:
    """The rows after each step, each step looked at alone."""
    found = []
    for stage in plan.stages:
        row = con.execute(f"SELECT count(*) FROM ({sql(stage.rows.query)})").fetchone()
        found.append(row[0] if row else 0)
    return found


def passed(con: Connection, plan: Plan, study: str) -> list[int | None]:
    """The rows after each step as they were counted on the way; None where a step is not told apart."""
    found = counts.read(con)
    came: list[int | None] = []
    for stage in plan.stages:
        same = stage.index not in changing(plan)
        came.append(found.get(counts.place(study, stage.index), came[-1] if same else None))
    return came


def count(con: Connection, plan: Plan, study: str) -> list[int | None]:
    """Run a plan, and count on the way."""
    for part in counted(plan, study).parts:
        store(con, part.table, sql(part.rows.query))
    return passed(con, plan, study)


def agree(alone: list[int], way: list[int | None]) -> None:
    told = [(one, other) for one, other in zip(alone, way, strict=True) if other is not None]
    assert told
    assert [one for one, _ in told] == [other for _, other in told]


@pytest.mark.parametrize("name", ["answers", "contact", "invoices", "peers", "usage"])
def test_what_passes_is_what_each_step_leaves(name: str) -> None:
    (source,) = some(name).sources
    assert source.plan
    town = Town(Random(5))
    with town.tables() as con:
        evaluate.prepare(con, town.today, Metrics((source,)))
        parts.scoped(con, 1, 100)
        way = count(con, source.plan, name)
        agree(left(con, source.plan), way)
    assert way[-1] is not None, "how many rows there are at the end is always told"


USAGE: Steps = [{"fetch": "usage"}, {"filter": "metric = 'x'"}]
MANY: Steps = [
    {"fetch": "ticket"},
    {"trailing": {"of": "opened_at", "days": 300}},
    {"merge": {"steps": [{"fetch": "invoice"}], "on": {"account_id": "account_id"}, "take": ["amount"], "many": True}},
    COUNT,
]  # fmt: skip
LISTED: dict[str, tuple[Steps, list[int]]] = {
    "a filter is counted, and what is read for it is not": ([*USAGE, COUNT], [0]),
    "what is asked of rows before they meet the day is counted with them": (
        [{"fetch": "usage"}, {"trailing": {"of": "on_date"}}, {"filter": "metric = 'x'"}, COUNT], [0, 1],
    ),
    "a filter on what is grouped by is asked first": (
        [{"fetch": "usage"}, {"aggregate": {"by": ["metric"], "totals": {"n": {"take": "count"}}}},
         {"filter": "metric = 'x'"}, {"aggregate": {"totals": {"m": {"take": "sum", "of": "n"}}}}], [0, 1],
    ),
    "a filter on totals is not": (
        [{"fetch": "usage"}, {"aggregate": {"by": ["metric"], "totals": {"n": {"take": "count"}}}},
         {"filter": "n > 2"}, {"aggregate": {"totals": {"m": {"take": "sum", "of": "n"}}}}], [],
    ),
    "a merge that multiplies rows": (MANY, []),
    "rows of other steps": ([*USAGE, {"union": {"steps": [{"fetch": "usage"}]}}, COUNT], [0]),
    "the first of many": ([{"fetch": "ticket"}, {"top": {"by": ["product"], "order": ["opened_at"], "n": 2}}, COUNT], []),
    "months": (
        [{"fetch": "usage"}, {"aggregate": {"by": ["metric"], "every": {"of": "on_date", "grain": "month", "last": 3},
         "totals": {"n": {"take": "count"}}}}, {"derive": {"n2": "2 * n"}}, COUNT], [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", LISTED)
def test_steps_are_counted_but_for_those_before_a_filter_that_is_asked_as_rows_are_read(what: str) -> None:
    listed, untold = LISTED[what]
    plan = compile_study(steps(*listed))
    with kit.town().connection() as con:
        way = count(con, plan, "mine")
        alone = left(con, plan)
    assert [n for n, rows in enumerate(way) if rows is None] == untold
    agree(alone, way)
    assert all(alone), "there is something to count"


def test_how_many_times_a_merge_found_its_rows_has_nothing_of_the_dates_that_they_meet_there() -> None:
    """Two tickets a usage row, on each of three dates: 2 times, not 6."""
    town = kit.Town()
    day = kit.date(2026, 1, 5)
    town.add("usage", account_id="a6", metric="x", on_date=day, value=1)
    for _ in range(2):
        town.add("ticket", account_id="a6", opened_at=kit.datetime(2026, 1, 7))
    other = {"steps": [{"fetch": "ticket"}], "on": "account_id", "take": ["priority"], "many": True}
    plan = compile_study(steps(*USAGE, {"merge": other}, COUNT))
    with town.connection() as con:
        count(con, plan, "mine")
        found = counts.read(con)
    assert found[counts.place("mine", 1)] == 1
    assert found[counts.came("mine", 2)] == 3
    assert found[counts.place("mine", 2)] == 6


def test_counting_changes_no_number_and_no_digest() -> None:
    metrics = some("usage", "answers", "peers")
    town = Town(Random(8))
    with town.tables() as con:
        plain = measured(con, town.today, metrics)
    with town.tables() as con:
        assert measured(con, town.today, tally.under(metrics)) == plain
    assert steady(tally.under(metrics).sources).digest == steady(metrics.sources).digest


@pytest.fixture
def facts(tmp_path: Path) -> Iterator[Facts]:
    with Store(tmp_path / "store", None, HandClock()) as store:
        yield store.facts


def run(facts: Facts, metrics: Metrics, name: str, hour: int = 0) -> None:
    """The metrics of a day, bucket by bucket, with what passed."""
    town, watched = Town(Random(8)), tally.under(metrics)
    with town.tables() as con:
        measured(con, town.today, watched)
        tally.keep(con, watched, facts, name, datetime(2026, 5, 12, hour), None)


def test_what_passed_is_kept_with_the_run(facts: Facts, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        run(facts, some("tickets"), "FIRST")
    run(facts, some("tickets", "goals"), "SECOND", hour=1)
    with connect() as con:
        first, newest = tally.read(con, facts, "FIRST"), tally.read(con, facts, None)
        with pytest.raises(UsageError, match="no steps were counted in run 'THIRD'"):
            tally.read(con, facts, "THIRD")
    assert first[0] == "FIRST"
    assert newest[0] == "SECOND"
    assert list(newest[1]) == ["goals", "tickets"]
    assert newest[1]["tickets"] == first[1]["tickets"]
    kinds = [step.kind for step in first[1]["tickets"]]
    assert kinds == ["fetch", "trailing", "derive", "filter", "aggregate"]
    (told,) = (json.loads(r.message) for r in caplog.records if r.name == tally.__name__)
    assert told["run"] == "FIRST"
    assert [Passed(**step) for step in told["steps"]] == first[1]["tickets"]


@pytest.mark.long
def test_kept_days_are_the_same_counted_or_not(tmp_path: Path) -> None:
    town, plain = Town(Random(10)), some("tickets", "goals")
    with (
        Store(tmp_path / "plain", None, HandClock()) as one,
        Store(tmp_path / "counted", None, HandClock()) as two,
    ):
        nights = Nights(one, plain), Nights(two, tally.under(plain))
        for _ in range(3):
            (_, over, days), (_, counted_over, counted_days) = (each.run(town) for each in nights)
            assert counted_over == over
            assert counted_days.told == days.told
            town.night()


def test_what_is_old_is_forgotten_and_a_run_without_steps_keeps_nothing(
    facts: Facts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "RUNS", 2)
    for hour, name in enumerate(("A", "B", "C")):
        run(facts, some("goals"), name, hour)
    run(facts, some("relationship"), "D", 4)
    with connect() as con:
        rows = con.execute(
            f"SELECT DISTINCT run FROM ({views.scan(con, facts.files(tally.PLACE), {})}) ORDER BY 1"
        )
        assert rows.fetchall() == [("B",), ("C",)]
