"""Writing as a whole: what was refused is not sent again, what others edit is told, and what no CRM takes is known before."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.slow]

NO = {"status": 400, "body": {"status": "error", "category": "VALIDATION_ERROR", "message": "a rule says no"}}
REFUSING = {"crm": "hubspot_emea", "method": "POST", "path": "companies/batch/(update|upsert)", "do": NO}


@pytest.mark.long
def test_what_the_crm_refused_is_not_sent_again_until_a_person_says_so(fresh, sandbox):
    sandbox.faults(REFUSING)
    first = fresh.run()
    refused = sum(w["rejected"] for w in first["writes"])
    assert refused > 0
    listed = [row for row in fresh.do("quarantine", "--json").json["records"] if row["stage"] == "write"]
    assert {(row["connection"], row["reason"]) for row in listed} == {("hubspot_emea", "a rule says no")}
    assert len(listed) == refused
    sandbox.faults()  # it would take them now, and nobody asks it
    sandbox.advance("PT3M")
    before = len(sandbox.ledger())
    second = fresh.run()
    assert sandbox.ledger(before) == []
    assert sum(w["rejected"] for w in second["writes"]) == refused
    assert any("not sent again" in note for note in second["notes"])
    assert f"{refused} changes go again" in fresh.do("quarantine", "retry").talk
    sandbox.advance("PT3M")
    assert sum(w["rejected"] for w in fresh.run()["writes"]) == 0
    assert len(sandbox.ledger(before)) == refused


def test_an_edit_of_a_field_of_ours_is_written_over_and_told(ran, sandbox):
    (account,) = sandbox.soql("SELECT Id FROM Account WHERE Name = 'Cobalt Clinics'")
    path = f"/services/data/v67.0/sobjects/Account/{account['Id']}"
    sandbox.advance("PT3M")
    sandbox.call("salesforce", "PATCH", path, json={"CS_Health_Score__c": 3})
    sandbox.advance("PT3M")
    summary = ran.run()
    assert (
        "salesforce Account: somebody changed 1 value of ours (CS_Health_Score__c 1); ours is written again"
        in summary["notes"]
    )
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
    sandbox.faults(
        {"crm": "salesforce", "do": {"remove_field": {"object": "Account", "field": "CS_Stage__c"}}}
    )
    sandbox.advance("PT3M")
    plan = ran.do("plan", "--json", code=None).json
    assert any("salesforce Account.CS_Stage__c is not a field" in note for note in plan["held"]["notes"])
