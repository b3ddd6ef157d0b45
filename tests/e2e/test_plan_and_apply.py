"""A plan changes nothing; apply does what the plan says, once, or nothing at all."""

from __future__ import annotations

import json

import pytest

from .stage import made

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="session")
def drawn(sandbox, untouched, folder, env):
    """A project that has read and scored everything, and its plan in a file; nothing is written yet."""
    sandbox.restore(untouched)
    project = made(sandbox, folder / "drawn", env)
    project.do("sync", "--json", code=1)
    file = folder / "plan.json"
    shown = project.do("plan", "--json", "--out", str(file)).json
    assert json.loads(file.read_text()) == shown
    assert sandbox.ledger() == [], "a plan wrote to a CRM"
    return project, file


@pytest.fixture
def planned(drawn, sandbox, untouched, tmp_path):
    """A copy of that project, its plan, and the CRMs as nobody has written to them."""
    sandbox.restore(untouched)
    project, file = drawn
    return project.copy(tmp_path / "planned"), file, json.loads(file.read_text())


def test_a_plan_changes_nothing_and_apply_does_exactly_what_it_says(planned, sandbox):
    project, file, plan = planned
    assert plan["schema"] == "plan/1"
    assert all(check["ok"] for check in plan["guard"])
    assert {c["name"] for c in plan["connections"]} >= {"salesforce", "hubspot", "hubspot_emea", "zendesk"}
    project.do("apply", str(file), "--json")
    ledger = sandbox.ledger()
    assert len(ledger) == len(plan["changes"]) > 100
    made = {entry["id"]: entry["after"]["Key__c"] for entry in ledger if "Key__c" in entry["after"]}
    wanted = sorted(_wanted(change) for change in plan["changes"])
    assert sorted(_wrote(entry, made) for entry in ledger) == wanted


def test_a_plan_is_applied_once(planned, sandbox):
    project, file, _ = planned
    project.do("apply", str(file), "--json")
    ledger = sandbox.ledger()
    again = project.do("apply", str(file), code=5)
    assert "cannot be applied" in again.talk
    assert "nothing was written" in again.talk
    assert sandbox.ledger() == ledger


def _wanted(change):
    """What a change writes, in one comparable form: where, how, and its fields in plain words."""
    sent = {n: _plain(to) for n, (_, to) in change["fields"].items() if to is not None}
    if change["key_field"]:
        sent[change["key_field"]] = change["key"]
    return json.dumps([change["connection"], change["object"], change["action"], sent], sort_keys=True)


def _wrote(entry, made):
    """What a CRM took; a record that was made by the same plan was named by its key: `made` are ids and keys."""
    after = {n: v for n, v in entry["after"].items() if v is not None}
    if after.get("Relationship__c") in made:
        after["Relationship__r.Key__c"] = made[after.pop("Relationship__c")]
    sent = after.pop("organization_fields", {}) | after
    sent.pop("tags", None)
    plain = {n: _plain(v) for n, v in sent.items() if v is not None}
    return json.dumps([entry["crm"], entry["object"], entry["action"], plain], sort_keys=True)


def _plain(value):
    """A number as a number, a date as a date and a moment in UTC, however a CRM writes them."""
    text = str(value).removesuffix("T00:00:00+00:00").removesuffix("T00:00:00.000Z")
    text = text.replace(".000+0000", "Z")
    try:
        return f"{float(text):g}"
    except ValueError:
        return text


def test_an_edited_plan_is_refused(planned, sandbox, tmp_path):
    project, _, plan = planned
    change = next(c for c in plan["changes"] if "CS_Health_Score__c" in c["fields"])
    change["fields"]["CS_Health_Score__c"][1] = "100"
    edited = tmp_path / "edited.json"
    edited.write_text(json.dumps(plan))
    refused = project.do("apply", str(edited), code=5)
    assert "edited" in refused.talk
    assert sandbox.ledger() == []


def test_a_plan_with_an_edited_destination_is_refused(planned, sandbox, tmp_path):
    project, _, plan = planned
    change = next(c for c in plan["changes"] if c["object"] == "Task")
    change["key_field"] = "Subject"
    edited = tmp_path / "edited.json"
    edited.write_text(json.dumps(plan))
    project.do("apply", str(edited), code=5)
    assert sandbox.ledger() == []


def test_a_plan_for_an_old_configuration_is_refused(planned, sandbox):
    project, file, _ = planned
    project.edit("max_created: 200", "max_created: 201")
    assert "configuration has changed" in project.do("apply", str(file), code=5).talk
    assert sandbox.ledger() == []


def test_a_plan_is_refused_when_new_data_has_come(planned, sandbox):
    project, file, _ = planned
    sandbox.advance("PT3M")
    name = sandbox.soql("SELECT Id FROM Account WHERE Name = 'Cobalt Clinics'")[0]["Id"]
    sandbox.call(
        "salesforce", "PATCH", f"/services/data/v67.0/sobjects/Account/{name}", json={"Industry": "Energy"}
    )
    sandbox.advance("PT3M")
    project.do("sync", "--json")
    assert "new data" in project.do("apply", str(file), code=5).talk
    assert [e["after"] for e in sandbox.ledger()] == [{"Industry": "Energy"}]


def test_a_person_stops_all_writes_and_lets_them_go_on(planned, sandbox):
    project, file, _ = planned
    project.do("writes", "stop", "wrong weights since Monday")
    refused = project.do("apply", str(file), code=5).talk
    assert "wrong weights since Monday" in refused
    assert "cs-connector writes allow" in refused
    assert "wrong weights" in project.do("writes", "show", "--json").json["stopped"]
    assert sandbox.ledger() == []
    project.do("writes", "allow")
    assert project.do("writes", "show", "--json").json["stopped"] is None
    project.do("apply", str(file), "--json")
    assert sandbox.ledger() != []


def test_more_of_a_plan_is_listed_without_making_it_anew(planned):
    project, file, plan = planned
    first, *rest = project.do(
        "plan", "--out", str(file), "--show", "salesforce.Task", "--list", "1"
    ).out.splitlines()
    assert plan["plan"] in first
    assert rest[0] == "salesforce Task"
    tasks = sum(1 for c in plan["changes"] if c["object"] == "Task")
    assert rest[-1] == f"and {tasks - 1} changes more: --list {tasks}"
    name = next(c["name"] for c in plan["changes"] if c["object"] == "Account")
    assert name in project.do("plan", "--out", str(file), "--account", name).out


def test_a_crm_that_is_down_keeps_no_other_from_being_planned_and_written_to(planned, sandbox, tmp_path):
    project, _, before = planned
    sandbox.faults({"crm": "zendesk", "do": {"status": 503}})
    file = tmp_path / "rest.json"
    told = project.do("plan", "--json", "--out", str(file), code=4).json
    assert [each["name"] for each in told["unreached"]] == ["zendesk"]
    assert any(note.startswith("nothing is planned for zendesk: ") for note in told["held"]["notes"])
    rest = [c for c in before["changes"] if c["connection"] != "zendesk"]
    assert len(told["changes"]) == len(rest) < len(before["changes"])
    project.do("apply", str(file), "--json")
    assert len(sandbox.ledger()) == len(rest)
