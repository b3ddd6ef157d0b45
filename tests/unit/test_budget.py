"""A long first reading in parts: each ends with what is left and when to go on, and none is read twice."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cs_connector import registry
from cs_connector.config import open_project
from cs_connector.console import Screen
from cs_connector.errors import GuardStopped, QuotaExhausted, Unavailable
from cs_connector.ports import Estimate, FieldInfo, ObjectInfo, Read, Usage
from cs_connector.runner import Engine, open_engine
from cs_connector.runner.reading import forecast
from cs_connector.testing.memory import Memory, MemorySettings, System
from cs_connector.testing.surroundings import surroundings

MAPPING = """
version: 1
crm: memory
read:
  - {object: Account, entity: account, fields: {name: Name}}
  - {object: Case, entity: ticket, fields: {priority: Name}}
  - {object: Goal, entity: goal, fields: {status: Name}}
"""
OBJECTS = tuple(ObjectInfo(name, (FieldInfo("Name", "string"),)) for name in ("Account", "Case", "Goal"))


class Line(Memory):
    """A system of 35 accounts and as many cases, of which 1,000 calls a day are allowed."""

    left = 900

    def usage(self) -> Usage:
        return Usage(self._calls, 1000, self.left)

    def estimate(self, read: Read) -> Estimate:
        return Estimate(len(self._system.rows.get(read.object, {})), 1)


def line(name: str) -> Line:
    system = System(OBJECTS, page=10)
    for n in range(35):
        system.put("Account", {"Name": f"A{n}"})
        system.put("Case", {"Name": f"C{n}"})
    return Line(MemorySettings(org_id=name), surroundings(name), system)


class Heard:
    """Notes the totals of the steps."""

    def __init__(self) -> None:
        self.totals: dict[str, int | None] = {}

    def step(self, name: str, total: int | None = None) -> AbstractContextManager[Callable[[int], None]]:
        self.totals[name] = total
        return self._nothing()

    @contextmanager
    def _nothing(self) -> Iterator[Callable[[int], None]]:
        yield lambda _done: None


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "base.yml").write_text(MAPPING)
    one = "{adapter: files, mapping: base, settings: {root: ., objects: {}}}"
    (tmp_path / "cs-connector.yml").write_text(f"version: 1\nconnections:\n  one: {one}\n  two: {one}\n")
    opened = open_engine(open_project(tmp_path, registry.shipped()), exclusive=True)
    renew(opened)
    yield opened
    opened.close()


def renew(engine: Engine) -> None:
    """As in another run: other adapters to the same systems, that made no calls yet."""
    for name in ("one", "two"):
        kept = engine._adapters.get(name)
        made = line(name)
        if isinstance(kept, Line):
            made._system = kept._system
        engine._adapters[name] = made


def sync(engine: Engine, budget: int | None = None) -> QuotaExhausted | None:
    engine.budget = budget
    engine.summary.objects.clear()
    try:
        registry.job("sync")(engine)
    except QuotaExhausted as stopped:
        return stopped
    return None


def test_the_end_says_what_is_left_and_when_to_go_on(engine: Engine) -> None:
    forecast.estimate(engine)
    renew(engine)
    stopped = sync(engine, 4)  # a look at the org, a description, and two pages
    assert stopped is not None
    assert stopped.exit_code == 4
    assert stopped.what == "2 connections have used their calls of this run's budget"
    left = "made 4 calls; still to be read: the rest of Account (15 of 35 records), Case, Goal"
    assert stopped.why == f"one {left}; two {left}"
    assert stopped.fix == (
        "run it again when you like, 700 calls may still be used today: it goes on after the last page, "
        "everything before is kept"
    )


def test_where_the_day_is_spent_it_goes_on_tomorrow(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Line, "left", 150)
    stopped = sync(engine, 4)
    assert stopped is not None
    assert "run it again tomorrow" in stopped.fix


def test_a_budget_with_which_nothing_can_ever_be_read_says_so(engine: Engine) -> None:
    stopped = sync(engine, 2)
    assert stopped is not None
    assert stopped.fix == "give it more: 2 are made before the first record"


def test_one_connection_that_is_done_for_does_not_keep_the_others_from_reading(engine: Engine) -> None:
    two = engine._adapters["two"]
    assert isinstance(two, Line)
    two._system.rows.clear()
    stopped = sync(engine, 6)
    assert stopped is not None
    assert stopped.what == "one has used the 6 calls of this run's budget"
    assert [(o.connection, o.object) for o in engine.summary.objects] == [
        ("one", "Account"), ("two", "Account"), ("two", "Case"), ("two", "Goal"),
    ]  # fmt: skip


def test_part_by_part_everything_is_read_once(engine: Engine) -> None:
    runs, read = 0, 0
    stopped: QuotaExhausted | None = None
    while (runs == 0 or stopped) and runs < 20:
        renew(engine)
        stopped = sync(engine, 5)
        read += sum(o.read for o in engine.summary.objects if o.connection == "one")
        runs += 1
    assert 2 < runs < 20
    assert read == 70
    assert engine.store.live("one", "Account") == engine.store.live("one", "Case") == 35


def test_the_bar_knows_how_much_is_left_of_a_first_reading_after_an_estimate(engine: Engine) -> None:
    forecast.estimate(engine)
    renew(engine)
    sync(engine, 4)
    renew(engine)
    heard = Heard()
    engine.talk = heard
    sync(engine)
    assert (heard.totals["one Account"], heard.totals["one Case"]) == (15, 35)
    sync(engine)
    assert heard.totals["one Account"] is None, "what changes later was not estimated"


@pytest.mark.parametrize(("total", "shown"), [(100, True), (None, False)])
def test_a_bar_with_a_total_shows_how_long_it_will_take(total: int | None, *, shown: bool) -> None:
    screen, written = Screen(), io.StringIO()
    screen.err = Console(file=written, force_terminal=True, width=120)
    with screen.step("one Account", total):
        pass
    assert ("--:--" in written.getvalue()) is shown


def test_an_estimate_knows_what_a_new_field_makes_the_run_read_anew(engine: Engine) -> None:
    sync(engine)
    for name in ("one", "two"):
        engine._adapters[name]._system.objects = tuple(  # type: ignore[attr-defined]
            ObjectInfo(each.name, (*each.fields, FieldInfo("Level", "string"))) for each in OBJECTS
        )
    path = engine.project.root / "mappings" / "base.yml"
    path.write_text(MAPPING.replace("{priority: Name}", "{priority: Name, kind: Level}"))
    engine._mappings.clear()
    renew(engine)
    found, _ = forecast.estimate(engine)
    first = [(line["connection"], line["object"]) for line in found["objects"] if line["first"]]
    renew(engine)
    sync(engine)
    anew = [(each.connection, each.object) for each in engine.summary.objects if each.read]
    assert first == anew == [("one", "Case"), ("two", "Case")]


def test_a_connection_that_is_down_keeps_no_other_from_being_estimated(engine: Engine) -> None:
    def down() -> None:
        raise Unavailable("nobody answers")

    engine._adapters["one"].check = down  # type: ignore[method-assign,assignment]
    found, stopped = forecast.estimate(engine)
    assert [line["connection"] for line in found["calls"]] == ["two"]
    assert stopped is not None
    assert stopped.what.startswith("one")


def test_an_estimate_says_that_far_too_few_records_will_stop_the_run(engine: Engine) -> None:
    sync(engine)
    hidden: Any = engine.adapter("one")
    hidden.total = lambda name: 12 if name == "Case" else 35
    found, stopped = forecast.estimate(engine)
    assert [line["connection"] for line in found["calls"]] == ["one", "two"], (
        "the calls are told all the same"
    )
    assert isinstance(stopped, GuardStopped)
    assert (stopped.exit_code, stopped.why) == (5, "Case: 35 before, 12 now")
    assert "--accept one.Case" in stopped.fix


def test_an_estimate_that_is_the_least_stays_so_until_the_run(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Line, "estimate", lambda _self, _read: Estimate(calls=1, exact=False))
    forecast.estimate(engine)
    renew(engine)
    sync(engine)
    assert {line.exact for line in engine.summary.calls} == {False}
    sync(engine)
    assert [line.estimated for line in engine.summary.calls[-2:]] == [None, None]
