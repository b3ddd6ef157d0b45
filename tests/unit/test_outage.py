"""An outage in the middle of writing: what is known is kept, the rest is said, and nothing more is sent there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cs_connector import registry
from cs_connector.act import outbox
from cs_connector.act.plan import Planned
from cs_connector.config import open_project
from cs_connector.errors import AdapterError, AuthFailed, GuardStopped, Unavailable
from cs_connector.ports import Capabilities, FieldInfo, ObjectInfo, Receipt, Verdict
from cs_connector.runner import Engine, open_engine
from cs_connector.runner.applying import write
from cs_connector.runner.settling import settle
from cs_connector.store import tables
from cs_connector.testing import Fault, Memory, MemorySettings, System, surroundings

TASK = ObjectInfo("Task", (FieldInfo("Key", "text", unique=True), FieldInfo("Subject", "text")))
PROJECT = """\
version: 1
connections:
  sales: {adapter: files, settings: {root: ., objects: {usage: {pattern: "*.csv", key: [tenant]}}}}
  other: {adapter: files, settings: {root: ., objects: {usage: {pattern: "*.csv", key: [tenant]}}}}
"""


BATCH = 20


class Line(Memory):
    """Answers what `said` gives instead of what happened."""

    capabilities = Capabilities(upsert=frozenset({"Task"}), batch=BATCH)
    said: tuple[Verdict, str] | None = None
    asked = 0

    def write(self, changes: Any) -> Any:
        self.asked += 1
        answers = super().write(changes)
        if self.said is None:
            return answers
        return [Receipt(c.key, self.said[0], None, self.said[1]) for c in changes]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """A project of two CRMs that are in memory."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "cs-connector.yml").write_text(PROJECT)
    opened = open_engine(open_project(tmp_path, registry.shipped()), exclusive=True)
    for name in ("sales", "other"):
        opened._adapters[name] = Line(MemorySettings(), surroundings(name), System((TASK,)))
    yield opened
    opened.close()


def adapter(engine: Engine, name: str = "sales") -> Any:
    return engine.adapter(name)


def tasks(name: str, count: int) -> list[Planned]:
    return [
        Planned(
            name, "Task", "call", f"{name}{n}", "upsert", "Key", None, (("Subject", None, "call"),), (), ""
        )
        for n in range(count)
    ]


def states(engine: Engine) -> dict[str, int]:
    with engine.store.state.read() as db:
        return Counter(line.state for line in outbox.waiting(db))


@pytest.mark.parametrize(
    ("code", "kind", "exits"),
    [("CSC-AUTH", AuthFailed, 3), ("CSC-UNAVAILABLE", Unavailable, 4), ("", Unavailable, 4)],
)
def test_a_crm_that_confirms_nothing_gets_no_more_and_the_others_do(
    engine: Engine, code: str, kind: type[AdapterError], exits: int
) -> None:
    adapter(engine).said = (Verdict.UNKNOWN, code)
    planned = [*tasks("sales", BATCH + 5), *tasks("other", 3)]
    with pytest.raises(kind) as caught:
        write(engine, planned, {"sales": BATCH + 5, "other": 3})
    assert caught.value.exit_code == exits
    assert "3 changes were written" in caught.value.safe
    assert "nothing is lost" in caught.value.safe
    assert adapter(engine).asked == 1
    assert states(engine) == {"inflight": BATCH, "planned": 5}
    lines = {w.connection: (w.created, w.rejected) for w in engine.summary.writes}
    assert lines == {"sales": (0, BATCH + 5), "other": (3, 0)}
    assert any(f"did not confirm {BATCH} Task" in note for note in engine.summary.notes)
    assert "5 Task were not sent to sales any more" in engine.summary.notes


def test_an_adapter_that_gives_up_is_an_outage_too(engine: Engine) -> None:
    adapter(engine)._system.faults.append(Fault("write", AuthFailed("no login")))
    with pytest.raises(AuthFailed, match="no login") as caught:
        write(engine, [*tasks("sales", 1), *tasks("other", 2)], {"sales": 1, "other": 2})
    assert "2 changes were written" in caught.value.safe
    assert states(engine) == {"inflight": 1}


def test_one_lost_answer_among_others_is_counted_with_its_reason_and_stops_nothing(engine: Engine) -> None:
    line = adapter(engine)
    whole = line.write

    def losing(changes: Any) -> Any:
        first, *rest = whole(changes)
        return [Receipt(first.key, Verdict.UNKNOWN, None, "JOB_LOST", "no end of the job"), *rest]

    line.write = losing
    assert not write(engine, tasks("sales", 3), {"sales": 3})
    assert engine.summary.notes == ["sales did not confirm 1 Task: no end of the job"]


def test_what_is_in_flight_is_sent_again_only_to_the_org_that_it_was_for(engine: Engine) -> None:
    """The credentials now lead to another org than the one that the dead process wrote to."""
    adapter(engine).said = (Verdict.UNKNOWN, "")
    with pytest.raises(Unavailable):
        write(engine, tasks("sales", 1), {"sales": 1})
    asked = adapter(engine).asked
    with engine.store.state.begin() as db:
        db.execute(sa.update(tables.connections).values(org_id="the org before"))
    with pytest.raises(GuardStopped, match="sales is not the"):
        settle(engine)
    assert adapter(engine).asked == asked
    assert states(engine) == {"inflight": 1}


def test_what_could_not_be_taken_now_is_said_and_counts_as_not_done(engine: Engine) -> None:
    line = adapter(engine)
    line.said = (Verdict.LATER, "UNABLE_TO_LOCK_ROW")
    engine.store.state.clock.sleep = lambda _seconds: None  # type: ignore[method-assign]
    assert not write(engine, tasks("sales", 2), {"sales": 2})
    assert line.asked == 4
    assert engine.summary.notes == ["sales could not take 2 Task now, they come later: UNABLE_TO_LOCK_ROW"]
    assert engine.summary.rejects == 2
    settle(engine)
    assert states(engine) == {}
    assert engine.summary.notes[1:] == [
        "2 changes that an earlier run had planned and not sent are planned anew"
    ]


def test_a_record_whose_last_answer_is_not_known_waits(engine: Engine) -> None:
    adapter(engine).said = (Verdict.UNKNOWN, "")
    with pytest.raises(Unavailable):
        write(engine, tasks("sales", 1), {"sales": 1})
    adapter(engine).said = None
    assert not write(engine, tasks("sales", 2), {"sales": 2})
    assert states(engine) == {"inflight": 1}
    assert engine.summary.notes[-1] == (
        "1 Task were not sent to sales: what became of their last change is not known yet"
    )
