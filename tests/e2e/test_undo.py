"""A bad run is taken back: the CRMs are as they were before it, but for what people did since; and it does not come again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .stage import Project, Sandbox, state

SHIPPED = Path(__file__).parents[2] / "mappings"
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("e2e")]


def bad_weight(project: Project) -> None:
    """A weight that is wrong, but not so wrong that a limit stops it."""
    text = (SHIPPED / "scorecards" / "standard.yml").read_text()
    assert "weight: 5\n" in text
    (project.root / "scorecards").mkdir(exist_ok=True)
    (project.root / "scorecards" / "standard.yml").write_text(text.replace("weight: 5\n", "weight: 6\n"))


def test_a_bad_run_is_taken_back_whole_and_stays_away_until_the_configuration_is_mended(
    ran: Project, sandbox: Sandbox
) -> None:
    before = state(sandbox)
    bad_weight(ran)
    bad = ran.run()["run"]
    worse = state(sandbox)
    assert worse != before

    entries = len(sandbox.ledger())
    shown = ran.do("undo", bad, "--json").json
    assert (shown["undoes"]["run"], shown["left"]) == (bad, [])
    assert len(sandbox.ledger()) == entries, "a plan wrote to a CRM"

    undone = ran.do("undo", bad, "--yes", "--json").json
    assert len(sandbox.ledger()) == entries + len(shown["changes"])
    assert state(sandbox) == before
    assert ran.do("audit", "verify", "--json").json["wrong"] is None
    rows = ran.do("audit", "show", "--run", undone["run"], "--json").json["rows"]
    assert {row["reason"] for row in rows} == {f"takes back run {bad}"}

    assert "nothing is to be taken back" in ran.do("undo", bad, "--yes").talk
    stopped = ran.do("run", code=5)
    assert "told again what was undone" in stopped.talk
    assert len(sandbox.ledger()) == entries + len(shown["changes"])

    (ran.root / "scorecards" / "standard.yml").unlink()
    ran.run()
    assert state(sandbox) == before

    ran.do("undo", undone["run"], "--yes", "--json")
    assert state(sandbox) == worse


def test_what_a_person_changed_since_is_left_and_told(ran: Project, sandbox: Sandbox) -> None:
    bad_weight(ran)
    bad = ran.run()["run"]
    written = ran.do("audit", "show", "--run", bad, "--field", "CS_Health_Score__c", "--json").json
    row = written["rows"][0]
    version = sandbox.document["salesforce"]["api_version"]
    path = f"/services/data/v{version}/sobjects/Account/{row['record_id']}"
    sandbox.call("salesforce", "PATCH", path, json={"CS_Health_Score__c": 12})
    sandbox.advance("PT20M")
    shown = ran.do("undo", bad, "--yes", code=1)
    assert "somebody changed it since" in shown.talk
    found = sandbox.soql(f"SELECT CS_Health_Score__c FROM Account WHERE Id = '{row['record_id']}'")
    assert found == [{"CS_Health_Score__c": 12}]


def test_a_first_run_is_taken_back_record_by_record_once_somebody_says_that_it_is_right(
    ran: Project, sandbox: Sandbox
) -> None:
    first = ran.do("runs", "--json").json["runs"][0]["id"]
    (task, *_) = sandbox.soql("SELECT Id FROM Task WHERE CS_Key__c != null ORDER BY Id")
    sandbox.advance("PT20M")
    version = sandbox.document["salesforce"]["api_version"]
    path = f"/services/data/v{version}/sobjects/Task/{task['Id']}"
    sandbox.call("salesforce", "PATCH", path, json={"CS_Outcome__c": "Worked"})
    assert "more than" not in ran.do("undo", first, code=5).talk
    done = ran.do("undo", first, "--yes", "--approve", "wrong org", code=1)
    assert "1 somebody changed it since" in done.talk
    assert sandbox.soql("SELECT Id FROM Task WHERE CS_Key__c != null") == [task]
    assert sandbox.soql("SELECT Id FROM CS_Relationship__c") == []
    assert sandbox.soql("SELECT Id FROM Account WHERE CS_Health_Score__c != null") == []


def test_only_what_is_selected_is_taken_back(ran: Project, sandbox: Sandbox) -> None:
    before = state(sandbox)
    bad_weight(ran)
    bad = ran.run()["run"]
    ran.do("undo", bad, "--select", "salesforce.Account", "--yes")
    after = state(sandbox)
    assert after["Account"] == before["Account"]
    assert after["zendesk"] != before["zendesk"]
    assert (
        "wrote nothing to salesforce.Case" in ran.do("undo", bad, "--select", "salesforce.Case", code=2).talk
    )


def test_a_run_that_nobody_knows_is_said(ran: Project) -> None:
    assert "no run 'NOPE'" in ran.do("undo", "NOPE", code=2).talk


def test_a_plan_that_takes_back_is_applied_later_but_not_over_what_was_changed_meanwhile(
    ran: Project, sandbox: Sandbox, tmp_path
) -> None:
    bad_weight(ran)
    bad = ran.run()["run"]
    file = tmp_path / "back.json"
    plan = ran.do("undo", bad, "--out", str(file), "--json").json
    assert json.loads(file.read_text())["undoes"]["run"] == bad
    account = next(
        c for c in plan["changes"] if c["object"] == "Account" and "CS_Health_Score__c" in c["fields"]
    )
    version = sandbox.document["salesforce"]["api_version"]
    path = f"/services/data/v{version}/sobjects/Account/{account['record_id']}"
    sandbox.call("salesforce", "PATCH", path, json={"CS_Health_Score__c": 12})
    said = ran.do("apply", str(file)).talk
    assert "1 records were changed since the plan was made" in said
    found = sandbox.soql(f"SELECT CS_Health_Score__c FROM Account WHERE Id = '{account['record_id']}'")
    assert found == [{"CS_Health_Score__c": 12}]
