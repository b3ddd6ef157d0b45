"""Writing as a whole: idle runs write nothing, what was refused is not sent again, what others edit is told, and what no CRM takes is known."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("e2e")]

WRITES = (
    {"crm": "salesforce", "path": "composite/sobjects|jobs/ingest"},
    {"crm": "hubspot", "method": "POST", "path": "batch/(create|update|upsert)"},
    {"crm": "hubspot_emea", "method": "POST", "path": "batch/(create|update|upsert)"},
    {"crm": "zendesk", "path": "organizations/(create_or_update|update_many|create_many)"},
)
REFUSING = [rule | {"do": {"status": 500, "body": {}}} for rule in WRITES]


def test_ten_idle_cycles_make_no_call_that_writes(ran, sandbox):
    """Hours pass, and a write call would fail: none is made."""
    before = len(sandbox.ledger())
    ends = []
    sandbox.faults(*REFUSING)
    for _ in range(10):
        sandbox.advance("PT1H")
        ends.append(ran.run())
    assert sandbox.ledger(before) == []
    assert {summary["as_of"] for summary in ends} == {"2026-11-25"}
    assert [s["writes"] for s in ends if any(w["updated"] or w["rejected"] for w in s["writes"])] == []
    assert [note for summary in ends for note in summary["notes"] if "confirm" in note] == []


def test_when_the_date_moves_only_what_health_says_is_written(ran, sandbox, tmp_path):
    """Every write of the days that follow has another score, band, cap or reason behind it; a day's second run has nothing."""
    sandbox.advance("P1D")
    before = len(sandbox.ledger())
    ran.run()
    wrote = [e for e in sandbox.ledger(before) if e["object"] == "Account"]
    assert [e for e in wrote if not _said(e)] == []
    before = len(sandbox.ledger())
    sandbox.advance("PT1H")
    ran.run()
    assert sandbox.ledger(before) == []


SAID = ("CS_Health_Score__c", "CS_Health_Band__c", "CS_Health_Reason__c", "CS_Health_Cap__c")


def _said(entry: dict[str, Any]) -> bool:
    was = entry["before"] or {}
    return any(name in entry["after"] and entry["after"][name] != was.get(name) for name in SAID)



def test_what_the_crm_refused_is_not_sent_again_until_a_person_says_so(fresh, sandbox):
    """The stage of a picklist is not there in this org, and the mapping sends it all the same."""
    sandbox.faults(
        {"crm": "salesforce", "method": "PATCH", "path": "composite/sobjects", "times": 1, "do": {
            "status": 400, "body": [{"errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "a rule says no"}],
        }}
    )  # fmt: skip
    first = fresh.run()
    refused = sum(w["rejected"] for w in first["writes"])
    assert refused > 0
    listed = fresh.do("quarantine", "--json").json["records"]
    assert len([row for row in listed if row["stage"] == "write"]) == refused
    sandbox.faults(*REFUSING)
    sandbox.advance("PT3M")
    second = fresh.run()
    assert sum(w["rejected"] for w in second["writes"]) == refused
    assert any("not sent again" in note for note in second["notes"])
    sandbox.faults()
    assert f"{refused} changes go again" in fresh.do("quarantine", "retry").talk
    before = len(sandbox.ledger())
    sandbox.advance("PT3M")
    assert sum(w["rejected"] for w in fresh.run()["writes"]) == 0
    assert len(sandbox.ledger(before)) >= refused


def test_an_edit_of_a_field_of_ours_is_written_over_and_told(ran, sandbox):
    (account,) = sandbox.soql("SELECT Id FROM Account WHERE Name = 'Cobalt Clinics'")
    path = f"/services/data/v67.0/sobjects/Account/{account['Id']}"
    sandbox.advance("PT3M")
    sandbox.call("salesforce", "PATCH", path, json={"CS_Health_Score__c": 3})
    sandbox.advance("PT3M")
    summary = ran.run()
    assert "salesforce Account: somebody changed 1 value of ours (CS_Health_Score__c 1); ours is written again" in summary["notes"]
    (now,) = sandbox.soql("SELECT CS_Health_Score__c FROM Account WHERE Name = 'Cobalt Clinics'")
    assert now["CS_Health_Score__c"] != 3


def test_an_edit_stays_where_the_project_yields(ran, sandbox):
    ran.edit("  salesforce:\n", "  salesforce:\n    foreign: yield\n")
    (account,) = sandbox.soql("SELECT Id FROM Account WHERE Name = 'Cobalt Clinics'")
    path = f"/services/data/v67.0/sobjects/Account/{account['Id']}"
    sandbox.advance("PT3M")
    sandbox.call("salesforce", "PATCH", path, json={"CS_Health_Score__c": 3})
    sandbox.advance("PT3M")
    before = len(sandbox.ledger())
    summary = ran.run()
    assert sandbox.ledger(before) == []
    assert any("theirs is kept" in note for note in summary["notes"])


def test_a_field_that_is_gone_is_named_in_the_plan_and_stops_no_other(ran, sandbox):
    sandbox.faults({"crm": "salesforce", "do": {"remove_field": {"object": "Account", "field": "CS_Stage__c"}}})
    sandbox.advance("PT3M")
    plan = ran.do("plan", "--json", code=None).json
    assert any("salesforce Account.CS_Stage__c is not a field" in note for note in plan["held"]["notes"])
