"""People who work in the simulated CRMs: what they do looks like the vendor's, and is the same again by seed and clock."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from cs_connector.sandbox.wire import SeedRow

from .town import Town, opened

TASK = {"Subject": "Call them", "Status": "Not Started", "Priority": "Normal"}
TASKS = "/services/data/v67.0/sobjects/Task"
DONE = {
    "salesforce": {
        ("Case", "create"), ("Case", "update"), ("Case", "delete"), ("Case", "undelete"), ("Account", "update"),
        ("Account", "merge"), ("SurveyResponse", "create"), ("SurveyQuestionResponse", "create"),
        ("SurveyInvitation", "update"), ("User", "update"), ("Task", "update"),
    },
    "hubspot": {
        ("tickets", "create"), ("tickets", "update"), ("companies", "update"), ("companies", "merge"),
        ("contacts", "delete"), ("contacts", "undelete"), ("feedback_submissions", "create"), ("owners", "update"),
        ("associations/companies/companies", "create"), ("tasks", "update"),
    },
    "zendesk": {
        ("tickets", "create"), ("tickets", "update"), ("tickets", "delete"), ("organizations", "merge"),
        ("organizations", "update"), ("users", "update"), ("users", "delete"), ("satisfaction_ratings", "create"),
    },
}  # fmt: skip


def write_tasks(town: Town, count: int = 6) -> None:
    for _ in range(count):
        assert town.call("salesforce", TASKS, "POST", json=TASK).status_code == 201
        task = {"hs_task_subject": "Call them", "hs_timestamp": "2026-11-26T09:00:00Z"}
        made = town.call("hubspot", "/crm/v3/objects/tasks", "POST", json={"properties": task})
        assert made.status_code == 201


def begin(town: Town, rate: float, seed: int = 5) -> None:
    town.control("POST", "/clock", {"running": False, "set": "2026-11-25T10:00:00Z"})
    assert town.control("POST", "/life", {"rate": rate, "seed": seed}).ok


def by_users(town: Town) -> list[dict[str, Any]]:
    return [e for e in town.ledger() if e["by"] == "user"]


@pytest.fixture(scope="module")
def busy():
    """A month in which people were at work, after we wrote tasks."""
    with opened(accounts=30) as town:
        write_tasks(town)
        begin(town, rate=20)
        town.advance("P30D")
        town.log_in("salesforce")
        yield town


@pytest.mark.parametrize("crm", DONE)
def test_people_do_all_that_people_do(busy, crm):
    found = Counter((e["object"], e["action"]) for e in by_users(busy) if e["crm"] == crm)
    assert DONE[crm] - set(found) == set()


def test_every_edit_has_its_own_time_and_says_what_changed(busy):
    found = by_users(busy)
    times = [e["at"] for e in found]
    assert times == sorted(times)
    assert len(set(times)) > 1000
    assert [e for e in found if e["before"] == e["after"] and e["before"]] == []


def test_our_tasks_are_closed_and_written_into(busy):
    query = "SELECT+Status,Description,LastModifiedById,CreatedById+FROM+Task"
    tasks = busy.call("salesforce", f"/services/data/v67.0/query?q={query}").json()["records"]
    assert any(task["Status"] == "Completed" for task in tasks)
    assert any(task["Description"] for task in tasks)
    assert all(task["LastModifiedById"] != task["CreatedById"] for task in tasks if task["Description"])


def test_deleted_tickets_of_zendesk_come_back(busy):
    back = [e for e in by_users(busy) if e["before"] == {"status": "deleted"}]
    assert {e["crm"] for e in back} == {"zendesk"}


def test_merged_records_lead_to_the_one_that_stays(busy):
    query = "SELECT+Id,MasterRecordId+FROM+Account+WHERE+IsDeleted+=+true"
    gone = busy.call("salesforce", f"/services/data/v67.0/queryAll?q={query}").json()["records"]
    assert gone
    assert all(row["MasterRecordId"] for row in gone)
    merge = next(e for e in by_users(busy) if (e["crm"], e["action"]) == ("hubspot", "merge"))
    old = merge["before"]["objectIdToMerge"]
    found = busy.call("hubspot", f"/crm/v3/objects/companies/{old}").json()
    assert found["id"] != old


@pytest.mark.slow
def test_an_account_with_the_newer_surveys_gets_answers_to_those():
    answers = [{"type": "rating_scale", "rating": 4, "created_at": "2026-11-01T09:00:00Z"}]
    with opened() as town:
        town.sandbox.load("zendesk", [SeedRow("survey_responses", {"id": "01J1", "answers": answers})])
        begin(town, rate=30)
        town.advance("P30D")
        entries = by_users(town)
    found = [e["after"] for e in entries if e["object"] == "survey_responses"]
    assert {answer["rating"] for response in found for answer in response["answers"]} > {1, 5}
    assert all(response["subject_zrns"][0].startswith("zen:ticket:") for response in found)
    assert "satisfaction_ratings" not in {e["object"] for e in entries}


def test_nothing_happens_before_its_time_and_nobody_works_without_a_rate():
    with opened() as town:
        town.advance("P30D")
        assert town.ledger() == []


def month(*crms: str) -> list[dict[str, Any]]:
    """What people did while we read these CRMs, now and then."""
    with opened() as town:
        begin(town, rate=10)
        for _ in range(10):
            for crm in crms:
                if crm in ("salesforce", "zendesk"):
                    town.log_in(crm)
                assert town.accounts(crm).ok
            town.advance("P3D")
        return town.ledger()


@pytest.mark.slow
def test_the_same_seed_and_clock_make_the_same_edits_whatever_is_read_between():
    first = month()
    assert len(first) > 500
    assert month("zendesk", "salesforce", "hubspot_emea") == first
