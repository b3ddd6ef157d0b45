"""A bad run is taken back: the CRMs are as they were before it, but for what people did since; and it does not come again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from .company import Done
from .stage import Project, Sandbox, state

SHIPPED = Path(__file__).parents[2] / "mappings"
pytestmark = [pytest.mark.slow]


@dataclass(frozen=True)
class Bad:
    """A project after a run with a wrong weight, the CRMs before and after it, and a snapshot of the latter."""

    project: Project
    run: str
    before: dict[str, Any]
    after: dict[str, Any]
    snapshot: int


@pytest.fixture(scope="session")
def bad_run(sandbox: Sandbox, done: Done, folder: Path) -> Bad:
    """The weight is wrong, but not so wrong that a limit of this project stops it."""
    sandbox.restore(done.written)
    before, project = state(sandbox), done.project.copy(folder / "bad")
    text = (SHIPPED / "scorecards" / "standard.yml").read_text()
    assert "weight: 5\n" in text
    (project.root / "scorecards").mkdir(exist_ok=True)
    (project.root / "scorecards" / "standard.yml").write_text(text.replace("weight: 5\n", "weight: 6\n"))
    project.edit("max_created: 200", "max_created: 200\n  max_changed_share: 0.5")
    run = project.run()["run"]
    return Bad(project, run, before, state(sandbox), sandbox.snapshot())


@pytest.fixture
def bad(sandbox: Sandbox, bad_run: Bad, tmp_path: Path) -> Bad:
    """A copy of it."""
    sandbox.restore(bad_run.snapshot)
    return replace(bad_run, project=bad_run.project.copy(tmp_path / "bad"))


def edit(sandbox: Sandbox, name: str, record: str, **fields: Any) -> None:
    """Change a record as a person does."""
    version = sandbox.document["salesforce"]["api_version"]
    sandbox.call("salesforce", "PATCH", f"/services/data/v{version}/sobjects/{name}/{record}", json=fields)


def score(sandbox: Sandbox, record: str) -> Any:
    return sandbox.soql(f"SELECT CS_Health_Score__c FROM Account WHERE Id = '{record}'")[0][
        "CS_Health_Score__c"
    ]


def test_a_bad_run_is_taken_back_whole_and_stays_away_until_the_configuration_is_mended(
    bad: Bad, sandbox: Sandbox
) -> None:
    project = bad.project
    assert bad.after != bad.before
    entries = len(sandbox.ledger())
    undone = project.do("undo", bad.run, "--yes", "--json").json
    written = len(sandbox.ledger())
    assert written > entries
    assert state(sandbox) == bad.before
    assert project.do("audit", "verify", "--json").json["wrong"] is None
    rows = project.do("audit", "show", "--run", undone["run"], "--json").json["rows"]
    assert {row["reason"] for row in rows} == {f"takes back run {bad.run}"}
    assert len(rows) == written - entries

    assert "nothing is to be taken back" in project.do("undo", bad.run, "--yes").talk
    assert "told again what was undone" in project.do("run", code=5).talk
    assert len(sandbox.ledger()) == written

    project.do("undo", undone["run"], "--yes", "--json")
    assert state(sandbox) == bad.after


@pytest.mark.long
def test_a_mended_configuration_writes_again(bad: Bad, sandbox: Sandbox) -> None:
    bad.project.do("undo", bad.run, "--yes", "--json")
    (bad.project.root / "scorecards" / "standard.yml").unlink()
    bad.project.run()
    scores = [
        {r: fields["CS_Health_Score__c"] for r, fields in kept["Account"].items()}
        for kept in (state(sandbox), bad.before)
    ]
    assert scores[0] == scores[1]


@pytest.mark.long
def test_a_person_who_says_that_it_was_right_lets_it_through_for_good(bad: Bad, sandbox: Sandbox) -> None:
    bad.project.do("undo", bad.run, "--yes", "--json")
    bad.project.do("plan", "--json", code=5)
    bad.project.do("apply", "--approve", "the weight is right after all")
    assert state(sandbox) == bad.after
    written = len(sandbox.ledger())
    bad.project.run()
    assert len(sandbox.ledger()) == written


@pytest.mark.long
def test_what_a_person_changed_since_is_left_and_told_and_only_what_is_selected_is_taken_back(
    bad: Bad, sandbox: Sandbox, tmp_path: Path
) -> None:
    project = bad.project
    assert (
        "wrote nothing to salesforce.Case"
        in project.do("undo", bad.run, "--select", "salesforce.Case", code=2).talk
    )
    assert "no run 'NOPE'" in project.do("undo", "NOPE", code=2).talk
    entries, file = len(sandbox.ledger()), tmp_path / "back.json"
    words = ("undo", bad.run, "--select", "salesforce.Account", "--out", str(file), "--json")
    plan = project.do(*words).json
    assert (plan["undoes"]["run"], plan["left"]) == (bad.run, [])
    assert {change["object"] for change in plan["changes"]} == {"Account"}
    assert len(sandbox.ledger()) == entries, "a plan wrote to a CRM"

    scored = [c["record_id"] for c in plan["changes"] if "CS_Health_Score__c" in c["fields"]]
    edit(sandbox, "Account", scored[0], CS_Health_Score__c=12)
    assert "1 record was changed since the plan was made" in project.do("apply", str(file)).talk
    assert (score(sandbox, scored[0]), state(sandbox)["zendesk"]) == (12, bad.after["zendesk"])
    others = {r: fields for r, fields in state(sandbox)["Account"].items() if r != scored[0]}
    assert others == {r: fields for r, fields in bad.before["Account"].items() if r != scored[0]}

    sandbox.advance("PT20M")
    assert "somebody changed it since" in project.do(*words[:-3], code=1).talk


@pytest.mark.long
def test_a_first_run_is_taken_back_record_by_record_once_somebody_says_that_it_is_right(
    ran: Project, sandbox: Sandbox
) -> None:
    first = ran.do("runs", "--json").json["runs"][0]["id"]
    relationships = len(sandbox.soql("SELECT Id FROM CS_Relationship__c"))
    (task, *_) = sandbox.soql("SELECT Id FROM Task WHERE CS_Key__c != null ORDER BY Id")
    sandbox.advance("PT20M")
    edit(sandbox, "Task", task["Id"], CS_Outcome__c="Worked")
    done = ran.do("undo", first, "--yes", "--approve", "wrong org", code=1)
    assert "1 somebody changed it since" in done.talk
    assert sandbox.soql("SELECT Id FROM Task WHERE CS_Key__c != null") == [task]
    assert sandbox.soql("SELECT Id FROM CS_Relationship__c") == []
    counts = ran.do("plan", "--json", code=5).json["counts"]
    assert {c["created"] for c in counts if c["object"] == "CS_Relationship__c"} == {relationships}
    assert sandbox.soql("SELECT Id FROM Account WHERE CS_Health_Score__c != null") == []


@pytest.mark.long
def test_a_task_that_was_taken_back_comes_again_when_the_configuration_is_mended(
    ran: Project, sandbox: Sandbox
) -> None:
    written = state(sandbox)
    first = ran.do("runs", "--json").json["runs"][0]["id"]
    ran.do("undo", first, "--yes", "--approve", "wrong weights")
    assert state(sandbox)["Task"] == []
    sandbox.advance("PT20M")
    ran.edit("max_created: 200", "max_created: 201")
    ran.do("sync", "--json")
    ran.do("plan", "--json", code=None)
    ran.do("apply", "--approve", "the weights are right now", code=None)
    assert state(sandbox)["Task"] == written["Task"]


@pytest.mark.long
def test_fields_that_the_mended_mapping_does_not_write_any_more_are_taken_back_too(
    sandbox: Sandbox, done: Done, tmp_path: Path
) -> None:
    sandbox.restore(done.written)
    project, overlay = done.project.copy(tmp_path / "filled"), "mappings/salesforce.yml"
    text = (SHIPPED / "salesforce.yml").read_text()
    mine = "      CS_Stage__c: stage\n      Description: {column: reason, length: 255}\n"
    (project.root / "mappings").mkdir(exist_ok=True)
    (project.root / overlay).write_text(text.replace("      CS_Stage__c: stage\n", mine, 1))
    project.do("plan", "--json", code=5)
    project.do("apply", "--approve", "a mistake that looked right")
    run = project.do("runs", "--json").json["runs"][0]["id"]
    filled = described(sandbox)
    assert len(filled) > 60

    (project.root / overlay).unlink()
    edit(sandbox, "Account", min(filled), Description="what a person wrote since")
    taken = project.do("undo", run, "--yes", "--approve", "it was a mistake")
    assert "1 record was changed since the plan was made" in taken.talk
    assert described(sandbox) == {min(filled): "what a person wrote since"}


def described(sandbox: Sandbox) -> dict[str, str]:
    """It cannot be asked for by what stands in it."""
    rows = sandbox.soql("SELECT Id, Description FROM Account")
    return {row["Id"]: row["Description"] for row in rows if row["Description"]}


@pytest.mark.long
def test_a_plan_after_an_undo_that_broke_off_knows_what_it_did_and_who_does_the_rest(
    ran: Project, sandbox: Sandbox
) -> None:
    """The CRM obeyed, and its answers were lost: the tasks are gone, and nobody had heard of it."""
    first = ran.do("runs", "--json").json["runs"][0]["id"]
    made = len(sandbox.soql("SELECT Id FROM Task WHERE CS_Key__c != null"))
    sandbox.faults({"crm": "salesforce", "method": "DELETE", "do": {"drop": "after"}})
    broke = ran.do("undo", first, "--yes", "--approve", "wrong org", code=4)
    assert f"take that back with: cs-connector undo {first}" in broke.talk
    sandbox.faults()
    assert sandbox.soql("SELECT Id FROM Task WHERE CS_Key__c != null") == []
    left = sandbox.soql("SELECT Id FROM CS_Relationship__c")
    assert left
    plan = ran.do("plan", "--json", code=None).json
    assert (
        f"the undo of run {first} was cut short; take back the rest with: cs-connector undo {first}"
        in plan["notes"]
    )
    tasks = next(c for c in plan["counts"] if c["object"] == "Task")
    assert (tasks["created"], tasks["unchanged"]) == (made, 0)
    ran.do("undo", first, "--yes", "--approve", "wrong org", code=None)
    assert sandbox.soql("SELECT Id FROM CS_Relationship__c") == []


@pytest.mark.long
def test_the_first_undo_of_a_run_that_died_knows_what_the_crm_had_taken_of_it(
    done: Done, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Its answers were lost, so that no row of the audit spoke of them before they were looked up."""
    sandbox.restore(done.written)
    project = done.project.copy(tmp_path / "died")
    (project.root / "scorecards").mkdir(exist_ok=True)
    text = (SHIPPED / "scorecards" / "standard.yml").read_text()
    (project.root / "scorecards" / "standard.yml").write_text(text.replace("weight: 5\n", "weight: 6\n"))
    project.edit("max_created: 200", "max_created: 200\n  max_changed_share: 0.5")
    scores = "SELECT Id, CS_Health_Score__c FROM Account WHERE CS_Health_Score__c != null"
    before = sandbox.soql(scores)
    sandbox.faults({"crm": "salesforce", "path": "composite/sobjects", "do": {"drop": "after"}})
    project.do("run", code=4)
    sandbox.faults()
    run = project.do("runs", "--json").json["runs"][0]["id"]
    assert sandbox.soql(scores) != before
    project.do("undo", run, "--yes", code=None)
    assert sandbox.soql(scores) == before
