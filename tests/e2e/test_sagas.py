"""The stories about who a customer is: planted in the demo company, and true after one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from cs_connector import registry
from cs_connector.config import open_project
from cs_connector.runner import open_engine
from cs_connector.runner.relations import unified

pytestmark = [pytest.mark.slow]

Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def ask(done, sandbox) -> Iterator[Ask]:
    """Questions to the tables of the project after its first run."""
    sandbox.restore(done.written)
    engine = open_engine(open_project(done.project.root, registry.shipped()))
    with unified(engine) as con:
        engine.attach(con, "feed")
        engine.store.facts.attach(con, "unify/population", "population", {})
        engine.store.facts.attach(con, "health/snapshot", "scored", {})
        engine.store.facts.attach(con, "measure/metric", "measured", {})
        yield lambda query: con.execute(query).fetchall()
    engine.close()


def tasks(done, account: str) -> list[dict[str, Any]]:
    found = [e["after"] for e in done.ledger if e["object"] == "Task" and e["action"] == "create"]
    return [t for t in found if account in t["Subject"]]


def metrics(ask: Ask, account: str, *names: str) -> dict[str, float | None]:
    """Metrics of the relationship of an account that has most of them."""
    listed = ", ".join(f"'{name}'" for name in names)
    rows = ask(
        f"SELECT metric, max(round(value, 3)) FILTER (known) FROM measured JOIN account a USING (account_id) WHERE a.name = '{account}' "
        f"AND on_date = DATE '2026-11-25' AND metric IN ({listed}) GROUP BY metric"
    )
    return dict(rows)


def user(ask: Ask, user_id: str) -> str:
    """Who that is in Salesforce."""
    query = f"SELECT record_id FROM link WHERE entity_id = '{user_id}' AND connection = 'salesforce'"
    return str(ask(query)[0][0])


def merge(sandbox, winner: str, loser: str) -> None:
    """As an admin merges two accounts in Salesforce."""
    text = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header><SessionHeader>'
        f"<sessionId>{sandbox._log_in('salesforce')}</sessionId></SessionHeader></e:Header><e:Body><merge><request><masterRecord>"
        f"<type>Account</type><Id>{winner}</Id></masterRecord><recordToMergeIds>{loser}</recordToMergeIds></request></merge></e:Body></e:Envelope>"
    )
    answer = requests.post(
        f"{sandbox.block('salesforce')['base_url']}/services/Soap/u/66.0", data=text, timeout=30
    )
    assert "<success>true</success>" in answer.text


def test_ember_has_three_owners_and_tasks_go_to_the_one_of_the_red_relationship(ask: Ask, done) -> None:
    rows = ask(
        "SELECT r.product, r.owner_user_id, b.band FROM relationship r JOIN band b USING (relationship_id) "
        "WHERE r.name LIKE 'Ember Retail%' ORDER BY 1"
    )
    assert [row[2] for row in rows] == ["green", "green", "red"]
    assert len({row[1] for row in rows}) == 3
    assert [t["OwnerId"] for t in tasks(done, "Ember Retail")] == [user(ask, rows[2][1])]


def test_nimbus_is_not_red_but_its_child_is(ask: Ask, done) -> None:
    query = "SELECT a.name, s.band, s.reason FROM scored s JOIN account a ON a.account_id = s.entity_id WHERE a.name LIKE 'Nimbus Telecom%' AND main AND on_date = DATE '2026-11-25' AND entity = '{0}'"
    bands = {name: band for name, band, _ in ask(query.format("account"))}
    assert (len(bands), [n for n, b in bands.items() if b == "red"]) == (14, ["Nimbus Telecom Satellite"])
    ((name, band, reason),) = ask(query.format("group"))
    assert (name, band != "red") == ("Nimbus Telecom", True)
    assert "1 of 14 accounts red, 18 % of revenue" in reason
    assert [t["Subject"][:31] for t in tasks(done, "Nimbus")] == ["Risk: Nimbus Telecom Satellite "]


def test_rowan_and_the_customers_that_it_manages_stay_four_and_tasks_go_to_its_manager(
    ask: Ask, done
) -> None:
    rows = ask(
        "SELECT a.name, count(DISTINCT l.connection) FROM account a JOIN link l ON l.entity_id = a.account_id "
        "WHERE a.name LIKE 'Rowan%' GROUP BY a.account_id, a.name ORDER BY 1"
    )
    assert [row[0] for row in rows] == [
        "Rowan Bakery Chain",
        "Rowan Garden Centres",
        "Rowan Partners",
        "Rowan Tool Hire",
    ]
    assert ask(
        "SELECT DISTINCT r.owner_source, r.owner_user_id = p.csm_user_id FROM relationship r "
        "JOIN account p ON p.account_id = r.partner_account_id WHERE p.name = 'Rowan Partners'"
    ) == [("partner manager", True)]
    assert ask("SELECT status_reason FROM account WHERE name = 'Rowan Partners'") == [("a partner",)]
    ((manager,),) = ask("SELECT csm_user_id FROM account WHERE name = 'Rowan Partners'")
    assert [(t["OwnerId"], t.get("WhoId")) for t in tasks(done, "Rowan")] == [(user(ask, manager), None)]


def test_sable_keeps_each_currency_and_adds_none_up(ask: Ask) -> None:
    rows = ask("SELECT currency, arr::INT, customer_status FROM account WHERE name LIKE 'Sable%' ORDER BY 1")
    assert rows == [("EUR", 60_000, "Customer"), ("JPY", 9_000_000, "Customer"), ("USD", 90_000, "Customer")]
    ((reason,),) = ask(
        "SELECT reason FROM scored s JOIN account a ON a.account_id = s.entity_id WHERE a.name = 'Sable Pharma' "
        "AND entity = 'group' AND on_date = DATE '2026-11-25'"
    )
    assert "of revenue" not in reason


def test_a_currency_that_moved_is_no_contraction(ask: Ask, done) -> None:
    names = ("seats_change", "price_change", "revenue_change")
    assert metrics(ask, "Sable Pharma Europe", *names) == {
        "seats_change": 0,
        "price_change": None,
        "revenue_change": None,
    }
    assert metrics(ask, "Sable Pharma Japan", *names) == dict.fromkeys(names, 0)
    assert tasks(done, "Sable") == []


def test_a_higher_price_is_no_growth(ask: Ask, done) -> None:
    assert metrics(ask, "Quartz Tools", "seats_change", "price_change", "revenue_change", "usage_trend") == {
        "seats_change": 0, "price_change": 0.12, "revenue_change": 0.12, "usage_trend": 1,
    }  # fmt: skip
    assert tasks(done, "Quartz") == []


def test_a_downgrade_is_contraction_and_what_is_left_is_used_well(ask: Ask, done) -> None:
    assert metrics(ask, "Pelican Foods", "seats_change", "price_change", "revenue_change", "active_share") == {
        "seats_change": -0.417, "price_change": 0, "revenue_change": -0.417, "active_share": 0.8,
    }  # fmt: skip
    assert ask("SELECT arr::INT, customer_status FROM account WHERE name = 'Pelican Foods'") == [
        (70_000, "Customer")
    ]
    assert tasks(done, "Pelican") == []


def test_a_quiet_season_is_steady_and_a_project_has_a_scorecard_of_its_own(ask: Ask, done) -> None:
    assert metrics(ask, "Juniper Travel", "usage_change", "usage_trend", "budget_burn", "milestones_on_time") == {
        "usage_change": -0.6, "usage_trend": 1, "budget_burn": 0.9, "milestones_on_time": 0.667,
    }  # fmt: skip
    assert ask(
        "SELECT r.product, s.scorecard, s.band, CASE s.scorecard WHEN 'standard' THEN s.trend END FROM scored s JOIN relationship r ON r.relationship_id = s.entity_id "
        "WHERE r.name LIKE 'Juniper%' AND main AND on_date = DATE '2026-11-25' ORDER BY 1"
    ) == [
        ("Season readiness", "services_engagement", "green", None),
        ("Signals", "standard", "green", "Steady"),
    ]
    assert tasks(done, "Juniper") == []


def test_five_kinds_of_data_make_one_number(ask: Ask) -> None:
    told = metrics(
        ask, "Aurora Freight", "engagement", "letter_age", "plan_age", "outreach_engagement", "ebr_age"
    )
    assert (told["engagement"], told["letter_age"]) == (5, 1)
    assert None not in told.values()
    sources = ask(
        "SELECT DISTINCT l.entity, l.connection FROM link l WHERE l.entity IN ('usage', 'activity', 'document') ORDER BY ALL"
    )
    assert sources == [
        ("activity", "mail"), ("activity", "market"), ("activity", "salesforce"), ("document", "documents"),
        ("usage", "files"), ("usage", "iris_usage"),
    ]  # fmt: skip


def test_violet_has_nobody_any_more_and_that_is_listed(ask: Ask, done) -> None:
    assert ask(
        "SELECT r.owner_user_id, i.kind, i.detail FROM relationship r JOIN relationship_issue i USING (relationship_id) "
        "WHERE r.name LIKE 'Violet Care%'"
    ) == [(None, "owner left", "tasks go to nobody")]
    assert tasks(done, "Violet Care") == []


def test_xenon_renewed_by_itself_and_is_no_churn(ask: Ask) -> None:
    assert ask(
        "SELECT a.customer_status, r.status, s.state, s.days_late, i.kind, i.detail FROM account a JOIN relationship r USING (account_id) "
        "JOIN stage_reached s USING (relationship_id) JOIN relationship_issue i USING (relationship_id) "
        "WHERE a.name = 'Xenon Labs' AND s.stage = 'Renewal'"
    ) == [
        ("Customer", "Active", "overdue", 30, "renewal overdue",
         "the renewal of 2026-10-26 is recorded nowhere; it renews by itself")
    ]  # fmt: skip


def test_yarrow_is_called_a_customer_and_not_scored(ask: Ask) -> None:
    assert ask("SELECT p.customer_status, p.status_reason FROM population p JOIN account a USING (account_id) WHERE a.name = 'Yarrow Foods'") == [
        (None, "called a customer, but has no subscription")
    ]  # fmt: skip


def test_cedar_came_back_with_its_churn_in_sight(ask: Ask) -> None:
    assert ask(
        "SELECT r.status, date_diff('day', r.start_on, DATE '2026-11-25'), date_diff('day', r.previous_end_on, DATE '2026-11-25'), i.kind "
        "FROM relationship r JOIN relationship_issue i USING (relationship_id) WHERE r.name LIKE 'Cedar Winery%'"
    ) == [("Active", 240, 700, "came back")]
    ((stages,),) = ask(
        "SELECT count(*) FROM stage_reached s JOIN relationship r USING (relationship_id) WHERE r.name LIKE 'Cedar Winery%' "
        "AND reached_on < r.previous_end_on"
    )
    assert stages == 0


def test_maple_is_two_accounts_until_somebody_merges_them(ask: Ask) -> None:
    assert ask("SELECT name, arr::INT FROM account WHERE name LIKE 'Maple Robotics%' ORDER BY 1") == [
        ("Maple Robotics", 60_000), ("Maple Robotics Works", 40_000),
    ]  # fmt: skip


@pytest.mark.slow
def test_the_commands_show_one_customer_and_all_of_them(ran) -> None:
    shown = ran.do("relationships", "Cedar Winery")
    assert "had ended on" in shown.talk
    whole = ran.do("relationships", "--json").json
    assert {i["kind"] for i in whole["issues"]} >= {"owner left", "renewal overdue", "came back"}
    tickets = {row["how"]: row["rows"] for row in whole["attached"] if row["entity"] == "ticket"}
    assert tickets["product"] >= 8
    assert tickets["account"] > 0
    seen = [ran.do("perspective", by, "--json").json["total"] for by in ("product", "owner")]
    assert seen[0] == seen[1]


@pytest.mark.slow
def test_maple_merged_has_one_history_and_no_second_task(ran, sandbox, done) -> None:
    """The loser held no task; what it had going is the winner's, and the winner's one task stays the only one."""
    ((winner,), (loser,)) = [
        [r["Id"] for r in sandbox.soql(f"SELECT Id FROM Account WHERE Name = '{name}'")]
        for name in ("Maple Robotics", "Maple Robotics Works")
    ]
    before = len(tasks(done, "Maple Robotics"))
    merge(sandbox, winner, loser)
    sandbox.advance("PT3H")
    ran.run()
    shown = ran.do("relationships", "Maple Robotics", "--json").json
    assert [r["name"] for r in shown["relationships"]] == [
        "Maple Robotics · Planner",
        "Maple Robotics · Signals",
    ]
    assert before == 1
    open_ = sandbox.soql(f"SELECT Id, WhatId FROM Task WHERE IsClosed = false AND AccountId = '{winner}'")
    assert len(open_) == 1
