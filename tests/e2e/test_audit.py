"""Who wrote what, when and from what; and whether that record can be trusted."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from .stage import Project, Sandbox

pytestmark = [pytest.mark.slow]


def change(project: Project, statement: str) -> int | None:
    """Change what is kept behind the program's back; gives the number that it returns, if it does."""
    with sqlite3.connect(project.root / ".cs-connector" / "state.db") as db:
        found = db.execute(statement).fetchone()
    db.close()
    return None if found is None else int(found[0])


def test_every_mutation_that_the_crms_took_has_one_row(ran: Project, sandbox: Sandbox) -> None:
    rows = ran.do("audit", "show", "--json").json["rows"]
    taken = [(row["object"].lower(), row["record_id"]) for row in rows]
    ledger = [(entry["object"].lower(), str(entry["id"])) for entry in sandbox.ledger()]
    assert sorted(taken) == sorted(ledger)
    assert len(taken) > 100


def test_who_wrote_it_when_and_from_what_is_said_in_plain_words(ran: Project) -> None:
    run = ran.do("runs", "--json").json["runs"][0]["id"]
    said = ran.do("audit", "show", "--account", "Aurora Freight", "--field", "CS_Health_Band__c").talk
    assert f"run {run} by " in said
    assert "(Aurora Freight) updated, from the scores of 2026-11-25" in said
    assert "CS_Health_Band__c empty → Red" in said
    assert 'cs-connector explain "Aurora Freight" --as-of 2026-11-25' in said
    assert "nothing that a CRM took" in ran.do("audit", "show", "--since", "2026-11-26").talk
    assert (
        "did you mean 'Aurora Freight'" in ran.do("audit", "show", "--account", "Aurora Frigt", code=2).talk
    )


def test_no_name_of_a_person_and_no_text_of_a_task_stands_in_the_audit(ran: Project, tmp_path: Path) -> None:
    ran.do("audit", "export", str(tmp_path / "audit.jsonl"))
    rows = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text().splitlines()]
    told = [
        row["after"][name]
        for row in rows
        for name in ("Subject", "Description", "cs_csm_name")
        if name in row["after"]
    ]
    assert told
    assert [value for value in told if value and not value.startswith("hmac:")] == []


def test_an_audit_that_was_changed_is_said_and_nothing_is_undone_by_it(ran: Project, tmp_path: Path) -> None:
    ran.do("audit", "verify")
    ran.do("audit", "checkpoint", str(tmp_path / "kept.json"))
    run = ran.do("runs", "--json").json["runs"][0]["id"]
    newest = "(SELECT max(id) FROM audit WHERE after LIKE '%Red%')"
    row = change(
        ran, f"UPDATE audit SET after = replace(after, 'Red', 'Green') WHERE id = {newest} RETURNING id"
    )
    assert f"row {row}" in ran.do("audit", "verify", code=7).talk
    assert f"row {row}" in ran.do("undo", run, "--yes", code=7).talk


@pytest.mark.long
def test_a_tail_that_was_cut_shows_against_the_checkpoint_of_the_project_and_one_kept_elsewhere(
    ran: Project, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "kept.json"
    ran.do("audit", "checkpoint", str(elsewhere))
    change(ran, "DELETE FROM audit WHERE id > 200")
    assert "taken away from the end" in ran.do("audit", "verify", code=7).talk
    (ran.root / ".cs-connector" / "audit-checkpoint.json").unlink()
    assert "no checkpoint to compare with" in ran.do("audit", "verify", code=1).talk
    assert "taken away from the end" in ran.do("audit", "verify", "--checkpoint", str(elsewhere), code=7).talk


@pytest.mark.long
def test_a_run_after_the_tail_was_cut_says_it_and_signs_nothing(ran: Project) -> None:
    change(ran, "DELETE FROM audit WHERE id > 200")
    assert "the audit is not what it was" in ran.do("run", code=7).talk
    ran.do("audit", "verify", code=7)


@pytest.mark.long
def test_pruning_asks_and_leaves_a_chain_that_verifies(ran: Project) -> None:
    assert "--yes" in ran.do("audit", "prune", "--before", "2027-01-01", code=2).talk
    count = ran.do("audit", "verify", "--json").json["rows"]
    assert (
        f"{count - 1} rows were taken away"
        in ran.do("audit", "prune", "--before", "2027-01-01", "--yes").talk
    )
    left = ran.do("audit", "verify", "--json").json
    assert (left["wrong"], left["rows"], left["first"]) == (None, 1, count)
