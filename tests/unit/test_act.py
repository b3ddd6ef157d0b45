"""What is written is what differs; calls open once, within a budget, and close; what was sent is on record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from cs_connector.act import plan
from cs_connector.act.calling import calls
from cs_connector.act.calling.desk import Desk as Facts
from cs_connector.act.calling.desk import Round, business_day
from cs_connector.act.calling.desk import key as key_of
from cs_connector.act.guarding import guard
from cs_connector.config.settings import Safety
from cs_connector.errors import GuardStopped
from cs_connector.store import tables
from cs_connector.store.state import State
from cs_connector.testing import FixedClock

from .act_kit import TODAY, Tables, rows, rule, settings


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def state(tmp_path: Path, clock: FixedClock) -> Iterator[State]:
    opened = State(f"sqlite:///{tmp_path / 'state.db'}", clock)
    yield opened
    opened.close()


@pytest.fixture
def crm(state: State) -> Iterator[Tables]:
    made = Tables(state)
    yield made
    made.con.close()


# What differs


def test_what_the_crm_says_already_is_not_written(crm: Tables) -> None:
    crm.account()
    assert crm.plan() == []


@pytest.mark.parametrize(
    "same",
    [
        {"Health_Score": "70"},
        {"Health_Score": 70.0},
        {"Coverage": "80.0"},
        {"ARR": "1200.00"},
        {"ARR": 1200.001},
        {"Renewal": "2027-01-31T00:00:00.000Z"},
        {"Reason": "  fine "},
    ],
)
def test_numbers_dates_and_texts_are_compared_by_what_they_mean(crm: Tables, same: dict[str, Any]) -> None:
    crm.account(crm=same)
    assert crm.plan() == []


def test_a_text_that_is_too_long_is_cut_once_with_an_ellipsis(crm: Tables) -> None:
    crm.account(crm={"Reason": "x" * 19 + "…"}, reason="x" * 30)
    assert crm.plan() == []


def test_a_text_is_cut_by_what_the_vendors_count(crm: Tables) -> None:
    crm.account(reason="🙂" * 11)
    assert crm.fields()["Reason"] == ("fine", "🙂" * 8 + "…")


@pytest.mark.parametrize(
    ("theirs", "name", "change"),
    [
        ({"Health_Score": 71}, "Health_Score", ("71", "70")),
        ({"ARR": 1200.01}, "ARR", ("1200.01", "1200.00")),
        ({"Renewal": "2027-02-01"}, "Renewal", ("2027-02-01", "2027-01-31")),
        ({"Reason": None}, "Reason", (None, "fine")),
        ({"Reason": ""}, "Reason", (None, "fine")),
        ({"Health_Band": "Red"}, "Health_Band", ("Red", "Green")),
        ({"Health_Score": "n/a"}, "Health_Score", (None, "70")),
    ],
)
def test_only_the_field_that_differs_is_written(
    crm: Tables, theirs: dict[str, Any], name: str, change: tuple[str | None, str | None]
) -> None:
    crm.account(crm=theirs)
    fields = crm.fields()
    assert fields.pop(name) == change
    assert set(fields) <= {"Changed_On"}


def test_the_date_of_change_moves_only_with_health(crm: Tables) -> None:
    crm.account(1, crm={"ARR": 1})
    crm.account(2, crm={"Health_Score": 1})
    first, second = crm.plan()
    assert [f[0] for f in first.fields] == ["ARR"]
    assert ("Changed_On", "2026-11-01", "2026-11-25") in second.fields


def test_a_value_that_is_not_known_any_more_is_cleared(crm: Tables) -> None:
    crm.account(score=None)
    assert crm.fields()["Health_Score"] == ("70", None)


def test_two_plans_of_the_same_have_the_same_digest_and_another_value_has_another(crm: Tables) -> None:
    crm.account(1, crm={"ARR": 1})
    crm.account(2, crm={"ARR": 2})
    first = crm.plan()
    assert plan.digest(first) == plan.digest(crm.plan())
    edited = replace(first[0], fields=(("ARR", "1.00", "9.00"),))
    assert plan.digest([edited, *first[1:]]) != plan.digest(first)


def test_a_frozen_plan_is_the_same_when_it_is_read_again(crm: Tables, tmp_path: Path) -> None:
    crm.account(1, crm={"ARR": 1, "Reason": None})
    crm.call()
    planned = crm.plan()
    plan.freeze(crm.con, tmp_path / "plans" / "p.parquet")
    assert list(plan.thaw(tmp_path / "plans" / "p.parquet")) == planned


def test_a_new_task_has_its_key_owner_and_account(crm: Tables) -> None:
    crm.account()
    crm.call()
    (task,) = crm.plan()
    assert (task.action, task.key, task.key_field, task.record_id) == ("upsert", "K1", "Key", None)
    assert task.associate == (("Account", "r1"),)
    assert task.values == {"Subject": "Risk: Acme", "Description": "call them", "Owner": "U-1"}


def test_a_task_of_somebody_whom_the_crm_does_not_know_is_not_made(crm: Tables) -> None:
    """Without an owner it would be of the login that writes."""
    crm.account()
    crm.call("known")
    crm.call("unknown", owner="u2")
    assert [change.key for change in crm.plan() if change.object == "Task"] == ["known"]


def test_tasks_go_only_to_their_home(crm: Tables) -> None:
    crm.account()
    crm.call()
    assert crm.plan(home="elsewhere") == []


SENT = {"Subject": "Risk: Acme", "Description": "call them", "Owner": "U-1"}


def test_of_a_task_that_was_sent_only_movable_fields_change(crm: Tables) -> None:
    crm.account()
    crm.record("Task", "t1", SENT | {"Key": "K1"})
    crm.call(written=SENT, subject="Other", description="call them now")
    assert crm.fields() == {"Description": ("call them", "call them now")}


@pytest.mark.parametrize("theirs", [{"Description": "my own notes"}, {"Closed": True}])
def test_a_task_that_a_person_edited_or_closed_is_left_alone(crm: Tables, theirs: dict[str, Any]) -> None:
    crm.account()
    crm.record("Task", "t1", SENT | {"Key": "K1"} | theirs)
    crm.call(written=SENT, description="call them now")
    assert crm.plan() == []


# May it be done?


def checks(crm: Tables, **limits: Any) -> dict[str, guard.Check]:
    return {c.rule: c for c in guard.inspect(crm.con, Safety(**limits))}


def test_a_plan_within_its_limits_is_let_through(crm: Tables) -> None:
    crm.account(crm={"Health_Score": 1})
    crm.call()
    crm.plan()
    found = checks(crm)
    assert (found["scores moved"].figure, found["tasks created"].figure) == (1, 1)
    guard.enforce(list(found.values()))


def test_too_many_changed_scores_stop_a_plan_and_first_scores_do_not(crm: Tables) -> None:
    for n in range(1, 31):
        crm.account(n, crm={"Health_Score": 1 if n <= 21 else None})
    crm.plan()
    check = checks(crm)["scores moved"]
    assert (check.figure, check.limit, check.ok) == (21, 20, False)
    with pytest.raises(GuardStopped, match="safety limit") as caught:
        guard.enforce([check])
    assert "21 records whose score moves 15 points or more" in caught.value.why


def test_scores_that_are_lost_are_counted_one_by_one(crm: Tables) -> None:
    for n in (1, 2, 3):
        crm.account(n, score=None if n < 3 else 70, reason=None)
    crm.plan()
    check = checks(crm, max_cleared=1, max_cleared_share=0)["scores cleared"]
    assert (check.figure, check.ok) == (2, False)


@pytest.mark.parametrize(("limits", "stopped"), [({}, []), ({"max_created": 2}, ["tasks created"])])
def test_new_tasks_are_limited_in_all(crm: Tables, limits: dict[str, int], stopped: list[str]) -> None:
    crm.account()
    for n in range(3):
        crm.call(f"K{n}")
    crm.plan()
    assert [name for name, check in checks(crm, **limits).items() if not check.ok] == stopped


def test_new_tasks_are_limited_for_each_owner(crm: Tables) -> None:
    crm.account()
    for n in range(4):
        crm.call(f"K{n}", owner="u1" if n else "u2")
    crm.plan()
    check = checks(crm, max_tasks_per_owner=2)["tasks per owner"]
    assert (check.figure, check.ok) == (3, False)


@pytest.mark.parametrize(("day", "figure"), [(TODAY, 3), (TODAY - timedelta(days=1), 2)])
def test_tasks_that_an_owner_got_the_same_day_count_with_the_new_ones(
    crm: Tables, day: date, figure: int
) -> None:
    crm.account()
    for n in range(3):
        crm.call(f"old{n}", opened_on=day, owner="u1" if n == 0 else "u2")
        crm.record("Task", f"t{n}", {"Key": f"old{n}", "Subject": "Risk: Acme", "Text": "call them"})
    crm.call("new0")
    crm.call("new1")
    crm.plan()
    check = checks(crm, max_tasks_per_owner=2)["tasks per owner"]
    assert (check.figure, check.ok) == (figure, figure <= 2)


# Calls


class Desk:
    """Rounds of calls over candidates; every relationship is of an account of its own."""

    def __init__(self, state: State) -> None:
        self.state, self.con = state, duckdb.connect()
        self.rules = {"fell": rule(), "praise": rule(rule="praise", type="Advocacy", cool_down_days=0)}
        self.home: str | None = "crm"
        self.settings = settings()
        self.sends = True
        self.undecided: list[tuple[str, str]] = []
        self.deleted: list[str] = []
        self.facts: dict[str, Any] = {}
        self.places: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.money: dict[str, tuple[int, str]] = {}
        self.alike = False

    def round(
        self, *who: str, day: date = TODAY, tasks: Mapping[str, str] | None = None, **more: Any
    ) -> Round:
        """One round: `who` is relationship or relationship:rule, the largest first, or all as large."""
        self.con.execute(
            "CREATE OR REPLACE TABLE candidate(rule VARCHAR, rank INTEGER, type VARCHAR, relationship_id VARCHAR, account_id VARCHAR);"
            "CREATE OR REPLACE TABLE standing(relationship_id VARCHAR, name VARCHAR, account_name VARCHAR, arr DECIMAL(18,2), currency VARCHAR, "
            "reason VARCHAR, owner_user_id VARCHAR, renewal_manager_user_id VARCHAR, sales_owner_user_id VARCHAR, renewal_on DATE, "
            "alerts_paused_until DATE, score BIGINT, band VARCHAR);"
            "CREATE OR REPLACE TABLE task(key VARCHAR, closed BOOLEAN, outcome VARCHAR, status VARCHAR, account_id VARCHAR);"
            "CREATE OR REPLACE TABLE link(entity_id VARCHAR, entity VARCHAR, connection VARCHAR);"
            "INSERT INTO link VALUES ('u1', 'user', 'crm'), ('u2', 'user', 'crm'), ('sales', 'user', 'crm');"
            "CREATE OR REPLACE TABLE deleted_task(record_id VARCHAR);"
            "CREATE OR REPLACE TABLE undecided(relationship_id VARCHAR, rule VARCHAR)"
        )
        for name, chosen in self.undecided:
            self.con.execute("INSERT INTO undecided VALUES (?, ?)", [name, chosen])
        for record in self.deleted:
            self.con.execute("INSERT INTO deleted_task VALUES (?)", [record])
        given = {"reason": "usage fell", "owner": "u1", "renewal_on": None, "paused": None} | more
        for n, text in enumerate(who):
            name, _, chosen = text.partition(":")
            found = self.rules[chosen or "fell"]
            self.con.execute(
                "INSERT INTO candidate VALUES (?, ?, ?, ?, ?)",
                [found.rule, 1, found.type, name, self.account(name)],
            )
            self.con.execute("INSERT INTO link VALUES (?, 'account', 'crm')", [self.account(name)])
            self.con.execute(
                "INSERT INTO standing VALUES (?, ?, ?, ?, ?, ?, ?, NULL, 'sales', ?, ?, 40, 'red')",
                [name, f"Rel {name}", self.names.get(name, f"Acme {name}"), *self.money.get(name, (1000 - n * (not self.alike), "USD")),
                 given["reason"], given["owner"], given["renewal_on"], given["paused"]],
            )  # fmt: skip
        for key, outcome in (tasks or {}).items():
            self.con.execute("INSERT INTO task VALUES (?, TRUE, ?, 'Completed', NULL)", [key, outcome])
        for key, account in self.places.items():
            self.con.execute("INSERT INTO task VALUES (?, FALSE, NULL, NULL, ?)", [key, account])
        desk = Facts(self.settings, "install", self.home, day, self.rules, **self.facts)
        with self.state.begin() as db:
            done = calls.decide(self.con, db, desk)
            table = tables.calls
            if self.sends:
                unsent = (table.c.state == "open") & table.c.record_id.is_(None)
                db.execute(sa.update(table).where(unsent).values(record_id="T-" + table.c.key))
        return done

    def account(self, name: str) -> str:
        """`big@acme` is a relationship of the account acme; others have an account of their own."""
        return f"a-{name.partition('@')[2] or name}"

    @property
    def calls(self) -> list[Any]:
        return sorted(rows(self.state, tables.calls), key=lambda c: (c.relationship_id, c.episode))


@pytest.fixture
def desk(state: State) -> Iterator[Desk]:
    made = Desk(state)
    yield made
    made.con.close()


def later(days: int) -> date:
    return TODAY + timedelta(days=days)


def test_an_episode_opens_one_call_however_often_it_is_looked_at(desk: Desk) -> None:
    assert [desk.round("r1", day=later(n)).opened for n in range(3)] == [1, 0, 0]
    (call,) = desk.calls
    assert (call.state, call.episode, call.owner_user_id) == ("open", 1, "u1")
    assert (call.opened_on, call.due_on) == (TODAY, date(2026, 11, 30))
    assert call.sent["subject"] == "Risk: Acme r1 – health fell"


def test_the_key_of_a_call_is_known_before_and_says_nothing() -> None:
    key = key_of("install", "crm", "Risk", "r1", 1)
    assert key == key_of("install", "crm", "Risk", "r1", 1)
    assert len(key) == 26
    others = [("other", "crm", "Risk", "r1", 1), ("install", "b", "Risk", "r1", 1), ("install", "crm", "Trial", "r1", 1),
              ("install", "crm", "Risk", "r2", 1), ("install", "crm", "Risk", "r1", 2)]  # fmt: skip
    assert len({key, *(key_of(*other) for other in others)}) == 6


def test_a_call_closes_when_its_cause_is_gone_and_cools_down(desk: Desk) -> None:
    desk.round("r1")
    assert desk.round(day=later(5), tasks={desk.calls[0].key: "Worked"}).closed == 1
    assert desk.calls[0].closed_why == "closed in the CRM: Worked"
    over = {desk.calls[0].key: "Worked"}
    assert desk.round("r1", day=later(34), tasks=over).held == Counter({"cooling down": 1})
    assert desk.round("r1", day=later(35), tasks=over).opened == 1
    assert [(c.episode, c.state) for c in desk.calls] == [(1, "closed"), (2, "open")]
    assert desk.calls[0].key != desk.calls[1].key


def test_a_cause_that_comes_back_takes_up_the_task_that_is_still_open(desk: Desk) -> None:
    desk.round("r1")
    assert desk.round(day=later(5)).closed == 1
    assert desk.calls[0].closed_why == "the cause is gone"
    assert desk.round("r1", day=later(40)).opened == 0
    assert [(c.episode, c.state) for c in desk.calls] == [(1, "open")]


def test_a_task_that_a_person_deleted_is_closed_and_cools_down(desk: Desk) -> None:
    desk.round("r1")
    desk.deleted = [desk.calls[0].record_id]
    done = desk.round("r1", day=later(1))
    assert (done.closed, done.opened, done.held) == (1, 0, Counter({"cooling down": 1}))
    assert desk.calls[0].closed_why == "deleted in the CRM"


def test_what_cannot_be_judged_now_closes_nothing(desk: Desk) -> None:
    desk.round("r1")
    desk.undecided = [("r1", "fell")]
    assert desk.round(day=later(1)).closed == 0
    assert desk.calls[0].state == "open"


def test_a_day_in_the_past_is_only_looked_at(desk: Desk) -> None:
    desk.round("r1")
    done = desk.round(day=later(-100))
    assert (done.closed, done.opened) == (0, 0)
    assert desk.calls[0].state == "open"


def test_a_call_that_was_never_sent_is_decided_afresh(desk: Desk) -> None:
    desk.sends = False
    desk.round("r1")
    first = desk.calls[0]
    desk.round("r1", day=later(14))
    (call,) = desk.calls
    assert (call.key, call.opened_on, call.due_on > first.due_on) == (first.key, later(14), True)
    assert desk.round("r1", day=later(14), paused=later(20)).held == Counter({"paused by a person": 1})
    assert desk.calls == []


def test_a_cause_of_the_account_has_one_task_whichever_relationship_is_the_largest(desk: Desk) -> None:
    desk.rules["unhappy"] = rule(rule="unhappy", level="account")
    desk.round("a@acme:unhappy")
    done = desk.round("b@acme:unhappy", day=later(1))
    assert (done.opened, done.closed) == (0, 0)
    assert [c.relationship_id for c in desk.calls] == ["a@acme"]


def test_a_task_that_a_person_closed_is_not_opened_again_at_once(desk: Desk) -> None:
    desk.round("r1")
    done = desk.round("r1", day=later(1), tasks={desk.calls[0].key: "Not useful"})
    assert (done.closed, done.opened, done.held) == (1, 0, Counter({"cooling down": 1}))
    assert desk.calls[0].closed_why == "closed in the CRM: Not useful"


def test_a_new_reason_renews_the_text_and_the_same_one_does_not(desk: Desk) -> None:
    desk.round("r1")
    assert desk.round("r1").updated == 0
    assert desk.round("r1", reason="tickets wait").updated == 1
    assert "tickets wait" in desk.calls[0].sent["description"]


def test_of_as_large_customers_the_first_by_name_is_served_first_whatever_its_id(desk: Desk) -> None:
    """Ids differ between installations, and so would the tasks that a week has room for."""
    desk.settings = settings(tasks={"risk_per_week": 1})
    desk.alike, desk.names = True, {"r1": "Zenith", "r9": "Acorn"}
    desk.round("r1", "r9")
    assert [call.relationship_id for call in desk.calls] == ["r9"]


def test_a_customer_is_large_beside_others_of_its_currency(desk: Desk) -> None:
    """Amounts are not converted: nine million yen are not more than half a million dollars."""
    desk.settings = settings(tasks={"risk_per_week": 2})
    desk.money = {"yen": (9_000_000, "JPY"), "more": (20_000_000, "JPY"), "dollars": (500_000, "USD")}
    desk.round("yen", "more", "dollars")
    assert {call.relationship_id for call in desk.calls} == {"more", "dollars"}


def test_a_person_gets_so_many_calls_a_week_the_largest_first(desk: Desk) -> None:
    desk.settings = settings(tasks={"risk_per_week": 2, "opportunity_per_week": 1})
    first = desk.round("big", "middle", "small", "x:praise", "y:praise")
    assert (first.opened, first.held) == (3, Counter({"over this week's budget": 2}))
    assert {c.relationship_id for c in desk.calls} == {"big", "middle", "x"}
    assert desk.round("big", "middle", "small", "x:praise", "y:praise", day=later(1)).opened == 0
    assert desk.round("big", "middle", "small", "x:praise", "y:praise", day=later(7)).opened == 2


@pytest.mark.parametrize(
    ("changed", "more", "why"),
    [
        ({"home": None}, {}, "no home for tasks"),
        ({}, {"owner": None}, "no active owner"),
        ({}, {"paused": TODAY}, "paused by a person"),
        ({"settings": settings(go_live="observe")}, {}, "observing"),
    ],
)
def test_what_is_held_back_says_why(
    desk: Desk, changed: dict[str, Any], more: dict[str, Any], why: str
) -> None:
    for name, value in changed.items():
        setattr(desk, name, value)
    done = desk.round("r1", **more)
    assert (done.opened, done.held) == (0, Counter({why: 1}))
    assert desk.calls == []


def test_a_pause_that_is_over_holds_nothing_back(desk: Desk) -> None:
    assert desk.round("r1", paused=later(-1)).opened == 1


@pytest.mark.parametrize(
    ("renewal", "priority"), [(later(120), "High"), (later(121), "Normal"), (None, "Normal")]
)
def test_a_risk_before_a_renewal_is_urgent(desk: Desk, renewal: date | None, priority: str) -> None:
    desk.round("r1", renewal_on=renewal)
    assert desk.calls[0].priority == priority


def test_working_days_skip_weekends() -> None:
    friday = date(2026, 11, 27)
    assert [business_day(friday, n) for n in (0, 1, 5)] == [
        friday,
        date(2026, 11, 30),
        date(2026, 12, 4),
    ]


def test_no_call_is_kept_when_the_round_fails(state: State) -> None:
    with pytest.raises(sa.exc.IntegrityError), state.begin() as db:
        for _ in range(2):
            db.execute(sa.insert(tables.calls).values(key="k", rule="r", account_id="a", state="open"))
    assert rows(state, tables.calls) == []
