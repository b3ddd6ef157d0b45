"""Fewer records than before: what went away untold, what only seems so, and what comes into sight again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cs_connector import registry
from cs_connector.errors import GuardStopped, UsageError
from cs_connector.ports import Page, RawRecord, Read, Usage
from cs_connector.runner import Engine, budget, shrink
from cs_connector.runner.reading.halted import Objects
from cs_connector.runner.running import prepare
from cs_connector.runner.undoing import deleted
from cs_connector.store import tables

from .engine_kit import engine_of

ALL = [f"r{n}" for n in range(40)]


class Listed:
    """A system that shows some ids, and counts what it is told to count."""

    def __init__(self) -> None:
        self.shown: Sequence[str] = ALL
        self.counted: int | None = None
        self.fresh: Sequence[str] = ()
        self.asked = 0

    def total(self, _name: str) -> int:
        return len(self.shown) if self.counted is None else self.counted

    def ids(self, _name: str) -> Iterator[Sequence[str]]:
        self.asked += 1
        yield [*self.shown[:10]]
        yield [*self.shown[10:]]

    def read(self, read: Read) -> Iterator[Page]:
        """Everything once; later only what is `fresh`."""
        keys = self.fresh if read.cursor else self.shown
        yield Page([RawRecord(key, None, False, b'{"a":1}') for key in keys], "c", done=True)

    def usage(self) -> Usage:
        return Usage(0)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with engine_of(Listed(), tmp_path) as opened:
        yield opened


def sync(engine: Engine) -> int:
    """Read the object as the job does; how many records live then."""
    totals = shrink.guard(engine, "crm", ["Thing"], Objects("crm", []))
    sync_job: Any = registry.job("sync")
    backlog = budget.Backlog(engine, "crm", ["Thing"])
    sync_job._object(engine, "crm", Read("Thing", ()), totals.get("Thing"), backlog)
    return engine.store.live("crm", "Thing") or 0


def system(engine: Engine) -> Listed:
    found: Any = engine.adapter("crm")
    assert isinstance(found, Listed)
    return found


def test_the_first_run_has_nothing_to_compare_with(engine: Engine) -> None:
    assert sync(engine) == 40
    assert system(engine).asked == 0


def test_what_we_deleted_ourselves_is_no_reason_to_stop(engine: Engine) -> None:
    sync(engine)
    _deleted(engine, ALL[:30])
    system(engine).shown = ALL[30:]
    assert sync(engine) == 10


def test_what_a_run_deleted_is_gone_before_it_is_read_again_and_may_come_back(engine: Engine) -> None:
    sync(engine)
    _deleted(engine, ALL[30:32], engine.run)
    deleted.land(engine)
    assert engine.store.live("crm", "Thing") == 38
    system(engine).shown = [*ALL[:30], *ALL[32:]]
    assert sync(engine) == 38
    system(engine).shown = ALL
    assert sync(engine) == 40
    deleted.land(engine)
    assert engine.store.live("crm", "Thing") == 40, "it came back since"


def test_what_a_killed_run_deleted_is_known_at_the_next_command(engine: Engine) -> None:
    sync(engine)
    _deleted(engine, ALL[:30], "KILLED")
    prepare(engine, ())
    assert engine.store.live("crm", "Thing") == 10


def test_what_was_read_after_it_was_deleted_is_believed(engine: Engine) -> None:
    _deleted(engine, ALL[:30], "KILLED")
    sync(engine)
    prepare(engine, ())
    assert engine.store.live("crm", "Thing") == 40


def test_what_others_delete_beside_our_own_still_stops(engine: Engine) -> None:
    sync(engine)
    _deleted(engine, ALL[:10])
    system(engine).shown = ALL[30:]
    with pytest.raises(GuardStopped):
        sync(engine)


def _deleted(engine: Engine, ids: Sequence[str], run: str = "R") -> None:
    """The audit's rows of records that we deleted."""
    same = {
        "run": run, "at": engine.clock.now(), "connection": "crm", "object": "Thing", "action": "delete",
        "verdict": "deleted", "after": "{}", "reason": "takes back run Q", "prev": "", "hash": "",
    }  # fmt: skip
    with engine.store.state.begin() as db:
        db.execute(
            sa.insert(tables.audit),
            [same | {"id": int(key[1:]) + 1, "key": key, "record_id": key} for key in ids],
        )


def test_what_went_away_untold_is_deleted(engine: Engine) -> None:
    sync(engine)
    system(engine).shown = ALL[2:]
    assert sync(engine) == 38
    assert sync(engine) == 38
    assert system(engine).asked == 1


def test_what_went_away_untold_is_deleted_though_as_many_are_new(engine: Engine) -> None:
    sync(engine)
    system(engine).fresh = ["n1", "n2", "n3"]
    system(engine).shown = [*ALL[2:], *system(engine).fresh]
    assert sync(engine) == 41
    assert system(engine).asked == 1


def test_what_came_after_the_count_is_no_reason_to_list_all(engine: Engine) -> None:
    sync(engine)
    system(engine).fresh = ["n1"]
    totals = iter((40, 41))
    system(engine).total = lambda _name: next(totals)  # type: ignore[method-assign]
    assert sync(engine) == 41
    assert system(engine).asked == 0


def test_far_fewer_stop_the_run_and_accepting_goes_on(engine: Engine) -> None:
    sync(engine)
    system(engine).shown = ALL[30:]
    with pytest.raises(GuardStopped, match="far fewer"):
        sync(engine)
    assert engine.store.live("crm", "Thing") == 40
    engine.accepted = frozenset({"crm.Thing"})
    assert sync(engine) == 10


def test_a_list_that_is_far_shorter_than_the_count_deletes_nothing(engine: Engine) -> None:
    sync(engine)
    system(engine).shown, system(engine).counted = ALL[:10], 39
    assert sync(engine) == 40
    assert engine.summary.notes == ["crm Thing: 10 ids are listed, 39 were counted, so nothing was deleted"]


def test_a_sweep_that_was_killed_before_its_fold_is_folded_by_the_next_run(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(engine)
    system(engine).shown = ALL[2:]
    fold, calls = engine.store.fold, iter([False, True])

    def killed(*words: Any) -> Any:
        if next(calls):
            raise KeyboardInterrupt
        return fold(*words)

    monkeypatch.setattr(engine.store, "fold", killed)
    with pytest.raises(KeyboardInterrupt):
        sync(engine)
    monkeypatch.undo()
    assert sync(engine) == 38


def test_records_that_come_into_sight_again_are_read_again(engine: Engine) -> None:
    sync(engine)
    system(engine).shown = ALL[2:]
    assert sync(engine) == 38
    system(engine).shown = ALL
    assert sync(engine) == 40
    assert engine.summary.notes == ["crm Thing is read anew: 2 records are in sight again"]
    assert sync(engine) == 40
    assert system(engine).asked == 2


def test_an_index_that_counts_too_many_reads_nothing_anew(engine: Engine) -> None:
    sync(engine)
    system(engine).counted = 45
    assert sync(engine) == 40
    assert system(engine).asked == 0


def test_accepting_what_nobody_reads_is_a_slip(engine: Engine) -> None:
    engine.accepted = frozenset({"crm.Usage"})
    with pytest.raises(UsageError, match=r"crm\.Usage"):
        shrink.check_accepted(engine)
    engine.accepted = frozenset({"crm.usage"})
    shrink.check_accepted(engine)
