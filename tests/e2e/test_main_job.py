"""The main job, by the real command against real processes: pull, unify, score, write back, and again."""

from __future__ import annotations

import shutil
from collections import Counter

import pytest

from .stage import made

pytestmark = [pytest.mark.slow]

CRMS = ("salesforce", "hubspot", "zendesk")


def test_a_run_reads_all_three_crms_and_tells_what_it_did(done):
    summary = done.summary
    assert (summary["schema"], summary["as_of"], summary["exit"]) == ("run/1", "2026-11-25", 1)
    read = Counter[str]()
    for line in summary["objects"]:
        read[line["connection"]] += line["read"]
        assert line["read"] == line["new"]
        assert line["changed"] == line["deleted"] == 0
    assert all(read[crm] > 50 for crm in CRMS)
    people = summary["population"]
    parts = ("customers", "trials", "former", "not_scored")
    assert people["accounts"] == sum(people[p] for p in parts)
    assert summary["scores"]["computed"] == people["customers"] + people["trials"]


def test_a_run_writes_health_relationships_snapshots_tasks_a_heartbeat_and_nothing_else(done):
    wrote = Counter((e["crm"], e["object"], e["action"]) for e in done.ledger)
    said = {(w["connection"], w["object"]): w for w in done.summary["writes"]}
    assert set(wrote) == {
        ("salesforce", "Account", "update"),
        ("salesforce", "CS_Health_Snapshot__c", "create"),
        ("salesforce", "CS_Heartbeat__c", "create"),
        ("salesforce", "CS_Relationship__c", "create"),
        ("salesforce", "Task", "create"),
        ("hubspot", "companies", "update"),
        ("hubspot_emea", "companies", "update"),
        ("zendesk", "organizations", "update"),
    }
    for (crm, name, action), count in wrote.items():
        line = said[crm, name]
        assert line["created" if action == "create" else "updated"] == count
        assert line["rejected"] == 0
    assert wrote["salesforce", "CS_Heartbeat__c", "create"] == 1
    assert wrote["salesforce", "Task", "create"] == done.summary["tasks"]["opened"]


def test_month_ends_lead_to_relationships_that_were_made_in_the_same_run(done):
    made = [e for e in done.ledger if e["action"] == "create"]
    relationships = {e["id"] for e in made if e["object"] == "CS_Relationship__c"}
    named = {e["after"].get("Relationship__c") for e in made if e["object"] == "CS_Health_Snapshot__c"}
    assert named
    assert named <= relationships


def test_only_fields_of_ours_are_written_to_records_of_theirs(done):
    for entry in done.ledger:
        if entry["action"] == "create":
            continue
        names = set(entry["after"])
        if entry["crm"] == "zendesk":
            assert names <= {"organization_fields", "tags"} or all("cs_" in n for n in names)
        else:
            assert all(n.lower().startswith("cs_") for n in names), names


def test_a_second_run_writes_nothing(ran, sandbox):
    before = len(sandbox.ledger())
    sandbox.advance("PT3M")
    summary = ran.run()
    assert sandbox.ledger(before) == []
    assert sum(w["created"] + w["updated"] + w["cleared"] for w in summary["writes"]) == 0
    assert summary["tasks"]["opened"] == 0


def test_a_run_can_be_looked_at_later(ran, done):
    listed = ran.do("runs", "--json").json["runs"]
    assert [r["id"] for r in listed] == [done.summary["run"]]
    assert ran.do("runs", "show", done.summary["run"], "--json").json == done.summary


def test_a_backup_brought_back_elsewhere_says_the_same(ran, sandbox, tmp_path, env):
    ran.do("backup", str(tmp_path / "kept.zip"))
    before = ran.export(tmp_path / "before")
    other = made(sandbox, tmp_path / "other", env)
    shutil.rmtree(other.root / ".cs-connector", ignore_errors=True)
    other.do("restore", str(tmp_path / "kept.zip"))
    assert other.export(tmp_path / "after") == before
    assert len(before["scores"]) > 100


def test_a_backup_never_overwrites_a_store(ran, tmp_path):
    ran.do("backup", str(tmp_path / "kept.zip"))
    before = ran.export(tmp_path / "before")
    refused = ran.do("restore", str(tmp_path / "kept.zip"), code=None)
    assert refused.code != 0
    assert ran.export(tmp_path / "after") == before
