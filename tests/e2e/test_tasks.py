"""Tasks as people meet them in the CRM: whose they are, when they come, when they go, and that none comes twice."""

from __future__ import annotations

from typing import Any

import pytest

from .stage import Project, Sandbox, keys
from .test_sagas import merge

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("e2e")]

FIELDS = "Id, Subject, WhatId, WhoId, OwnerId, ActivityDate, Priority, Status, IsClosed, Description, CS_Key__c, CS_Rule__c"


def record(sandbox: Sandbox, name: str) -> str:
    return str(sandbox.soql(f"SELECT Id FROM Account WHERE Name = '{name}'")[0]["Id"])


def tasks(sandbox: Sandbox, name: str, more: str = "") -> list[dict[str, Any]]:
    return sandbox.soql(f"SELECT {FIELDS} FROM Task WHERE WhatId = '{record(sandbox, name)}'{more}")


def change(sandbox: Sandbox, name: str, id_: str, **fields: Any) -> None:
    """As a person changes a record."""
    sandbox.call("salesforce", "PATCH", f"/services/data/v67.0/sobjects/{name}/{id_}", json=fields)


def next_day(sandbox: Sandbox, project: Project) -> dict[str, Any]:
    sandbox.advance("P1D")
    return project.run()


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("Tundra Mining", {"notice"}),
        ("Onyx Insurance", set()),
        ("Umber Press", {"advocacy", "expansion"}),
        ("Lumen Schools", {"onboarding_late"}),
        ("Kestrel Energy", {"champion_left"}),
        ("Willow Media", set()),
    ],
)
def test_a_story_has_its_tasks_and_no_other(
    ran: Project, sandbox: Sandbox, name: str, rules: set[str]
) -> None:
    found = tasks(sandbox, name)
    assert {t["CS_Rule__c"] for t in found} == rules
    assert len(found) == len(rules)


def test_a_task_reads_well(ran: Project, sandbox: Sandbox) -> None:
    (task,) = tasks(sandbox, "Aurora Freight")
    assert task["Subject"] == "Risk: Aurora Freight – decision maker scored 2/10"
    assert (task["Priority"], task["ActivityDate"]) == ("High", "2026-11-27")
    (who,) = sandbox.soql(f"SELECT AccountId, Name FROM Contact WHERE Id = '{task['WhoId']}'")
    assert who["AccountId"] == record(sandbox, "Aurora Freight")
    assert who["Name"] not in task["Description"]
    heads = [part.splitlines()[0] for part in task["Description"].split("\n\n")]
    assert heads == ["WHY", "EVIDENCE", "DO NEXT", "CLOSES WHEN", "Not useful? Set CS Outcome."]
    evidence = task["Description"].split("EVIDENCE\n")[1].split("\n\n")[0]
    (link,) = [line.rpartition(" – ")[2] for line in evidence.splitlines() if line.startswith("1. ")]
    answers = [r["Id"] for r in sandbox.soql("SELECT Id FROM SurveyQuestionResponse WHERE NumberValue = 2")]
    assert any(answer in link for answer in answers), "the first link leads to the answer"


def test_kestrels_task_closes_when_a_successor_is_named(ran: Project, sandbox: Sandbox) -> None:
    (account,) = sandbox.soql(
        "SELECT Id, CS_Health_Score__c, CS_Health_Cap__c FROM Account WHERE Name = 'Kestrel Energy'"
    )
    assert (account["CS_Health_Score__c"], account["CS_Health_Cap__c"]) == (70, "Capped at 70: champion left")
    query = f"SELECT Id, Roles FROM AccountContactRelation WHERE AccountId = '{account['Id']}' AND IsActive = true"
    other = next(r["Id"] for r in sandbox.soql(query) if not r["Roles"])
    change(sandbox, "AccountContactRelation", other, Roles="Champion")
    assert next_day(sandbox, ran)["tasks"]["closed"] >= 1
    (task,) = tasks(sandbox, "Kestrel Energy")
    assert (task["IsClosed"], task["Status"]) == (True, "Completed")
    assert task["Description"].startswith("Closed on 26 Nov 2026: its reason is gone; health is 9")


def test_violets_task_finds_an_owner_and_is_handed_on_not_made_anew(ran: Project, sandbox: Sandbox) -> None:
    assert tasks(sandbox, "Violet Care") == []
    people = sandbox.soql(
        "SELECT Id, Name FROM User WHERE IsActive = true AND Title = 'Customer Success Manager'"
    )
    first, second = people[:2]
    ran.edit(
        "go_live: live", f"go_live: live\ntasks:\n  fallback_owner: {first['Name']}\n  risk_per_week: 50"
    )
    next_day(sandbox, ran)
    (task,) = tasks(sandbox, "Violet Care")
    assert task["OwnerId"] == first["Id"]
    ran.edit(f"fallback_owner: {first['Name']}", f"fallback_owner: {second['Name']}")
    next_day(sandbox, ran)
    (again,) = tasks(sandbox, "Violet Care")
    assert (again["Id"], again["OwnerId"]) == (task["Id"], second["Id"])
    change(sandbox, "Task", task["Id"], Status="In Progress")
    ran.edit(f"fallback_owner: {second['Name']}", f"fallback_owner: {first['Name']}")
    next_day(sandbox, ran)
    assert [t["OwnerId"] for t in tasks(sandbox, "Violet Care")] == [second["Id"]], "somebody works on it"


def test_those_without_an_owner_are_in_one_task_for_the_manager(ran: Project, sandbox: Sandbox) -> None:
    (boss,) = sandbox.soql("SELECT Id, Name FROM User WHERE Title = 'VP Customer Success'")
    ran.edit("go_live: live", f"go_live: live\ntasks:\n  manager: {boss['Name']}")
    for _ in range(2):
        next_day(sandbox, ran)
    (task,) = sandbox.soql(f"SELECT {FIELDS} FROM Task WHERE CS_Rule__c = 'unowned'")
    assert (task["OwnerId"], task["WhatId"]) == (boss["Id"], None)
    assert "Violet Care" in task["Description"]
    assert task["Subject"].endswith("– no active owner")


def test_willow_hovers_and_has_one_task(ran: Project, sandbox: Sandbox) -> None:
    account, seen = record(sandbox, "Willow Media"), []
    for said in ("Concerned", "Good", "Concerned", "Good", "Concerned"):
        day = sandbox.control("GET", "/clock")["now"][:10]
        change(sandbox, "Account", account, CS_CSM_Judgement__c=said, CS_CSM_Judgement_On__c=day)
        next_day(sandbox, ran)
        (row,) = sandbox.soql(f"SELECT CS_Health_Score__c FROM Account WHERE Id = '{account}'")
        seen.append((row["CS_Health_Score__c"], [t["IsClosed"] for t in tasks(sandbox, "Willow Media")]))
    assert {score for score, _ in seen} <= {49, 50, 51, 52}
    assert seen[0][0] < 50 < seen[1][0]
    assert [closed for _, closed in seen] == [[False]] * 5


def test_zephyr_was_red_before_the_start(fresh: Project, sandbox: Sandbox) -> None:
    fresh.edit("go_live: live", "go_live: observe\ntasks:\n  risk_per_week: 1")
    watched = fresh.run()
    assert (watched["tasks"]["opened"], keys(sandbox)) == (0, [])
    assert watched["held"]["observing"] == watched["tasks"]["held_back"] > 5
    assert "Zephyr Air · Signals" in [w["name"] for w in watched["waiting"]]
    sandbox.advance("P14D")
    assert any("go_live: live" in note for note in fresh.run()["notes"])
    assert keys(sandbox) == []
    fresh.edit("go_live: observe", "go_live: live")
    live = next_day(sandbox, fresh)
    mine = [w["why"] for w in live["waiting"] if w["name"] == "Zephyr Air · Signals"]
    assert len(tasks(sandbox, "Zephyr Air")) + len(mine) == 1, "in the top, or held back by name"
    assert mine in ([], ["over this week's budget"])
    owners = [t["OwnerId"] for t in sandbox.soql("SELECT OwnerId FROM Task WHERE CS_Call_Type__c = 'Risk'")]
    assert len(owners) == len(set(owners)) > 0


def test_maples_task_is_on_the_winner_also_when_the_other_one_had_it(ran: Project, sandbox: Sandbox) -> None:
    loser, winner = record(sandbox, "Maple Robotics"), record(sandbox, "Maple Robotics Works")
    (before,) = tasks(sandbox, "Maple Robotics")
    merge(sandbox, winner, loser)
    sandbox.advance("PT3H")
    ran.run()
    next_day(sandbox, ran)
    found = sandbox.soql(f"SELECT {FIELDS} FROM Task WHERE Subject LIKE 'Risk: Maple%'")
    assert [(t["Id"], t["WhatId"], t["IsClosed"]) for t in found] == [(before["Id"], winner, False)]


def test_a_persons_outcome_edits_and_deletion_win(ran: Project, sandbox: Sandbox) -> None:
    """Closed is closed, edited stays edited, deleted stays deleted, and the next day makes nothing of it."""
    (aurora,), (ember,), (tundra,) = (
        tasks(sandbox, name) for name in ("Aurora Freight", "Ember Retail", "Tundra Mining")
    )
    change(sandbox, "Task", aurora["Id"], Status="Completed", CS_Outcome__c="Not relevant")
    change(
        sandbox, "Task", ember["Id"], ActivityDate="2027-01-08", Subject="Call Ember", Description="my notes"
    )
    sandbox.call("salesforce", "DELETE", f"/services/data/v67.0/sobjects/Task/{tundra['Id']}")
    done = next_day(sandbox, ran)
    assert done["tasks"]["closed"] >= 2
    next_day(sandbox, ran)
    assert [t["Id"] for t in tasks(sandbox, "Aurora Freight")] == [aurora["Id"]]
    (kept,) = tasks(sandbox, "Ember Retail")
    assert (kept["Subject"], kept["Description"], kept["ActivityDate"]) == (
        "Call Ember",
        "my notes",
        "2027-01-08",
    )
    assert tasks(sandbox, "Tundra Mining") == []
    told = ran.do("why-not", "Aurora Freight", "--rule", "unhappy_decision_maker").talk
    assert "silenced by a person's outcome until 2027-05-25" in told
