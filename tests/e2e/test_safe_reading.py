"""What an operator fears when reading: a lost permission, a changed schema, a spent allowance. Nothing is lost."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.slow]

FAR_FEWER = {"crm": "salesforce", "do": {"hide": {"object": "Contact", "share": 0.6}}}
A_FEW_LESS = {"crm": "salesforce", "do": {"hide": {"object": "Contact", "share": 0.05}}}


@pytest.fixture
def read_once(sandbox, done, tmp_path):
    """A project that has read everything, and written back once."""
    sandbox.restore(done.written)
    return done.project.copy(tmp_path / "project")


def told(project, *words, code=0):
    """What a command printed as JSON."""
    return project.do(*words, "--json", code=code).json


def exported(project):
    return project.export(project.root / f"export{len(list(project.root.iterdir()))}")


def counts(run, name):
    """What a run says of one object of Salesforce."""
    return next(o for o in run["objects"] if o["connection"] == "salesforce" and o["object"] == name)


def living(project):
    """The contacts of Salesforce that the project holds for living."""
    records = exported(project)["records"]
    return {r["id"] for r in records if r["object"] == "Contact" and r["deleted"] == "false"}


def emptied(before, after):
    """The fields that had a value and have none, or 0, after a write."""
    return [name for name, value in after.items() if before.get(name) and not float_or(value)]


def float_or(value):
    """A number as a number, anything else as it is."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def test_far_fewer_records_stop_the_run_before_anything_is_read(read_once, sandbox):
    before = living(read_once)
    sandbox.faults(FAR_FEWER)
    said = read_once.do("sync", code=5).talk
    assert re.search(r"Contact: \d+ before, \d+ now", said)
    assert "--accept salesforce.Contact" in said
    assert living(read_once) == before


def test_a_person_can_say_that_it_is_right(read_once, sandbox):
    before = living(read_once)
    sandbox.faults(FAR_FEWER)
    read_once.do("sync", "--accept", "salesforce.Contact")
    left = living(read_once)
    assert left < before
    assert len(left) < 0.6 * len(before)
    read_once.do("sync")
    assert living(read_once) == left


def test_records_that_went_away_untold_are_found_and_marked_as_deleted(read_once, sandbox):
    before = living(read_once)
    sandbox.faults(A_FEW_LESS)
    run = told(read_once, "sync")
    assert counts(run, "Contact")["deleted"] == len(before) - len(living(read_once)) > 0


def test_records_that_are_in_sight_again_are_living_again(read_once, sandbox):
    before = living(read_once)
    sandbox.faults(A_FEW_LESS)
    read_once.do("sync")
    assert living(read_once) < before
    sandbox.faults()
    run = told(read_once, "sync")
    assert living(read_once) == before
    assert any("in sight again" in note for note in run["notes"])


def test_nothing_is_cleared_for_a_field_that_cannot_be_seen(read_once, sandbox):
    lost = {"object": "Subscription__c", "field": "ARR__c"}
    sandbox.faults({"crm": "salesforce", "do": {"remove_field": lost}})
    last = sandbox.ledger()[-1]["n"]
    run = told(read_once, "run", code=1)
    assert any("stay as they are" in note for note in run["notes"])
    written = sandbox.ledger(after=last)
    assert [e["after"] for e in written if emptied(e["before"] or {}, e["after"])] == []
    held = told(read_once, "plan", code=None)["held"]
    assert held["unknown"] == ["salesforce Subscription__c.ARR__c"]
    assert held["values"] > 30


def test_a_lost_field_becomes_unknown_and_is_named_until_it_is_back(read_once, sandbox):
    sandbox.faults({"crm": "salesforce", "do": {"remove_field": {"object": "Account", "field": "Industry"}}})
    for _ in range(2):
        run = told(read_once, "sync")
        assert any("Account.Industry is gone" in note for note in run["notes"])
        assert counts(run, "Account")["deleted"] == 0
    read_once.do("unify", code=1)  # as in every run, a row of the usage file cannot be read
    industries = {a["industry"] for a in exported(read_once)["account"]}
    assert industries == {name.upper() for name in industries}, "what HubSpot says is all that is left"


def test_a_lost_field_that_decides_which_records_count_stops_the_run(read_once, sandbox):
    sandbox.faults(
        {
            "crm": "salesforce",
            "do": {"remove_field": {"object": "SurveyInvitation", "field": "ResponseStatus"}},
        }
    )
    said = read_once.do("sync", code=5).talk
    assert "SurveyInvitation.ResponseStatus" in said


def test_a_field_of_another_kind_is_not_believed_until_a_person_says_so(read_once, sandbox):
    retype = {"object": "Subscription__c", "field": "Seats__c", "type": "string"}
    sandbox.faults({"crm": "salesforce", "do": {"retype_field": retype}})
    run = told(read_once, "sync")
    assert any("Seats__c was double and is string" in note for note in run["notes"])
    run = told(read_once, "sync", "--accept", "salesforce.Subscription__c")
    assert not run["notes"]


def test_the_last_fifth_of_the_day_is_kept_for_people(read_once, sandbox):
    sandbox.faults({"crm": "salesforce", "do": {"daily_quota_left": 28_400}})
    said = read_once.do("sync", code=4).talk
    assert "kept for people" in said
    assert re.search(r"28,\d{3} of the 1[\d,]+ calls", said)
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", said)


def test_the_estimate_is_what_the_run_uses(fresh):
    for _ in range(2):
        expected = {c["connection"]: c for c in told(fresh, "sync", "--dry-run")["calls"]}
        used = {c["connection"]: c for c in told(fresh, "sync", code=None)["calls"]}
        for name in ("salesforce", "hubspot", "hubspot_emea"):
            assert expected[name]["exact"]
            assert used[name]["used"] == used[name]["estimated"] == expected[name]["needed"]
        assert used["zendesk"]["used"] == used["zendesk"]["estimated"] == expected["zendesk"]["needed"]
        assert not used["zendesk"]["exact"], "its exports do not say how long they are"


def test_a_long_reading_goes_on_from_budget_to_budget(fresh):
    said = fresh.do("sync", "--budget", "30", code=4).talk
    assert "goes on after the last page" in said
    again = told(fresh, "sync")
    assert counts(again, "User")["new"] == 0, "read before the budget was used"
    assert counts(again, "Task")["read"] == 0
    assert sum(o["new"] for o in again["objects"]) > 0, "read after"
