"""What a task says that it stands on, and whom it names: looked up for many at once, and each gets its own."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

from cs_connector.act.calling.contacts import contacts
from cs_connector.act.calling.evidence import Evidence
from cs_connector.health.sources import Behind, behind

from .act_kit import rule
from .health_tables import AS_OF, World, definitions

ASKED = [("r1", "support_requests"), ("r1", "open_p1"), ("r2", "support_requests"), ("r2", "tickets_90d")]


def linked(world: World) -> World:
    """Every ticket is a record of the service desk."""
    for number, row in enumerate(world.rows["ticket"], 1):
        here = {
            "entity": "ticket",
            "connection": "service",
            "object": "tickets",
            "record_id": f"T{number:02}",
        }
        world.add("link", entity_id=row["ticket_id"], **here)
    return world


def found(record: str, count: int) -> Behind:
    return Behind({"connection": "service", "object": "tickets", "id": record}, count)


@pytest.fixture(scope="module")
def two() -> World:
    """One with three new tickets and an older one that is open and urgent, and one with more than are named."""
    world = World().customer().customer("a2", "r2")
    world.tickets(3).tickets(1, days_ago=60, priority="P1", closed_at=None)
    return linked(world.tickets(25, account="a2").tickets(1, account="a2", days_ago=80))


def test_each_metric_of_each_customer_stands_on_its_own_records(two: World) -> None:
    told = behind(two.connection(), definitions(), AS_OF, ASKED)
    assert told["r1", "support_requests"] == found("T01", 3)
    assert told["r1", "open_p1"] == found("T04", 1)
    assert told["r2", "support_requests"] == found("T05", 20)
    assert told["r2", "tickets_90d"] == found("T05", 20)
    assert set(told) == set(ASKED)


def test_what_has_no_record_behind_it_is_no_evidence(two: World) -> None:
    asked = [("r1", "nps"), ("r2", "open_p1"), ("r1", "days_to_renewal"), ("r9", "support_requests")]
    assert behind(two.connection(), definitions(), AS_OF, asked) == {}


def test_a_task_names_what_its_rule_looks_at_and_then_what_costs_most(two: World) -> None:
    con = two.connection()
    con.execute(
        "CREATE TABLE measure_score AS SELECT * FROM (VALUES ('r1', 'standard', 'tickets', 'tickets_90d', 0.2, 10.0), "
        "('r1', 'standard', 'support', 'support_requests', 0.1, 10.0), ('r2', 'standard', 'support', 'support_requests', 0.1, 95.0), "
        "('r1', 'other', 'waiting', 'waiting_days', 1.0, 0.0)) AS t(relationship_id, scorecard, measure, metric, weight, score), "
        "(SELECT DATE '2026-11-25' AS on_date, TRUE AS known)"
    )
    values = {"support_requests": 3.0, "tickets_90d": 4.0, "open_p1": 1.0, "waiting_days": 9.0}
    rows: list[dict[str, Any]] = [
        {"relationship_id": key, "scorecard": "standard", "override": None, **values} for key in ("r1", "r2")
    ]
    tell = Evidence(con, definitions(), AS_OF, lambda _where, _name, record: f"https://desk/{record}")
    told = tell([(rule(when="open_p1 >= 1"), row) for row in rows])
    assert told == [
        [
            "1. Open tickets of the highest priority: 1 tickets – https://desk/T04",
            "2. Tickets opened in 90 days: 4 tickets – https://desk/T01 (and 3 more)",
            "3. Tickets opened in 30 days: 3 tickets – https://desk/T01 (and 2 more)",
        ],
        [],
    ]


def test_each_call_names_the_person_of_its_own_customer() -> None:
    con = duckdb.connect()
    con.execute(
        "CREATE TABLE person AS FROM (VALUES ('p1', 'a1', TRUE, TRUE), ('p2', 'a1', TRUE, TRUE), ('p3', 'a2', TRUE, TRUE), "
        "('p4', 'a2', TRUE, FALSE)) AS t(person_id, account_id, decision_maker, active); "
        "CREATE TABLE relationship_person AS FROM (VALUES ('r1', 'p2', 'Champion', FALSE), ('r1', 'p1', 'Champion', TRUE), "
        "('r2', 'p4', 'Champion', TRUE), ('r2', 'p3', 'Champion', FALSE), ('r1', 'p2', 'Decision Maker', TRUE)) "
        "AS t(relationship_id, person_id, role, named); "
        "CREATE TABLE survey_response(survey_response_id VARCHAR, person_id VARCHAR, kind VARCHAR, score DOUBLE, scale_max DOUBLE, answered_on DATE)"
    )
    answers = [
        ("s1", "p1", 9, 0),
        ("s2", "p1", 1, 30),
        ("s3", "p2", 4, 5),
        ("s4", "p3", 2, 200),
        ("s5", "p3", 8, 9),
    ]
    for key, person, score, ago in answers:
        values = [key, person, "NPS", score, 10, AS_OF - timedelta(days=ago)]
        con.execute("INSERT INTO survey_response VALUES (?, ?, ?, ?, ?, ?)", values)
    one, other = (
        {"relationship_id": f"r{n}", "account_id": f"a{n}", "partner_account_id": None} for n in (1, 2)
    )
    champion, unhappy, boss = (
        rule(rule=kind, contact=kind) for kind in ("champion", "unhappy", "decision_maker")
    )
    needs = [
        (champion, one),
        (champion, other),
        (unhappy, one),
        (unhappy, other),
        (boss, one),
        (boss, other),
        (rule(), one),
    ]
    assert contacts(con, needs, AS_OF) == ["p1", "p3", "p2", "p3", "p2", None, None]
    assert contacts(con, [(champion, one | {"partner_account_id": "a9"})], date(2026, 11, 25)) == [None]
