"""Why a rule did not fire: the parts of its condition, who comes first, and what holds a call back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from cs_connector.act.calling import firing, refusals, rules, standing, steady
from cs_connector.act.calling.conditions import examine
from cs_connector.act.calling.desk import Desk
from cs_connector.language import executor
from cs_connector.language.executor import Connection, connect
from cs_connector.language.expression import parse_condition
from cs_connector.measure.metrics import Metrics, load_metrics
from cs_connector.runner.attention import unlisted
from cs_connector.store import tables
from cs_connector.store.state import State
from cs_connector.testing import FixedClock

from .act_kit import TODAY, rule, settings
from .health_tables import SHIPPED

FELL = rule(when="value_change <= -15 OR (was_green = 1 AND value_score < 50)")
BUSY = rule(rule="busy", when="tickets_90d >= 4 AND is_red = 0", level="account", rank=2)


@pytest.fixture(scope="module")
def metrics() -> Metrics:
    return load_metrics([SHIPPED])


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(f"sqlite:///{tmp_path / 'state.db'}", FixedClock())
    yield opened
    opened.close()


@pytest.fixture
def con() -> Iterator[Connection]:
    with connect("200MB", threads=1) as made:
        made.execute(
            "CREATE TABLE account(account_id VARCHAR, name VARCHAR, arr DOUBLE, renewal_on DATE, customer_status VARCHAR, status_reason VARCHAR, "
            "currency VARCHAR DEFAULT 'USD');"
            "CREATE TABLE relationship(relationship_id VARCHAR, account_id VARCHAR, name VARCHAR, status VARCHAR, start_on DATE);"
            "CREATE TABLE task(key VARCHAR, closed BOOLEAN, outcome VARCHAR, status VARCHAR);"
            "CREATE TABLE link(entity_id VARCHAR, entity VARCHAR, connection VARCHAR);"
            "CREATE TABLE feed(entity VARCHAR, connection VARCHAR, complete BOOLEAN, watermark TIMESTAMP);"
            "INSERT INTO link VALUES ('u1', 'user', 'crm'), ('a1', 'account', 'crm'), ('a1', 'account', 'desk');"
            "INSERT INTO feed VALUES ('ticket', 'desk', TRUE, TIMESTAMP '2026-11-20');"
            "CREATE TABLE deleted_task(record_id VARCHAR);"
            "CREATE TABLE standing(relationship_id VARCHAR, account_id VARCHAR, name VARCHAR, account_name VARCHAR, arr DOUBLE, currency VARCHAR, "
            "band VARCHAR, reason VARCHAR, owner_user_id VARCHAR, renewal_manager_user_id VARCHAR, sales_owner_user_id VARCHAR, "
            "renewal_on DATE, alerts_paused_until DATE, lost BOOLEAN, is_red DOUBLE, was_green DOUBLE, value_change DOUBLE, "
            "value_score DOUBLE, value_red DOUBLE, tickets_90d DOUBLE, known_score DOUBLE DEFAULT 20, is_yellow DOUBLE, is_green DOUBLE);"
            "CREATE TABLE silenced(rule VARCHAR, relationship_id VARCHAR)"
        )
        yield made


def stands(con: Connection, name: str = "r1", **more: Any) -> None:
    """A relationship in `standing`: red, fallen by 20 points, with five tickets."""
    given = {
        "account_id": "a1", "name": f"Rel {name}", "account_name": "Acme", "arr": 100.0, "band": "red", "owner_user_id": "u1",
        "lost": False, "is_red": 1.0, "was_green": 0.0, "value_change": -20.0, "value_score": 40.0, "tickets_90d": 5.0,
    } | more  # fmt: skip
    given.setdefault("known_score", 20.0 if given["is_red"] else 80.0)
    columns = ", ".join(["relationship_id", *given])
    con.execute(f"INSERT INTO standing({columns}) VALUES (?{', ?' * len(given)})", [name, *given.values()])


def asked(
    con: Connection, state: State, metrics: Metrics, of: rules.Rule = FELL, **more: Any
) -> dict[str, Any]:
    """What is answered for r1 when both rules were judged."""
    named = {r.rule: r for r in (FELL, BUSY)}
    spoken = rules.names(sorted(metrics.by_name))
    standing.beside(con)
    firing.fire(con, [(r, executor.sql(parse_condition(r.when, spoken).tree)) for r in named.values()])
    with state.read() as db:
        steady.settle(con, db, TODAY)
    firing.choose(con, named)
    desk = Desk(settings(**more.pop("settings", {})), "install", more.pop("home", "crm"), TODAY, named)
    with state.begin() as db:
        return refusals.why_not(con, db, desk, of, metrics, "r1")


def failed(answer: dict[str, Any]) -> list[str]:
    return [check["text"] for check in answer["checks"] if not check["ok"]]


def test_a_condition_is_told_part_by_part(con: Connection, metrics: Metrics) -> None:
    stands(con, was_green=1.0, value_change=-12.0, value_score=None)
    found = examine(con, FELL.when, rules.names(sorted(metrics.by_name)), "r1")
    assert (found.holds, found.joined) == (None, "any")
    first, second = found.parts
    assert (first.text, first.holds, first.values) == ("value_change <= -15", False, {"value_change": -12})
    assert (second.joined, [part.holds for part in second.parts]) == ("all", [True, None])
    assert [part.text for part in found.missing()] == ["value_change <= -15", "value_score < 50"]


def test_the_parts_at_fault_are_named_with_their_values(
    con: Connection, state: State, metrics: Metrics
) -> None:
    stands(con, value_change=-12.0)
    answer = asked(con, state, metrics)
    assert answer["fired"] is False
    assert "value_change <= -15 does not hold: value_change is -12" in answer["because"]


def test_what_is_unknown_names_the_system_that_was_not_read(
    con: Connection, state: State, metrics: Metrics
) -> None:
    stands(con, is_red=0.0, tickets_90d=None)
    answer = asked(con, state, metrics, BUSY)
    assert answer["because"] == "tickets_90d is unknown: desk was read to 2026-11-20 only"
    assert [check["ok"] for check in answer["checks"]] == [True, None]
    con.execute("DELETE FROM feed")
    assert "no system with tickets is linked to the account" in asked(con, state, metrics, BUSY)["because"]


def test_a_metric_of_a_month_end_is_no_score_that_is_not_old_enough(
    con: Connection, state: State, metrics: Metrics
) -> None:
    con.execute("ALTER TABLE standing ADD tickets_90d_1 DOUBLE")
    stands(con)
    answer = asked(con, state, metrics, rule(when="tickets_90d >= 4 AND tickets_90d_1 >= 4"))
    assert answer["because"] == "tickets_90d_1 is unknown: it was not known at that month end"


def test_a_score_that_did_not_fall_by_what_is_left_of_it_says_so(
    con: Connection, state: State, metrics: Metrics
) -> None:
    stands(con, value_change=-3.0, lost=True)
    assert asked(con, state, metrics)["because"].endswith("not all that was known then is known now")
    assert con.execute("SELECT * FROM undecided").fetchall() == [("r1", "fell")], "so it closes no call"


def test_another_rule_or_a_larger_relationship_comes_first(
    con: Connection, state: State, metrics: Metrics
) -> None:
    stands(con, is_red=0.0)
    assert failed(asked(con, state, metrics, BUSY)) == ["fell comes first: one call of type Risk at a time"]
    con.execute("UPDATE standing SET value_change = 0, value_score = 90")
    assert failed(asked(con, state, metrics, BUSY, home=None))[0] == "no home for tasks"
    stands(con, "r2", is_red=0.0, arr=900.0, value_change=0.0, value_score=90.0)
    assert failed(asked(con, state, metrics, BUSY)) == ["it is raised once for the account, at Rel r2"]


@pytest.mark.parametrize(
    ("who", "how", "said"),
    [
        ({}, {"settings": {"go_live": "observe"}}, ["observing: go_live is not live in cs-connector.yml"]),
        ({"alerts_paused_until": TODAY}, {}, [f"paused by a person until {TODAY}"]),
        ({"owner_user_id": "gone"}, {}, ["no active owner"]),
        ({"account_id": "a2"}, {}, ["not in the system that holds tasks"]),
        ({}, {"settings": {"tasks": {"risk_per_week": 0}}}, ["over this week's budget: its owner has 0 already"]),
        ({"owner_user_id": None}, {"settings": {"go_live": "observe"}}, ["no active owner", "observing: go_live is not live in cs-connector.yml"]),
    ],
)  # fmt: skip
def test_everything_that_holds_a_call_back_is_named(
    con: Connection, state: State, metrics: Metrics, who: dict[str, Any], how: dict[str, Any], said: list[str]
) -> None:
    stands(con, **who)
    answer = asked(con, state, metrics, **how)
    assert failed(answer) == said
    assert answer["because"] == said[0]


def call(state: State, opened: date, closed: date | None = None) -> None:
    given = {"key": f"K{opened}", "rule": "fell", "type": "Risk", "account_id": "a1", "relationship_id": "r1", "opened_on": opened,
             "closed_on": closed, "state": "closed" if closed else "open", "owner_user_id": "u1", "record_id": "T1"}  # fmt: skip
    with state.begin() as db:
        db.execute(sa.insert(tables.calls).values(**given))


def test_an_open_call_a_recent_one_and_a_day_in_the_past(
    con: Connection, state: State, metrics: Metrics
) -> None:
    stands(con)
    assert asked(con, state, metrics)["because"] == refusals.READY
    call(state, TODAY - timedelta(days=20), TODAY - timedelta(days=10))
    until = TODAY + timedelta(days=20)
    assert failed(asked(con, state, metrics))[0].startswith(
        f"cooling down until {until}: the last one was closed"
    )
    call(state, TODAY)
    answer = asked(con, state, metrics)
    assert (answer["fired"], answer["because"]) == (True, f"it did: the call has been open since {TODAY}")
    with state.begin() as db:
        db.execute(
            sa.update(tables.calls).values(
                state="closed", closed_on=TODAY, opened_on=TODAY + timedelta(days=1)
            )
        )
    assert failed(asked(con, state, metrics))[0] == "calls were opened after this day: the past opens nothing"


@pytest.mark.parametrize(
    ("status", "customer", "start", "said"),
    [
        ("Ended", "Customer", None, "the relationship has ended"),
        ("Active", None, None, "the account is no customer: a partner"),
        ("Active", "Customer", TODAY + timedelta(days=3), f"it begins on {TODAY + timedelta(days=3)}"),
        ("Active", "Customer", None, f"it has no score of {TODAY}"),
    ],
)
def test_what_is_not_scored_says_why(
    con: Connection,
    state: State,
    metrics: Metrics,
    status: str,
    customer: str | None,
    start: date | None,
    said: str,
) -> None:
    con.execute(
        "INSERT INTO account(account_id, name, arr, renewal_on, customer_status, status_reason) VALUES ('a1', 'Acme', 1, NULL, ?, 'a partner')",
        [customer],
    )
    con.execute("INSERT INTO relationship VALUES ('r1', 'a1', 'Rel', ?, ?)", [status, start])
    answer = asked(con, state, metrics)
    assert (answer["because"], answer["condition"]) == (said, None)


def test_a_place_in_the_list_of_attention(con: Connection) -> None:
    con.execute(
        "CREATE TABLE snapshot(entity VARCHAR, entity_id VARCHAR, main BOOLEAN, on_date DATE, band VARCHAR, score INTEGER, reason VARCHAR)"
    )
    bands = ["red", "yellow", *["yellow"] * 10, "green", "unknown"]
    for n, band in enumerate(bands):
        con.execute(
            "INSERT INTO account(account_id, name, arr, renewal_on, customer_status, status_reason) VALUES (?, ?, ?, NULL, 'Customer', NULL)",
            [f"a{n}", f"Acme {n}", 1000 - n],
        )
        con.execute(
            "INSERT INTO snapshot VALUES ('account', ?, TRUE, ?, ?, 60, 'no usage')", [f"a{n}", TODAY, band]
        )
    con.execute(
        "INSERT INTO account(account_id, name, arr, renewal_on, customer_status, status_reason) VALUES ('p', 'Partner', 1, NULL, NULL, 'a partner')"
    )
    first = unlisted(con, "a0", TODAY)
    assert (first["listed"], first["place"], first["of"]) == (True, 1, 12)
    last = unlisted(con, "a11", TODAY)
    assert (last["listed"], last["place"]) == (False, 12)
    assert last["because"].startswith("number 12 of 12: yellow, 989 a year; the list shows 10")
    assert unlisted(con, "a12", TODAY)["because"] == "it is green 60; the list has red and yellow accounts"
    assert "no usage" in unlisted(con, "a13", TODAY)["because"]
    assert unlisted(con, "p", TODAY)["because"] == "it is no customer: a partner"
