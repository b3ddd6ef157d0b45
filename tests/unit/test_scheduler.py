"""Jobs by the clock: each firing once, also when clocks change, when firings are missed and when jobs are long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from cs_connector import scheduler
from cs_connector.config import Project, ScheduleLine, open_project
from cs_connector.errors import AlreadyRunning, ConfigError, StoreError, Unavailable, UsageError
from cs_connector.runner import Summary
from cs_connector.store.store import Store
from cs_connector.store.tables import runs
from cs_connector.testing import FixedClock


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def line(cron: str, zone: str = "Europe/Berlin", job: str = "run") -> ScheduleLine:
    return ScheduleLine(cron=cron, zone=zone, job=job)


def firings(cron: str, after: str, count: int) -> list[str]:
    """The next firings in UTC."""
    found = islice(scheduler.times(line(cron), at(after)), count)
    return [f"{moment.astimezone(UTC):%m-%d %H:%M}" for moment in found]


def test_a_time_that_does_not_exist_fires_once() -> None:
    assert firings("30 2 * * *", "2026-03-28T12:00", 3) == ["03-29 01:00", "03-30 00:30", "03-31 00:30"]


def test_a_time_that_is_there_twice_fires_once() -> None:
    assert firings("30 2 * * *", "2026-10-24T12:00", 3) == ["10-25 00:30", "10-26 01:30", "10-27 01:30"]


@pytest.mark.parametrize(
    "after", ["2026-10-25T00:30", "2026-10-25T00:59", "2026-10-25T01:10", "2026-10-25T01:30"]
)
def test_nothing_fires_again_in_the_hour_that_is_there_twice(after: str) -> None:
    assert firings("30 2 * * *", after, 1) == ["10-26 01:30"]


def test_every_hour_is_every_hour_when_clocks_change() -> None:
    assert firings("0 * * * *", "2026-10-24T23:30", 3) == ["10-25 00:00", "10-25 01:00", "10-25 02:00"]
    assert firings("0 * * * *", "2026-03-29T00:30", 2) == ["03-29 01:00", "03-29 02:00"]


def test_the_zone_decides_what_five_in_the_morning_is() -> None:
    lines = {"a": line("0 5 * * *"), "b": line("0 5 * * *", "America/New_York")}
    found = scheduler.upcoming(lines, at("2026-07-01T00:00"), 1)
    assert [f["next"][0][1] for f in found] == ["2026-07-01 03:00", "2026-07-01 09:00"]


def test_missed_firings_become_one() -> None:
    lines = {"hourly": line("0 * * * *")}
    last = {"hourly": at("2026-06-01T00:00")}
    now = at("2026-06-03T10:30")
    assert [d.name for d in scheduler.due(lines, last, now)] == ["hourly"]
    assert scheduler.due(lines, {"hourly": now}, now) == []


def test_what_is_due_first_goes_first_and_new_lines_wait_for_their_time() -> None:
    lines = {"late": line("0 9 * * *"), "early": line("0 8 * * *"), "new": line("0 7 * * *")}
    last = {"late": at("2026-06-01T00:00"), "early": at("2026-06-01T00:00")}
    assert [d.name for d in scheduler.due(lines, last, at("2026-06-01T12:00"))] == ["early", "late"]


def test_a_wrong_line_and_an_unknown_name_are_said(project: Project) -> None:
    wrong = ScheduleLine.model_construct(cron="99 * * * *", zone="UTC")
    with pytest.raises(ConfigError, match="not a cron line"):
        next(scheduler.times(wrong, at("2026-06-01T00:00")))
    with pytest.raises(UsageError, match="no schedule line called 'weekly'") as caught:
        scheduler.fire(project, "weekly", SimpleNamespace())
    assert "hourly" in caught.value.fix


PROJECT = """\
version: 1
connections: {}
schedules:
  hourly: {cron: "0 * * * *", zone: Europe/Berlin}
  readings: {cron: "30 2 * * *", zone: Europe/Berlin, job: sync}
"""


class Stopped(Exception):
    """The day is over."""


class Desk:
    """A scheduler with jobs that only take time: the next one `took` seconds; `fails` instead of a summary."""

    def __init__(self, project: Project, store: Store, clock: FixedClock) -> None:
        self.project, self.store, self.clock = project, store, clock
        self.engine = SimpleNamespace(
            project=project,
            store=store,
            clock=SimpleNamespace(now=clock.now, sleep=self.sleep),
            close=lambda: None,
        )
        self.until = clock.now()
        self.took = 60.0
        self.fails: Exception | None = None
        self.fired: list[str] = []
        self.said: list[str] = []

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)
        if self.clock.now() >= self.until:
            raise Stopped

    def run(self, project: Project, names: Any, talk: Any, schedule: str) -> Summary:
        self.fired.append(f"{'+'.join(names)} {self.clock.now():%d %H:%M}")
        self.clock.sleep(self.took)
        self.took = 60.0
        if self.fails:
            raise self.fails
        return Summary("r1", "2026-06-01")

    def serve(self, until: str) -> list[str]:
        self.until = at(until)
        screen = SimpleNamespace(line=self.said.append, error=lambda error: self.said.append(error.what))
        with pytest.raises(Stopped):
            scheduler.serve(self.project, screen)
        return self.fired


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "cs-connector.yml").write_text(PROJECT)
    return open_project(tmp_path, ())


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(at("2026-06-01T10:30"))


@pytest.fixture
def desk(project: Project, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with Store(project.state, None, clock) as store:
        desk = Desk(project, store, clock)
        monkeypatch.setattr(scheduler, "open_engine", lambda _project: desk.engine)
        monkeypatch.setattr(scheduler, "run_jobs", desk.run)
        yield desk


ALL = "sync+unify+score+act+write_back"


def test_lines_fire_at_their_times_with_their_jobs(desk: Desk) -> None:
    assert desk.serve("2026-06-01T13:00") == [f"{ALL} 01 11:00", f"{ALL} 01 12:00"]


def test_a_long_job_is_not_started_twice_and_what_it_made_others_miss_comes_at_once(desk: Desk) -> None:
    desk.took = timedelta(hours=2, minutes=10).total_seconds()
    assert desk.serve("2026-06-01T16:00") == [
        f"{ALL} 01 11:00",
        f"{ALL} 01 13:10",
        f"{ALL} 01 14:00",
        f"{ALL} 01 15:00",
    ]


def test_after_a_pause_of_days_every_line_fires_once(desk: Desk) -> None:
    desk.serve("2026-06-01T11:00")
    desk.clock.sleep(timedelta(days=3).total_seconds())
    desk.fired.clear()
    before = f"{desk.clock.now():%d %H:%M}"
    assert desk.serve("2026-06-04T11:59")[:2] == [f"{ALL} {before}", "sync 04 11:01"]
    assert len(desk.fired) == 2


def test_the_night_on_which_clocks_go_back_has_one_firing(desk: Desk) -> None:
    desk.clock.at = at("2026-10-24T22:30")
    fired = desk.serve("2026-10-25T05:00")
    assert [f for f in fired if f.startswith("sync ")] == ["sync 25 00:30"]
    desk.clock.at = at("2026-10-25T01:10")
    assert len([f for f in desk.serve("2026-10-25T03:00") if f.startswith("sync ")]) == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (AlreadyRunning("run is already running"), "hourly: skipped, the run before is not finished"),
        (Unavailable("the CRM is away"), "the CRM is away"),
    ],
)
def test_a_failure_is_said_and_the_next_firing_happens(desk: Desk, error: Exception, said: str) -> None:
    desk.fails = error
    assert len(desk.serve("2026-06-01T13:00")) == 2
    assert said in desk.said


def recorded(desk: Desk) -> list[tuple[str, str, int]]:
    with desk.store.state.read() as db:
        return [(r.job, r.status, r.exit) for r in db.execute(sa.select(runs).order_by(runs.c.started_at))]


@pytest.mark.parametrize(
    ("error", "said", "exits"),
    [
        (Unavailable("the CRM is away"), "the CRM is away", 4),
        (ZeroDivisionError("secret"), "hourly met a mistake of ours: ZeroDivisionError", 70),
    ],
)
def test_whatever_a_job_meets_is_said_and_on_record_and_serving_goes_on(
    desk: Desk, error: Exception, said: str, exits: int
) -> None:
    desk.fails = error
    assert len(desk.serve("2026-06-01T13:00")) == 2
    assert desk.said == [said, said]
    assert recorded(desk) == [("hourly", f"stopped: {said}", exits)] * 2


def test_a_changed_project_counts_from_the_next_firing_on(desk: Desk) -> None:
    desk.serve("2026-06-01T11:01")
    path = desk.project.root / "cs-connector.yml"
    path.write_text(
        PROJECT.replace('"0 * * * *", zone: Europe/Berlin', '"30 * * * *", zone: UTC, job: score')
    )
    desk.fired.clear()
    assert desk.serve("2026-06-01T13:00") == ["score 01 12:00", "score 01 12:30"]


def test_a_project_that_is_half_edited_runs_nothing_and_is_said(desk: Desk) -> None:
    path = desk.project.root / "cs-connector.yml"
    path.write_text("version: [")
    assert desk.serve("2026-06-01T11:30") == []
    assert any("cs-connector.yml" in text or "YAML" in text for text in desk.said)
    path.write_text(PROJECT)
    assert desk.serve("2026-06-01T12:30") == [f"{ALL} 01 12:00"]


def test_a_store_that_is_away_for_a_while_is_said_and_serving_goes_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while PostgreSQL starts again; what was missed comes once."""
    there = scheduler._last

    def last(engine: Any, project: Project, now: datetime) -> dict[str, datetime]:
        if at("2026-06-01T10:50") < now < at("2026-06-01T11:20"):
            raise StoreError("the state store cannot be used")
        return there(engine, project, now)

    monkeypatch.setattr(scheduler, "_last", last)
    assert desk.serve("2026-06-01T11:50") == [f"{ALL} 01 11:20"]
    assert "the state store cannot be used" in desk.said
