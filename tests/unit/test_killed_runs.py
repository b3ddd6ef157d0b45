"""A run whose process was killed has no end on record: the next one gives it one, and it can be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from cs_connector.console import Screen, reports
from cs_connector.runner import Engine, questions
from cs_connector.runner.running import recorded
from cs_connector.store.tables import runs

from .engine_kit import engine_of


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A store in which one run never ended."""
    with engine_of(object(), tmp_path) as opened:
        started = {"as_of": opened.as_of, "started_at": opened.clock.now(), "actor": "ada"}
        with opened.store.state.begin() as db:
            db.execute(sa.insert(runs).values(id="DEAD", job="sync", status="running", **started))
        yield opened


def test_the_next_run_says_of_a_killed_one_that_it_died(engine: Engine) -> None:
    recorded(engine, "sync", lambda: None)
    found = {row["id"]: (row["status"], row["exit"]) for row in questions.runs(engine)}
    assert found == {"DEAD": ("died: its process was killed", None), engine.run: ("done", 0)}


def test_who_does_not_hold_the_lease_calls_nobody_dead(engine: Engine) -> None:
    """As where a command that only looks keeps a record while a run is at work."""
    looking = replace(engine, lease=None)
    recorded(looking, "provision", lambda: None)
    assert [row["status"] for row in questions.runs(engine) if row["id"] == "DEAD"] == ["running"]


def test_a_run_without_a_summary_can_be_looked_at(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    document = questions.run(engine, "DEAD")
    assert (document["run"], document["job"], document["status"], document["exit"]) == (
        "DEAD", "sync", "running", None,
    )  # fmt: skip
    screen = Screen(color=False)
    reports.run(screen, document)
    screen.document(document)
    said = capsys.readouterr()
    assert f"run DEAD  as of {engine.as_of}  running" in said.out + said.err
    assert "no summary" in said.out + said.err
