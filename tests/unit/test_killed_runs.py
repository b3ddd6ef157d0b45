"""A run whose process was killed has no end on record: the next one gives it one, and it can be looked at."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from cs_connector.console import Screen, reports
from cs_connector.runner import Engine, questions
from cs_connector.runner.running import recorded
from cs_connector.store.leases import release, take
from cs_connector.store.tables import runs
from cs_connector.transport.clock import SystemClock

from .engine_kit import engine_of


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A store in which one run never ended."""
    with engine_of(object(), tmp_path) as opened:
        started = {"as_of": opened.as_of, "started_at": opened.clock.now(), "actor": "ada"}
        with opened.store.state.begin() as db:
            db.execute(sa.insert(runs).values(id="DEAD", job="sync", status="running", **started))
        yield opened


def _let_go(engine: Engine) -> None:
    assert engine.lease
    release(engine.store.state, engine.lease)


def test_the_next_run_says_of_a_killed_one_that_it_died(engine: Engine) -> None:
    recorded(engine, "sync", lambda: None)
    found = {row["id"]: (row["status"], row["exit"]) for row in questions.runs(engine)}
    assert found == {"DEAD": ("died: its process was killed", None), engine.run: ("done", 0)}


def test_who_does_not_hold_the_lease_calls_nobody_dead(engine: Engine) -> None:
    """As where a command that only looks keeps a record while a run is at work."""
    looking = replace(engine, lease=None)
    recorded(looking, "provision", lambda: None)
    assert [row["status"] for row in questions.runs(engine) if row["id"] == "DEAD"] == ["running"]
    assert questions.run(engine, "DEAD")["status"] == "running", "the engine that opened the store is alive"


def test_where_nobody_holds_the_lease_a_run_without_an_end_is_told_as_dead(engine: Engine) -> None:
    """Before the next run puts it on record: who looks after a kill must not wait for a process that is gone."""
    _let_go(engine)
    found = [row["status"] for row in questions.runs(engine)]
    assert found == ["died: its process was killed"] == [questions.run(engine, "DEAD")["status"]]


def test_a_holder_whose_process_is_gone_keeps_no_run_alive(engine: Engine) -> None:
    _let_go(engine)
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True, check=True
    )
    take(engine.store.state, "run", f"{socket.gethostname()}:{gone.stdout.strip()}", SystemClock())
    assert questions.run(engine, "DEAD")["status"] == "died: its process was killed"


def test_a_run_without_a_summary_can_be_looked_at(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    _let_go(engine)
    document = questions.run(engine, "DEAD")
    assert (document["run"], document["job"], document["status"], document["exit"]) == (
        "DEAD", "sync", "died: its process was killed", None,
    )  # fmt: skip
    screen = Screen(color=False)
    reports.run(screen, document)
    screen.document(document)
    said = capsys.readouterr()
    assert f"run DEAD  as of {engine.as_of}  died: its process was killed" in said.out + said.err
    assert "no summary" in said.out + said.err
