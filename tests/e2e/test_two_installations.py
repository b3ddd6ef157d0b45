"""A CRM hears of us once a day, and a second installation stops before its first write until a person lets it."""

from __future__ import annotations

import pytest

from .stage import DAY, made, started

pytestmark = [pytest.mark.slow]

BEATS = "SELECT Install_Id__c, Last_Run__c, Run__c FROM CS_Heartbeat__c ORDER BY Install_Id__c"


def lines(summary, name="CS_Heartbeat__c"):
    (line,) = [w for w in summary["writes"] if w["object"] == name]
    return {kind: line[kind] for kind in ("created", "updated", "unchanged")}


def test_the_first_run_signs_before_it_writes_anything_else(done):
    assert done.ledger[0]["object"] == "CS_Heartbeat__c"
    assert lines(done.summary) == {"created": 1, "updated": 0, "unchanged": 0}


@pytest.fixture(scope="module")
def apart(tmp_path_factory, env):
    """CRMs whose days no other test counts, and a project that has written to them."""
    folder = tmp_path_factory.mktemp("apart")
    with started(folder, env, accounts=20) as sandbox:
        project = made(sandbox, folder / "project", env)
        project.do("run", "--json", code=None)
        yield project, sandbox


@pytest.mark.long
def test_an_idle_day_has_one_heartbeat_and_an_idle_hour_has_nothing(apart):
    ran, sandbox = apart
    for hour in range(2):
        sandbox.advance("PT3M")
        before = len(sandbox.ledger())
        summary = ran.do("run", "--json", code=None).json
        assert sandbox.ledger(before) == []
        assert hour or lines(summary) == {"created": 0, "updated": 0, "unchanged": 1}
    sandbox.advance("PT16H")  # the next day, of which nothing is told but that it came
    summary = ran.do("run", "--json", "--as-of", DAY, code=None).json
    assert [(row["object"], row["action"]) for row in sandbox.ledger(before)] == [
        ("CS_Heartbeat__c", "update")
    ]
    assert lines(summary) == {"created": 0, "updated": 1, "unchanged": 0}
    (beat,) = sandbox.soql(BEATS)
    assert (beat["Last_Run__c"][:10], beat["Run__c"]) == ("2026-11-26", summary["run"])
    before = len(sandbox.ledger())
    sandbox.advance("PT3M")
    ran.do("run", "--json", "--as-of", DAY, code=None)
    assert sandbox.ledger(before) == []


@pytest.mark.long
def test_a_run_that_may_not_write_gives_no_sign(apart):
    ran, sandbox = apart
    ran.do("writes", "stop", "a week off")
    sandbox.advance("PT24H")
    before = len(sandbox.ledger())
    ran.do("run", "--json", "--as-of", DAY, code=None)
    assert sandbox.ledger(before) == []


@pytest.mark.long
def test_a_second_installation_stops_until_a_person_lets_it(ran, sandbox, tmp_path):
    (first,) = sandbox.soql(BEATS)
    sandbox.advance("PT3M")
    before = len(sandbox.ledger())
    second = made(sandbox, tmp_path / "second", ran.env)
    said = second.do("run", code=5).talk
    assert f"salesforce {first['Install_Id__c']}, last run 25 Nov 2026" in said
    assert sandbox.ledger(before) == []
    plan = second.do("plan", "--json", code=5).json
    assert [g["rule"] for g in plan["guard"] if not g["ok"]] == ["other installation"]
    second.do("apply", code=5)
    assert sandbox.ledger(before) == []
    told = second.do("apply", "--approve", "the other one is switched off", code=None).talk
    assert f"writing beside the installation salesforce {first['Install_Id__c']}" in told
    assert {row["object"] for row in sandbox.ledger(before)} >= {"CS_Heartbeat__c"}
    assert len(sandbox.soql(BEATS)) == 2
    sandbox.advance("PT3M")
    second.run()  # the word of a person holds
    ran.do("sync", code=None)
    assert (
        "other installation" in ran.do("plan", code=5).talk
    )  # and so do both, if nobody switched the other one off


def test_of_two_that_begin_at_once_the_later_one_stops_behind_its_heartbeat(fresh, sandbox, tmp_path):
    fresh.do("run", "--dry-run", code=None)
    fresh.do("plan", "--out", str(tmp_path / "plan.json"), code=None)
    beat = {"Last_Run__c": "2026-11-25T04:00:00Z", "Run__c": "AB", "Version__c": "1"}
    path = "/services/data/v60.0/sobjects/CS_Heartbeat__c/Install_Id__c/4f3a09c2"
    sandbox.call("salesforce", "PATCH", path, json=beat)
    before = len(sandbox.ledger())
    said = fresh.do("apply", str(tmp_path / "plan.json"), code=5).talk
    assert "another installation writes into this org: salesforce 4f3a09c2" in said
    assert "nothing but our heartbeat was written" in said
    assert [(row["object"], row["action"]) for row in sandbox.ledger(before)] == [
        ("CS_Heartbeat__c", "create")
    ]


SIGNED = "Identifies this record. Written by cs-connector, installation 4f3a09c2."


def sign_portal(sandbox):
    path = "/crm/v3/properties/companies/cs_key"
    sandbox.call("hubspot_emea", "PATCH", path, json={"description": SIGNED})


def sign_desk(sandbox):
    listed = sandbox.call("zendesk", "GET", "/api/v2/organization_fields.json")["organization_fields"]
    (field,) = [f for f in listed if f["key"] == "cs_key"]
    body = {"organization_field": {"description": SIGNED}}
    sandbox.call("zendesk", "PUT", f"/api/v2/organization_fields/{field['id']}.json", json=body)


@pytest.mark.long
@pytest.mark.parametrize(("sign", "where"), [(sign_portal, "hubspot_emea"), (sign_desk, "zendesk")])
def test_where_there_is_no_heartbeat_the_signature_of_another_stops_it(fresh, sandbox, sign, where):
    sign(sandbox)
    before = len(sandbox.ledger())
    said = fresh.do("run", code=5).talk
    assert f"another installation writes into this org: {where} 4f3a09c2, it has signed our field" in said
    assert sandbox.ledger(before) == []
