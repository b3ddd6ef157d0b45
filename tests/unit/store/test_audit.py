"""What CRMs took is on record for good: whatever is done to the record afterwards shows."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from cs_connector.errors import StoreError, UsageError
from cs_connector.ports import Action, Verdict
from cs_connector.store.audit import Audit
from cs_connector.store.audit import checkpoint as checkpoints
from cs_connector.store.audit.book import head
from cs_connector.store.audit.checking import Verified, verify
from cs_connector.store.audit.finding import Question, Row, export, rows
from cs_connector.store.backup import backup, restore
from cs_connector.store.store import Store
from cs_connector.store.tables import audit, connections, runs
from tests.conftest_store import HandClock

from .audit_kit import checkpoint, entry, sign, write


def check(store: Store, known: checkpoints.Checkpoint | None = None) -> Verified:
    with store.state.read() as db:
        return verify(db, sign, known)


def found(store: Store, question: Question = Question()) -> list[Row]:  # noqa: B008 — it is frozen
    with store.state.read() as db:
        return list(rows(db, question))


def wrong(store: Store, known: checkpoints.Checkpoint | None = None) -> str:
    """What verifying says, and of which row."""
    result = check(store, known).wrong
    assert result
    return f"{result.row}: {result.what}"


def test_a_row_says_who_wrote_what_where_and_when(store: Store, clock: HandClock) -> None:
    with store.state.begin() as db:
        db.execute(
            sa.insert(runs).values(id="R1", job="run", status="running", actor="ada, schedule nightly")
        )
        db.execute(sa.insert(connections).values(name="sales", crm="x", org_id="00D1"))
    write(store, entry(reason="score fell"))
    (row,) = found(store)
    assert (row.run, row.actor, row.at, row.org_id) == ("R1", "ada, schedule nightly", clock.at, "00D1")
    assert (row.object, row.key, row.record_id, row.action) == ("Account", "a1", "0011", "update")
    assert (row.before, row.after, row.reason) == ({"Score": "82"}, {"Score": "40"}, "score fell")


def test_a_whole_chain_is_found_whole_over_several_runs(store: Store) -> None:
    write(store, entry(1), entry(2))
    known = checkpoint(store)
    write(store, entry(3, before=None, verdict=Verdict.CREATED), run="R2")
    write(store, run="R3")
    result = check(store, known)
    assert (result.wrong, result.rows, result.last, result.sealed) == (None, 3, 3, 2)


def test_a_rolled_back_transaction_leaves_no_gap(store: Store) -> None:
    write(store, entry(1))
    with pytest.raises(RuntimeError), store.state.begin() as db:
        Audit().append(db, store.state.clock.now(), "R1", [entry(2)])
        raise RuntimeError
    write(store, entry(3))
    assert [row.key for row in found(store)] == ["a1", "a3"]
    assert check(store).wrong is None


def test_a_row_that_was_taken_away_is_named(store: Store) -> None:
    write(store, *map(entry, range(5)))
    with store.state.begin() as db:
        db.execute(sa.delete(audit).where(audit.c.id.in_([2, 3])))
    assert wrong(store) == "2: rows 2 to 3 were taken away"


def test_a_tail_that_was_cut_shows_against_a_checkpoint_kept_elsewhere(store: Store) -> None:
    write(store, *map(entry, range(5)))
    known = checkpoint(store)
    with store.state.begin() as db:
        db.execute(sa.delete(audit).where(audit.c.id > 3))
    assert check(store).wrong is None
    assert wrong(store, known).startswith(
        "4: rows 4 to 5 were taken away from the end since the checkpoint of 2026-11-02"
    )


def test_a_chain_that_was_sealed_anew_shows_against_a_checkpoint(store: Store) -> None:
    write(store, *map(entry, range(4)))
    known = checkpoint(store)
    with store.state.begin() as db:
        db.execute(sa.delete(audit).where(audit.c.id > 2))
    write(store, entry(2, after={"Score": "99"}), entry(3))
    assert check(store).wrong is None
    assert wrong(store, known).startswith("4: this row or one before it was changed")


def test_a_checkpoint_of_our_own_making_convinces_nobody(store: Store) -> None:
    write(store, entry())
    with store.state.read() as db:
        forged = checkpoints.make(head(db), store.state.clock.now(), lambda text: f"not {sign(text)}")
    assert "signed with the key of another vault" in wrong(store, forged)


def test_the_checkpoint_goes_on_only_from_a_row_that_is_still_the_same(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.json"
    write(store, entry(1))
    first = checkpoints.advance(store.state, file, sign)
    assert first == checkpoints.load(file)
    assert checkpoints.advance(store.state, file, sign) is None
    with store.state.begin() as db:
        db.execute(sa.delete(audit))
    write(store, entry(1, after={"Score": "99"}), entry(2))
    with pytest.raises(StoreError, match="not what it was"):
        checkpoints.advance(store.state, file, sign)
    assert checkpoints.load(file) == first


def test_a_file_that_is_no_checkpoint_is_said(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text("[1]")
    with pytest.raises(UsageError, match="not a checkpoint"):
        checkpoints.load(tmp_path / "c.json")
    assert checkpoints.load(tmp_path / "none.json") is None


def test_old_rows_go_behind_a_signed_checkpoint_from_which_verifying_starts(
    store: Store, clock: HandClock
) -> None:
    write(store, *map(entry, range(3)))
    clock.pass_days(400)
    write(store, entry(3), entry(4))
    known = checkpoint(store)
    assert checkpoints.prune(store.state, clock.at - timedelta(days=30), sign) == 3
    assert checkpoints.prune(store.state, clock.at - timedelta(days=30), sign) == 0
    result = check(store, known)
    assert (result.wrong, result.first, result.rows) == (None, 4, 2)
    write(store, entry(5))
    assert check(store).last == 6
    with store.state.begin() as db:
        db.execute(sa.delete(audit).where(audit.c.id == 4))
    assert wrong(store) == "4: row 4 was taken away"


def test_the_last_row_is_never_pruned_for_the_next_one_is_sealed_with_it(
    store: Store, clock: HandClock
) -> None:
    write(store, entry(1), entry(2))
    assert checkpoints.prune(store.state, clock.at + timedelta(days=1), sign) == 1
    write(store, entry(3))
    assert [row.id for row in found(store)] == [2, 3]
    assert check(store).wrong is None


def test_what_names_a_person_is_kept_as_a_digest_that_can_be_compared(store: Store) -> None:
    book = Audit({("sales", "Task"): frozenset({"Subject"})}, sign)
    task = entry(
        object="Task",
        before=None,
        after={"Subject": "Risk: call Jo", "Priority": "High"},
        verdict=Verdict.CREATED,
    )
    write(store, task, audit=book)
    (row,) = found(store)
    assert row.after["Priority"] == "High"
    assert "Jo" not in str(row)
    assert row.after["Subject"] == book.hidden("sales", "Task", "Subject", "Risk: call Jo")
    assert row.after["Subject"] != book.hidden("sales", "Task", "Subject", "Risk: call Al")


def test_rows_are_found_by_run_record_key_field_and_time(store: Store, clock: HandClock) -> None:
    write(store, entry(1), entry(2, after={"Band": "Red"}, before={"Band": None}))
    clock.pass_days(1)
    write(
        store,
        entry(1),
        entry(3, action=Action.DELETE, verdict=Verdict.DELETED, before={"Band": "Red"}, after={}),
        run="R2",
    )
    asked = {
        "run": Question(run="R2"),
        "record": Question(records=frozenset({"0011"})),
        "key": Question(records=frozenset({"a2"})),
        "field": Question(field="Band"),
        "since": Question(since=clock.at),
        "both": Question(run="R2", field="Score"),
    }
    assert {name: [r.id for r in found(store, question)] for name, question in asked.items()} == {
        "run": [3, 4], "record": [1, 3], "key": [2], "field": [2, 4], "since": [3, 4], "both": [3],
    }  # fmt: skip


def test_an_export_holds_every_row_with_the_text_that_was_sealed(store: Store) -> None:
    write(store, entry(1, reason="it said “no”"), entry(2, before=None))
    file = io.BytesIO()
    with store.state.read() as db:
        assert export(db, file) == 2
    first, second = map(json.loads, file.getvalue().decode().splitlines())
    assert b'"before":{"Score":"82"},"after":{"Score":"40"}' in file.getvalue()
    assert (first["reason"], second["before"], second["prev"]) == ("it said “no”", None, first["hash"])


def test_a_restored_audit_is_as_whole_as_it_was(store: Store, clock: HandClock, tmp_path: Path) -> None:
    clock.at += timedelta(microseconds=123_456)
    write(store, entry(1, before=None), entry(2, reason="“it” fell"))
    known = checkpoint(store)
    backup(store, tmp_path / "b")
    restore(tmp_path / "b", tmp_path / "again", None, clock)
    with Store(tmp_path / "again", None, clock) as again:
        result = check(again, known)
        assert (result.wrong, result.rows, result.sealed) == (None, 2, 2)


def test_many_rows_at_once_are_as_good_as_one_by_one(store: Store) -> None:
    write(store, *map(entry, range(5000)))
    assert check(store).rows == 5000


_APPEND = """
import sys
from pathlib import Path
from cs_connector.store.backup import backup, restore
from cs_connector.store.store import Store
from tests.conftest_store import HandClock
from tests.unit.store.audit_kit import entry, write

with Store(Path(sys.argv[1]), sys.argv[2] or None, HandClock()) as store:
    for number in range(15):
        write(store, *map(entry, range(number % 4)), run=sys.argv[3])
"""


def test_processes_that_write_at_once_make_one_chain(store: Store, url: str | None) -> None:
    at = [sys.executable, "-c", _APPEND, str(store.root), url or ""]
    children = [subprocess.Popen([*at, f"R{n}"], env={**os.environ, "PYTHONPATH": "."}) for n in range(3)]
    assert [child.wait() for child in children] == [0, 0, 0]
    result = check(store)
    assert (result.wrong, result.rows) == (None, 3 * sum(n % 4 for n in range(15)))
