"""The whole program is killed, stopped and cut off in the middle of its work, and then comes to the same end."""

from __future__ import annotations

import json
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stage import Project, Sandbox, keys, state

pytestmark = [pytest.mark.slow]

SLOW_ANSWERS = {"method": "PATCH", "path": "composite/sobjects", "crm": "salesforce", "do": {"drip_ms": 40}}
SLOW_WRITES = (
    SLOW_ANSWERS,
    {"method": "POST", "path": "batch/update", "crm": "hubspot", "do": {"drip_ms": 40}},
    {"method": "POST", "path": "batch/update", "crm": "hubspot_emea", "do": {"drip_ms": 40}},
    {"path": "organizations/(create_or_update|update_many)", "crm": "zendesk", "do": {"drip_ms": 40}},
)


@pytest.fixture(scope="session")
def undisturbed(sandbox: Sandbox, done, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The CRMs and the export after two runs that nobody disturbed."""
    sandbox.restore(done.written)
    project = done.project.copy(folder / "undisturbed")
    sandbox.advance("PT3M")
    project.run()
    return state(sandbox), comparable(project.export(folder / "undisturbed-export"))


def comparable(export: dict[str, list[dict[str, str]]]) -> dict[str, Any]:
    """An export without what must differ: when records were written, and the keys and ids of this project's tasks."""
    for row in export["records"]:
        del row["modified_at"]
    for row in export["task"]:
        del row["key"], row["task_id"]
    export["links"] = [r for r in export["links"] if r["entity"] != "task"]
    export["task"] = sorted(export["task"], key=json.dumps)
    return export


def settle(project: Project, sandbox: Sandbox) -> None:
    """Run to the end, and see that one more run has nothing left to do."""
    sandbox.faults()
    sandbox.advance("PT3M")
    project.run()
    before = len(sandbox.ledger())
    sandbox.advance("PT3M")
    project.run()
    assert len(sandbox.ledger()) == before, "a run after the end still wrote something"


def _keyed(entry: Any) -> str:
    """The key of ours that a new record was made with."""
    names = ("CS_Key__c", "Key__c", "Install_Id__c")
    return next(json.dumps((entry["object"], entry["after"][n])) for n in names if entry["after"].get(n))


def agree(project: Project, sandbox: Sandbox, undisturbed, to: Path) -> None:
    crms, export = undisturbed
    found = state(sandbox)
    for name, rows in crms.items():
        assert found[name] == rows, name
    created = [e for e in sandbox.ledger() if e["action"] == "create"]
    assert len({_keyed(e) for e in created}) == len(created)
    assert len(keys(sandbox)) == len(set(keys(sandbox))) == len(crms["Task"])
    mine = comparable(project.export(to))
    assert mine.keys() == export.keys()
    assert {n: found for n, rows in mine.items() if (found := _differing(rows, export[n]))} == {}


def _differing(mine: list[dict[str, str]], theirs: list[dict[str, str]]) -> list[Any]:
    """The first few differences of two tables: the values, or else the numbers of rows."""
    if len(mine) != len(theirs):
        return [len(mine), len(theirs)]
    pairs = zip(mine, theirs, strict=True)
    return [{k: (a[k], b[k]) for k in a if a[k] != b[k]} for a, b in pairs if a != b][:5]


def wrote(sandbox: Sandbox, process: Any, before: int) -> bool:
    """Wait for the next change in a CRM; False when the process ended without one."""
    while process.poll() is None:
        if sandbox.ledger(before):
            return True
        time.sleep(0.01)
    return bool(sandbox.ledger(before))


@pytest.mark.long
def test_killed_at_any_moment_it_comes_to_the_same_end(fresh, sandbox, undisturbed, tmp_path):
    dice, ends = random.Random(20261125), []
    for _ in range(3):
        process = fresh.start("run", "--json")
        time.sleep(dice.uniform(0.1, 3.0))
        ends.append(fresh.kill(process, signal.SIGKILL).code)
    assert -signal.SIGKILL in ends, "it must have been killed, or this test proves nothing"
    settle(fresh, sandbox)
    agree(fresh, sandbox, undisturbed, tmp_path / "out")


@pytest.mark.long
@pytest.mark.timeout(600)
def test_killed_between_a_write_and_its_receipt_nothing_is_lost_or_done_twice(
    fresh, sandbox, undisturbed, tmp_path
):
    dice = random.Random(7)
    sandbox.faults(*SLOW_WRITES)
    kills = 0
    for _ in range(5):
        before = len(sandbox.ledger())
        process = fresh.start("run", "--json")
        reached = wrote(sandbox, process, before)
        time.sleep(dice.uniform(0, 0.1))
        ended = fresh.kill(process, signal.SIGKILL).code
        kills += reached and ended == -signal.SIGKILL
        if not reached or kills == 2:
            break
    assert kills >= 1, "the kills must meet the writing, or this test proves nothing"
    settle(fresh, sandbox)
    agree(fresh, sandbox, undisturbed, tmp_path / "out")


def test_asked_to_stop_it_stops_and_lets_go(fresh, sandbox, done):
    number, code = signal.SIGINT, 130  # SIGTERM comes below
    sandbox.faults({"crm": "salesforce", "do": {"delay_ms": 100}})
    process = fresh.start("run", "--json")
    while not _reading(fresh):
        assert process.poll() is None
        time.sleep(0.05)
    found = fresh.kill(process, number)
    assert found.code == code
    assert "safe" in found.err
    (run,) = fresh.do("runs", "--json").json["runs"]
    assert (run["status"], run["exit"]) == ("interrupted", code)
    sandbox.faults()
    assert sandbox.ledger() == []
    fresh.run()
    assert len(keys(sandbox)) == len(set(keys(sandbox))) == done.summary["tasks"]["opened"]


def _reading(project: Project) -> bool:
    """Whether some of the records have arrived."""
    return any((project.root / ".cs-connector" / "facts" / "data" / "raw").rglob("*.parquet"))


@pytest.mark.long
def test_asked_to_stop_while_writing_it_comes_to_the_same_end(fresh, sandbox, undisturbed, tmp_path):
    sandbox.faults(*SLOW_WRITES)
    process = fresh.start("run", "--json")
    assert wrote(sandbox, process, 0)
    assert fresh.kill(process, signal.SIGTERM).code == 143
    settle(fresh, sandbox)
    agree(fresh, sandbox, undisturbed, tmp_path / "out")
