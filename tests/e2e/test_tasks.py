"""Tasks as people meet them in the CRM: whose they are, when they come, when they go, and that none comes twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from .stage import Project, Sandbox, keys, made, started
from .test_sagas import merge

pytestmark = [pytest.mark.slow]

FIELDS = "Id, Subject, WhatId, WhoId, OwnerId, ActivityDate, Priority, Status, IsClosed, Description, CS_Key__c, CS_Rule__c"


def record(sandbox: Sandbox, name: str) -> str:
    return str(sandbox.soql(f"SELECT Id FROM Account WHERE Name = '{name}'")[0]["Id"])


def tasks(sandbox: Sandbox, name: str) -> list[dict[str, Any]]:
    return sandbox.soql(f"SELECT {FIELDS} FROM Task WHERE WhatId = '{record(sandbox, name)}'")


def change(sandbox: Sandbox, name: str, id_: str, **fields: Any) -> None:
    """As a person changes a record."""
    sandbox.call("salesforce", "PATCH", f"/services/data/v67.0/sobjects/{name}/{id_}", json=fields)


Tasks = dict[str, list[dict[str, Any]]]


@dataclass
class Week:
    """Some days at the demo company: what people did, and every task as it was after the run of each day."""

    sandbox: Sandbox
    project: Project
    days: list[Tasks] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    people: list[dict[str, Any]] = field(default_factory=list)
    successor: str = ""

    def run(self) -> None:
        self.runs.append(dict(self.project.do("run", "--json", code=None).json))
        self.days.append({name: tasks(self.sandbox, name) for name in WATCHED})
        self.days[-1]["unowned"] = self.sandbox.soql(
            f"SELECT {FIELDS} FROM Task WHERE CS_Rule__c = 'unowned'"
        )
        (row,) = self.sandbox.soql("SELECT CS_Health_Score__c FROM Account WHERE Name = 'Willow Media'")
        self.scores.append(row["CS_Health_Score__c"])

    def task(self, name: str, day: int) -> dict[str, Any]:
        (found,) = self.days[day][name]
        return found

    def judge(self, name: str, said: str) -> None:
        """As its CSM sees an account today."""
        day = self.sandbox.control("GET", "/clock")["now"][:10]
        who = record(self.sandbox, name)
        change(self.sandbox, "Account", who, CS_CSM_Judgement__c=said, CS_CSM_Judgement_On__c=day)


WATCHED = (
    "Aurora Freight", "Ember Retail", "Tundra Mining", "Kestrel Energy", "Violet Care", "Willow Media",
    "Maple Robotics Works",
)  # fmt: skip


@contextmanager
def lived(folder: Path, env: dict[str, str], *judged: str) -> Iterator[Week]:
    """Two days, and one more for each time that Willow is judged."""
    with started(folder, env, accounts=20) as sandbox:
        made_ = Week(sandbox, made(sandbox, folder / "project", env))
        _first(made_)
        _second(made_)
        for said in judged:
            sandbox.advance("P1D")
            made_.judge("Willow Media", said)
            made_.run()
        yield made_


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory, env: dict[str, str]) -> Iterator[Week]:
    with lived(tmp_path_factory.mktemp("week"), env, "Good") as lived_:
        yield lived_


def _first(week: Week) -> None:
    """Nobody looks after Violet: a colleague stands in, and the manager hears of it."""
    query = "SELECT Id, Name, Title FROM User WHERE IsActive = true ORDER BY Id"
    week.people = week.sandbox.soql(query)
    csm = [p for p in week.people if p["Title"] == "Customer Success Manager"]
    boss = next(p for p in week.people if p["Title"] == "VP Customer Success")
    week.people = [*csm[:2], boss]
    settings = f"tasks: {{fallback_owner: {csm[0]['Name']}, manager: {boss['Name']}, risk_per_week: 50}}"
    week.project.edit("go_live: live", f"go_live: live\n{settings}")
    week.run()


def _second(week: Week) -> None:
    """People work on their tasks, a successor is named, another colleague stands in, and two accounts are merged."""
    sandbox, day = week.sandbox, week.days[0]
    change(
        sandbox,
        "Task",
        week.task("Aurora Freight", 0)["Id"],
        Status="Completed",
        CS_Outcome__c="Not relevant",
    )
    mine = {"ActivityDate": "2027-01-08", "Subject": "Call Ember", "Description": "my notes"}
    change(sandbox, "Task", week.task("Ember Retail", 0)["Id"], **mine)
    path = f"/services/data/v67.0/sobjects/Task/{day['Tundra Mining'][0]['Id']}"
    sandbox.call("salesforce", "DELETE", path)
    kestrel = record(sandbox, "Kestrel Energy")
    query = f"SELECT Id, Roles FROM AccountContactRelation WHERE AccountId = '{kestrel}' AND IsActive = true"
    other = next(r["Id"] for r in sandbox.soql(query) if not r["Roles"])
    change(sandbox, "AccountContactRelation", other, Roles="Champion")
    week.project.edit(
        f"fallback_owner: {week.people[0]['Name']}", f"fallback_owner: {week.people[1]['Name']}"
    )
    merge(sandbox, record(sandbox, "Maple Robotics Works"), record(sandbox, "Maple Robotics"))
    sandbox.advance("P1D")
    week.run()


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


def test_kestrels_task_closes_when_a_successor_is_named(week: Week) -> None:
    assert "champion left" in week.task("Kestrel Energy", 0)["Subject"]
    task = week.task("Kestrel Energy", 1)
    assert (task["IsClosed"], task["Status"]) == (True, "Completed")
    assert task["Description"].startswith("Closed on 26 Nov 2026: its reason is gone; health is 9")


def test_violets_task_finds_an_owner_and_is_handed_on_not_made_anew(week: Week) -> None:
    first, second = week.task("Violet Care", 0), week.task("Violet Care", 1)
    assert (first["OwnerId"], second["OwnerId"]) == (week.people[0]["Id"], week.people[1]["Id"])
    assert first["Id"] == second["Id"]


def test_those_without_an_owner_are_in_one_task_for_the_manager(week: Week) -> None:
    for day in range(len(week.days)):
        task = week.task("unowned", day)
        assert (task["OwnerId"], task["WhatId"]) == (week.people[2]["Id"], None)
        assert "Violet Care" in task["Description"]
        assert task["Subject"].endswith("– no active owner")


def hovered(week: Week, *low: bool) -> None:
    """Willow's score was below the edge or not, day by day, and it has one task that stays open."""
    assert [score < 50 for score in week.scores] == [*low]
    assert {len(day["Willow Media"]) for day in week.days[1:]} == {1}
    assert week.days[0]["Willow Media"] == [], "a score near the edge waits for a second day"
    assert not any(day["Willow Media"][0]["IsClosed"] for day in week.days[1:])


def test_willow_hovers_and_has_one_task(week: Week) -> None:
    hovered(week, True, True, False)


@pytest.mark.long
def test_willow_hovers_for_days_and_has_one_task(tmp_path: Path, env: dict[str, str]) -> None:
    with lived(tmp_path, env, "Good", "Concerned", "Good") as week:
        hovered(week, True, True, False, True, False)


def test_maples_task_is_on_the_winner_also_when_the_other_one_had_it(week: Week) -> None:
    found = week.sandbox.soql(f"SELECT {FIELDS} FROM Task WHERE Subject LIKE 'Risk: Maple%'")
    winner = record(week.sandbox, "Maple Robotics Works")
    assert [(t["WhatId"], t["IsClosed"]) for t in found] == [(winner, False)]
    shown = week.project.do("relationships", "Maple Robotics Works", "--json").json["relationships"]
    assert {r["product"] for r in shown} == {"Planner", "Signals"}


def test_a_persons_outcome_edits_and_deletion_win(week: Week) -> None:
    for day in week.days[1:]:
        (aurora,), (ember,) = day["Aurora Freight"], day["Ember Retail"]
        assert aurora["Id"] == week.task("Aurora Freight", 0)["Id"], "closed there is closed here"
        kept = (ember["Subject"], ember["Description"], ember["ActivityDate"])
        assert kept == ("Call Ember", "my notes", "2027-01-08")
        assert day["Tundra Mining"] == []
    told = week.project.do("why-not", "Aurora Freight", "--rule", "unhappy_decision_maker").talk
    assert "renewal_at_risk comes first" in told, "what somebody called not relevant speaks last"


def test_no_task_is_there_twice(week: Week) -> None:
    found = keys(week.sandbox)
    assert len(found) == len(set(found))


@pytest.mark.long
def test_zephyr_was_red_before_the_start(tmp_path: Path, env: dict[str, str]) -> None:
    with started(tmp_path, env, "--as-of", "2026-11-03", accounts=20) as sandbox:
        project = made(sandbox, tmp_path / "project", env)
        project.edit("go_live: live", "go_live: observe\ntasks:\n  risk_per_week: 1")
        watched = project.do("run", "--json", code=None).json
        assert (watched["tasks"]["opened"], keys(sandbox)) == (0, [])
        assert watched["held"] == {"observing": watched["tasks"]["held_back"]} | watched["held"]
        assert "Zephyr Air · Signals" in [w["name"] for w in watched["waiting"]]
        sandbox.advance("P14D")
        assert any("go_live: live" in note for note in project.do("run", "--json", code=None).json["notes"])
        assert keys(sandbox) == []
        project.edit("go_live: observe", "go_live: live")
        live = project.do("run", "--json", code=None).json
        held = [w["why"] for w in live["waiting"] if w["name"] == "Zephyr Air · Signals"]
        assert held in ([], ["over this week's budget"])
        assert len(tasks(sandbox, "Zephyr Air")) + len(held) == 1, "in the top, or held back by name"
        risks = sandbox.soql("SELECT OwnerId FROM Task WHERE CS_Call_Type__c = 'Risk'")
        owners = [t["OwnerId"] for t in risks]
        assert len(owners) == len(set(owners)) > 0
