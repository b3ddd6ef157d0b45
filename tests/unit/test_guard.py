"""May it be done: every limit of every connection, what is usual, and what a changed project may not do unseen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from cs_connector.act import switch
from cs_connector.act.guarding import guard, past
from cs_connector.act.guarding.begun import never_told
from cs_connector.act.guarding.guard import Check
from cs_connector.act.guarding.past import Past
from cs_connector.config.settings import Safety
from cs_connector.errors import GuardStopped
from cs_connector.store.state import State
from cs_connector.store.tables import written
from cs_connector.testing import FixedClock

Field = tuple[str, str, Any, Any]  # their field, our column, before, after


class Plan:
    """The tables of a plan, filled by hand: `there` says how many records each object has in the CRM."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        self.con.execute(
            "CREATE TABLE plan_change(connection VARCHAR, object VARCHAR, source VARCHAR, key VARCHAR, action VARCHAR, "
            "key_field VARCHAR, record_id VARCHAR, fields VARCHAR, associate VARCHAR, reason VARCHAR); "
            "CREATE TABLE target(connection VARCHAR, object VARCHAR, source VARCHAR, records BIGINT, existing BIGINT); "
            "CREATE TABLE wanted_account(key VARCHAR, account_id VARCHAR, customer_status VARCHAR, driver VARCHAR); "
            "CREATE TABLE wanted_call(key VARCHAR, owner_user_id VARCHAR, opened_on DATE); "
            "CREATE TABLE link(entity_id VARCHAR, entity VARCHAR, connection VARCHAR)"
        )

    def there(self, name: str, source: str, existing: int, connection: str = "sales") -> None:
        values = [connection, name, source, existing, existing]
        self.con.execute("INSERT INTO target VALUES (?, ?, ?, ?, ?)", values)

    def change(
        self, number: int, source: str, *fields: Field, new: bool = False, connection: str = "sales"
    ) -> None:
        name = {"account": "Account", "relationship": "Relationship", "call": "Task"}[source]
        told = json.dumps([{"f": f, "c": c, "a": a, "b": b} for f, c, a, b in fields])
        values = [connection, name, source, f"k{number}", None if new else f"r{number}", told]
        self.con.execute(
            "INSERT INTO plan_change VALUES (?, ?, ?, ?, 'upsert', NULL, ?, ?, NULL, NULL)", values
        )

    def stopped(self, changed: tuple[str, ...] = (), before: Past = Past(), **limits: Any) -> list[str]:  # noqa: B008
        return [c.rule for c in guard.broken(self.checks(changed, before, **limits))]

    def checks(self, changed: tuple[str, ...] = (), before: Past = Past(), **limits: Any) -> list[Check]:  # noqa: B008
        return guard.inspect(self.con, Safety(**limits), before, changed)


@pytest.fixture
def plan() -> Iterator[Plan]:
    made = Plan()
    made.there("Account", "account", 100)
    made.there("Relationship", "relationship", 100)
    made.there("Task", "call", 30)
    yield made
    made.con.close()


SCORE, BAND = ("Score", "score", "70", "40"), ("Band", "band", "Green", "Red")
RENEWAL, ARR = ("Renewal", "renewal_on", "2027-01-31", "2026-01-31"), ("ARR", "arr", "1200.00", "120000.00")
REASON = ("Reason", "reason", "Green 70", "Red 40")


@pytest.mark.parametrize(
    ("source", "fields", "most", "rule"),
    [
        ("account", (SCORE,), 40, "scores moved"),
        ("relationship", (SCORE,), 40, "scores moved"),
        ("account", (BAND,), 20, "bands moved"),
        ("account", (RENEWAL,), 20, "fields changed"),
        ("relationship", (ARR,), 20, "fields changed"),
        ("account", (("Score", "score", "70", None),), 20, "scores cleared"),
        ("account", (("Renewal", "renewal_on", "2027-01-31", None),), 20, "values cleared"),
        ("relationship", (("Status", "status", "Active", "Ended"),), 20, "relationships ended"),
        ("call", (("Owner", "owner_ref", "U1", "U2"),), 20, "tasks handed over"),
    ],
)
def test_each_limit_lets_its_share_through_and_stops_one_more(
    plan: Plan, source: str, fields: tuple[Field, ...], most: int, rule: str
) -> None:
    for n in range(most):
        plan.change(n, source, *fields)
    assert plan.stopped() == []
    plan.change(most, source, *fields)
    assert rule in plan.stopped()


@pytest.mark.parametrize(("left", "stopped"), [(0, ["fields emptied"]), (1, [])])
def test_a_field_that_no_record_has_any_more_stops_even_a_few(
    plan: Plan, left: int, stopped: list[str]
) -> None:
    plan.con.execute("ALTER TABLE wanted_account ADD COLUMN cap_text VARCHAR")
    for n in range(5):
        plan.change(n, "account", ("Cap", "cap_text", "Capped at 40: gone dark", None))
    for n in range(left):
        plan.con.execute("INSERT INTO wanted_account(key, cap_text) VALUES (?, 'Capped at 40')", [f"k{n}"])
    assert plan.stopped() == stopped


def test_first_values_and_first_records_stop_nothing(plan: Plan) -> None:
    plan.con.execute("UPDATE target SET existing = 0 WHERE source = 'relationship'")
    for n in range(100):
        plan.change(
            n, "account", ("Score", "score", None, "70"), ("Status", "customer_status", None, "Customer")
        )
        plan.change(1000 + n, "relationship", ("Status", "status", None, "Active"), new=True)
        plan.con.execute("INSERT INTO wanted_account VALUES (?, ?, 'Customer', 'Usage')", [f"k{n}", f"k{n}"])
        plan.con.execute("INSERT INTO link VALUES (?, 'account', 'sales')", [f"k{n}"])
    assert plan.stopped() == []


def test_first_values_of_a_field_that_was_never_ours_stop_it_once_they_are_more_than_a_few(
    plan: Plan,
) -> None:
    for n in range(4):
        plan.change(n, "account", ("Site", "score", None, "70"), ("Ours", "reason", None, "fine"))
        plan.change(n, "relationship", ("Site", "score", None, "70"), new=True)
    checks = {
        changed: [
            (c.rule, c.figure, c.limit, c.detail)
            for c in guard.inspect(plan.con, Safety(), changed=changed, begins=lambda _c, _o, f: f == "Site")
            if c.rule == "fields begun"
        ]
        for changed in ((), ("mappings/salesforce.yml",))
    }
    assert checks[()] == [("fields begun", 4, 20, "Account.Site 4")]
    assert checks["mappings/salesforce.yml",] == [("fields begun", 4, 3, "Account.Site 4")]


def test_a_field_is_begun_where_we_wrote_and_never_a_value_of_it(state: State) -> None:
    def told(record: str, name: str, fields: dict[str, Any]) -> None:
        row = {"connection": "sales", "object": name, "record_id": record, "name": "k", "fields": fields}
        with state.begin() as db:
            db.execute(sa.insert(written).values(row | {"before": {}, "run": "R", "at": FixedClock().now()}))

    def begun(name: str, field: str, connection: str = "sales") -> bool:
        with state.read() as db:
            return never_told(db, connection, name, field)

    assert not begun("Account", "Site"), "nothing was written yet: a first run begins nothing"
    told("1", "Account", {"Score": "70", "Note": 'a "Site": of theirs', "Gone": None})
    told("2", "Contact", {"Fax": "1"})
    assert [begun("Account", n) for n in ("Score", "Site", "Sc_re", "Gone", "Fax")] == [
        False,
        True,
        True,
        True,
        True,
    ]
    assert (begun("Contact", "Fax"), begun("Account", "Score", "other")) == (False, False)


def test_relationships_that_are_made_anew_beside_the_old_ones_stop_it(plan: Plan) -> None:
    for n in range(21):
        plan.change(n, "relationship", ("Status", "status", None, "Active"), new=True)
    assert plan.stopped() == ["relationships created"]


def test_accounts_that_become_customers_are_held_against_those_that_are(plan: Plan) -> None:
    for n in range(100):
        plan.con.execute("INSERT INTO wanted_account VALUES (?, ?, 'Customer', 'Usage')", [f"k{n}", f"k{n}"])
        plan.con.execute("INSERT INTO link VALUES (?, 'account', 'sales')", [f"k{n}"])
    for n in range(21):
        plan.change(n, "account", ("Status", "customer_status", None, "Customer"))
    (check,) = guard.broken(plan.checks())
    assert (check.rule, check.figure, check.limit) == ("customers gained", 21, 20)


def test_one_crm_that_is_overwritten_is_not_made_up_for_by_others_that_are_not(plan: Plan) -> None:
    plan.there("companies", "account", 10_000, "marketing")
    for n in range(41):
        plan.change(n, "account", SCORE)
    (check,) = guard.broken(plan.checks())
    assert (check.connection, check.rule, check.limit) == ("sales", "scores moved", 40)


def test_sentences_may_change_for_all_unless_the_files_of_the_project_did(plan: Plan) -> None:
    for n in range(100):
        plan.change(n, "account", REASON)
    assert plan.stopped() == []
    assert plan.stopped(("scorecards/standard.yml",)) == ["fields changed"]


def test_the_message_names_fields_figures_files_and_what_to_do(plan: Plan) -> None:
    for n in range(60):
        plan.change(n, "account", RENEWAL, *((ARR,) if n < 50 else ()), SCORE)
        driver = "Usage" if n < 55 else "None"  # what the field says where nothing costs points
        plan.con.execute(
            "INSERT INTO wanted_account VALUES (?, ?, 'Customer', ?)", [f"k{n}", f"k{n}", driver]
        )
    with pytest.raises(GuardStopped) as caught:
        guard.enforce(plan.checks(("mappings/salesforce.yml",)), ["mappings/salesforce.yml"])
    said = caught.value
    assert said.what == "the plan was stopped by 2 safety limits"
    assert (
        "sales: 60 records whose score changes, at most 40 allowed (most points are lost by Usage 55)"
        in said.why
    )
    assert "Account.Renewal 60, Account.ARR 50" in said.why
    assert said.why.startswith("changed since the last write: mappings/salesforce.yml; sales: ")
    assert "mend mappings/salesforce.yml" in said.fix
    assert "apply --approve" in said.fix


MOVED = ("Score", "score", "70", "62")


def test_when_a_month_ends_most_scores_may_move_a_little_and_some_bands(plan: Plan) -> None:
    nights = usual("bands moved", 0, 1, 0, 2, 0)
    plan.con.execute("UPDATE target SET existing = 1000")
    for n in range(900):
        plan.change(n, "account", MOVED, REASON, *((BAND,) if n < 120 else ()))
    assert plan.stopped(before=nights) == []
    assert {"scores changed", "fields changed"} <= {*plan.stopped(("a.yml",), nights)}


@pytest.mark.parametrize(
    ("before", "after", "far"), [("70", "56", 0), ("70", "55", 1), ("70", "85.0", 1), ("?", "70", 1)]
)
def test_a_score_moves_far_from_fifteen_points_on_or_when_it_is_none(
    plan: Plan, before: str, after: str, far: int
) -> None:
    plan.change(1, "account", ("Score", "score", before, after))
    assert {c.rule: c.figure for c in plan.checks()}["scores moved"] == far


@pytest.mark.parametrize(
    ("source", "fields", "rule"),
    [
        ("account", (MOVED,), "scores changed"),
        ("account", (BAND,), "bands moved"),
        ("account", (REASON,), "fields changed"),
        ("account", (("Score", "score", "70", None),), "scores cleared"),
        ("relationship", (("Status", "status", "Active", "Ended"),), "relationships ended"),
        ("call", (("Owner", "owner_ref", "U1", "U2"),), "tasks handed over"),
    ],
)
def test_a_small_crm_may_move_whole_unless_a_file_has_changed(
    plan: Plan, source: str, fields: tuple[Field, ...], rule: str
) -> None:
    plan.con.execute("UPDATE target SET existing = if(source = ?, 15, 0)", [source])
    for n in range(3):
        plan.change(n, source, *fields)
    assert plan.stopped(("a.yml",)) == []
    plan.change(3, source, *fields)
    assert rule in plan.stopped(("a.yml",))
    for n in range(4, 15):
        plan.change(n, source, *fields)
    assert plan.stopped() == []


def test_three_customers_with_their_relationships_may_move_after_a_change(plan: Plan) -> None:
    plan.con.execute("UPDATE target SET existing = if(source IN ('account', 'relationship'), 3, 0)")
    for n in range(3):
        plan.change(n, "account", MOVED)
        plan.change(n, "relationship", MOVED)
    assert plan.stopped(("a.yml",)) == []
    assert plan.stopped(("a.yml",), max_changed_share=0) == ["scores changed"]
    plan.change(3, "relationship", MOVED)
    assert plan.stopped(("a.yml",)) == ["scores changed"]


def test_a_smaller_number_of_ones_own_holds_after_a_change_too(plan: Plan) -> None:
    for n in range(3):
        plan.change(n, "account", ("Score", "score", "70", None))
    assert plan.stopped(("a.yml",), max_cleared=2) == ["scores cleared"]


def test_a_larger_number_of_ones_own_is_always_allowed_but_not_after_a_change(plan: Plan) -> None:
    for n in range(40):
        plan.change(n, "account", ("Score", "score", "70", None))
    assert plan.stopped(max_cleared=40) == []
    assert plan.stopped(before=usual("scores cleared", 0, 0, 0, 0, 0), max_cleared=40) == []
    assert plan.stopped(max_cleared=39) == ["scores cleared"]
    (check,) = guard.broken(plan.checks(("a.yml",), max_cleared=40))
    assert check.limit == 3


def usual(rule: str, *counts: float) -> Past:
    return Past(tuple({"sales": {rule: count}} for count in counts), {})


def test_far_more_than_usual_stops_a_plan_that_every_share_lets_through(plan: Plan) -> None:
    plan.con.execute("UPDATE target SET existing = 2000")
    for n in range(60):
        plan.change(n, "account", RENEWAL)
    assert plan.stopped() == []
    assert plan.stopped(before=usual("fields changed", 10, 2, 3)) == []  # too few to say what is usual
    (check,) = guard.broken(plan.checks(before=usual("fields changed", 10, 2, 3, 9, 8)))
    assert (check.limit, check.detail) == (40, "Account.Renewal 60; usual are 8")
    assert plan.stopped(before=usual("fields changed", 10, 2, 3, 9, 8), max_times_usual=8) == []


def test_a_busy_monday_makes_more_tasks_than_a_usual_night(plan: Plan) -> None:
    plan.con.execute("UPDATE target SET existing = 1000")
    for n in range(100):
        plan.change(n, "call", ("Subject", "subject", None, "Risk"), new=True)
    nights = usual("tasks created", 3, 2, 2, 4, 1)
    assert plan.stopped(before=nights) == []
    plan.change(100, "call", ("Subject", "subject", None, "Risk"), new=True)
    assert plan.stopped(before=nights) == ["tasks created"]


def test_tasks_for_a_fifth_of_the_customers_are_too_many_once_there_were_tasks(plan: Plan) -> None:
    for n in range(21):
        plan.change(n, "call", ("Subject", "subject", None, "Risk"), new=True)
    assert plan.stopped() == []
    assert plan.stopped(before=usual("tasks created", 3)) == ["tasks created"]


def test_scores_of_another_day_are_not_written() -> None:
    today = date(2026, 11, 25)
    assert guard.dated(today, today).ok
    assert guard.dated(today - timedelta(1), today).ok
    assert not guard.dated(today + timedelta(2), today).ok


# What is kept


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(f"sqlite:///{tmp_path / 'state.db'}", FixedClock())
    yield opened
    opened.close()


def test_the_last_ten_plans_tell_what_is_usual_and_the_newest_which_files_it_had(state: State) -> None:
    now = state.clock.now()
    with state.begin() as db:
        for n in range(15):
            past.keep(db, f"R{n}", {"a.yml": str(n)}, {"sales": {"bands moved": n}}, now)
        found = past.read(db)
    assert [f["sales"]["bands moved"] for f in found.figures] == list(range(14, 4, -1))
    assert found.usual("sales", "bands moved") == 9.5
    assert found.changed({"a.yml": "14"}) == []
    assert found.changed({"a.yml": "13", "b.yml": "1"}) == ["a.yml", "b.yml"]


def test_nothing_has_changed_before_the_first_plan() -> None:
    assert Past().changed({"a.yml": "1"}) == []


def test_the_switch_says_who_stopped_it_and_why_until_somebody_allows_it(state: State) -> None:
    now = state.clock.now()
    with state.begin() as db:
        assert switch.stopped(db) is None
        switch.stop(db, "wrong weights", "ada", now)
        assert switch.stopped(db) == f"ada stopped all writes on {now:%Y-%m-%d %H:%M} UTC: wrong weights"
        switch.allow(db, "bob", now)
        assert switch.stopped(db) is None
        assert [turn.who for turn in switch.history(db, 10)] == ["bob", "ada"]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("tasks created", "1 new task"),
        ("tasks handed over", "1 open task that gets another owner"),
        ("scores cleared", "1 record that loses its score"),
        ("customers gained", "1 account that becomes a customer"),
        ("records deleted", "1 record that is deleted"),
        ("fields emptied", "1 field that no record has a value of any more"),
        ("relationships ended", "1 relationship record that ends"),
        ("fields changed", "1 record in which one field is overwritten"),
        ("as of", "1 day between today and the day that is written"),
    ],
)
def test_one_is_told_as_one(rule: str, told: str) -> None:
    assert str(guard.Check(rule, 1, 0, guard.TEXTS[rule])) == f"{told}, at most 0 allowed"
    assert str(guard.Check(rule, 2, 0, guard.TEXTS[rule])).startswith(f"2 {guard.TEXTS[rule]}, ")
