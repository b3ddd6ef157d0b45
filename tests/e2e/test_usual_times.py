"""What is usual stops nobody: a week in which people work, and a month's end when most scores move."""

from __future__ import annotations

import csv
import gzip
import random
from pathlib import Path

import pytest

from .stage import Project, Sandbox, made, started

pytestmark = [pytest.mark.slow, pytest.mark.long]
SCORES = {"CS_Health_Score__c", "Health_Score__c", "cs_health_score"}


def bring_november(files: Path) -> None:
    """Usage like October's, of every customer a little more or less."""
    dice = random.Random(1)
    with gzip.open(files / "usage" / "2026-10.csv.gz", "rt", newline="") as old:
        head, *rows = csv.reader(old)
    with gzip.open(files / "usage" / "2026-11.csv.gz", "wt", newline="") as new:
        lines = csv.writer(new)
        lines.writerow(head)
        for row in rows:
            if len(row) == len(head) and row[-1].isdigit():
                users = round(int(row[-1]) * dice.uniform(0.8, 1.15))
                lines.writerow([*row[:4], "2026-11-01", row[5], str(users)])


def run_at(sandbox: Sandbox, project: Project, moment: str) -> list[dict[str, object]]:
    """Run once at a time; gives what was written."""
    before = len(sandbox.ledger())
    sandbox.control("POST", "/clock", {"set": moment})
    project.run()
    return sandbox.ledger(before)


def test_neither_a_week_of_work_nor_a_months_end_is_stopped(tmp_path: Path, env: dict[str, str]) -> None:
    with started(tmp_path, env, "--life", "3") as sandbox:
        project = made(sandbox, tmp_path / "project", env)
        project.run()
        assert run_at(sandbox, project, "2026-11-30T09:00:00Z") != []
        early = run_at(sandbox, project, "2026-12-01T07:00:00Z")
        assert [e for e in early if e["object"] == "CS_Health_Snapshot__c"] != [], (
            "November's usage is still to come"
        )
        bring_november(tmp_path / "files")
        written = run_at(sandbox, project, "2026-12-01T09:00:00Z")
        salesforce = [
            e
            for e in written
            if e["crm"] == "salesforce" and e["object"] in ("Account", "CS_Relationship__c")
        ]
        moved = [e for e in salesforce if SCORES & {*dict(e["after"])}]  # type: ignore[call-overload]
        assert len(moved) > 40, "a fifth of the records and more"
