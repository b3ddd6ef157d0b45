"""One account's events, each from where it is known, nothing of another account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

from cs_connector.model import ENTITIES
from cs_connector.runner.relations import TABLES
from cs_connector.runner.timeline import ahead, missed, ordered, told


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        for entity in ENTITIES.values():
            columns = ", ".join(f'"{c.name}" {c.type}' for c in entity.columns)
            con.execute(f'CREATE TABLE "{entity.name}"({columns})')
        con.execute(
            "CREATE TABLE snapshot(entity VARCHAR, entity_id VARCHAR, account_id VARCHAR, main BOOLEAN, on_date DATE, "
            "score DOUBLE, band VARCHAR)"
        )
        yield con


def put(con: duckdb.DuckDBPyConnection, table: str, **values: Any) -> None:
    names = ", ".join(f'"{name}"' for name in values)
    con.execute(f'INSERT INTO "{table}"({names}) VALUES ({", ".join("?" * len(values))})', [*values.values()])


def texts(con: duckdb.DuckDBPyConnection, account: str = "a") -> list[tuple[str, str]]:
    return sorted((str(e["on"]), e["text"]) for e in told(con, account))


def test_a_ticket_is_told_when_it_opens_and_when_it_closes(con: duckdb.DuckDBPyConnection) -> None:
    put(
        con,
        "ticket",
        ticket_id="t",
        account_id="a",
        priority="P1",
        opened_at="2026-11-01 23:59:00",
        closed_at="2026-11-04 00:01:00",
    )
    put(con, "ticket", ticket_id="u", account_id="b", priority="P1", opened_at="2026-11-01 00:00:00")
    assert texts(con) == [("2026-11-01", "P1 ticket opened"), ("2026-11-04", "P1 ticket closed after 3 days")]


def test_what_is_known_in_part_is_told_in_part(con: duckdb.DuckDBPyConnection) -> None:
    """Nothing is left out because a scale, a kind or a beginning is not known."""
    put(con, "ticket", ticket_id="t", account_id="a", closed_at="2026-11-01 09:00:00")
    put(
        con,
        "ticket",
        ticket_id="u",
        account_id="a",
        opened_at="2026-11-01 09:00:00",
        closed_at="2026-11-02 08:00:00",
    )
    put(
        con,
        "survey_response",
        survey_response_id="s",
        account_id="a",
        answered_on="2026-11-03",
        score=4,
        kind="csat",
    )
    put(
        con,
        "survey_response",
        survey_response_id="r",
        account_id="a",
        answered_on="2026-11-03",
        score=4,
        scale_max=5,
    )
    put(con, "opportunity", opportunity_id="o", account_id="a", closed=True, close_on="2026-11-04")
    put(con, "invoice", invoice_id="i", account_id="a", due_on="2026-11-04", paid_on="2026-11-05")
    assert texts(con) == [
        ("2026-11-01", "ticket closed"), ("2026-11-01", "ticket opened"), ("2026-11-02", "ticket closed after 1 day"),
        ("2026-11-03", "CSAT answer: 4"), ("2026-11-03", "survey answer: 4 of 5"),
        ("2026-11-04", "Opportunity closed"), ("2026-11-05", "invoice paid 1 day late"),
    ]  # fmt: skip


def test_usage_is_told_only_when_it_steps(con: duckdb.DuckDBPyConnection) -> None:
    for month, value in (("2026-06-01", 100), ("2026-07-01", 119), ("2026-08-01", 80), ("2026-10-01", 8)):
        put(
            con,
            "usage",
            usage_id=month,
            account_id="a",
            metric="active_users",
            on_date=month,
            grain="month",
            value=value,
        )
    assert texts(con) == [
        ("2026-08-31", "active users 119 → 80 (-33 %)")
    ]  # after a month that is missing there is no step


def test_usage_of_two_products_is_not_mixed(con: duckdb.DuckDBPyConnection) -> None:
    for product, value in (("Core", 10), ("Extra", 90)):
        for month in ("2026-06-01", "2026-07-01"):
            put(
                con,
                "usage",
                usage_id=f"{product}{month}",
                account_id="a",
                product=product,
                metric="active_users",
                on_date=month,
                grain="month",
                value=value,
            )
    assert texts(con) == []


def test_a_band_is_told_when_it_changes(con: duckdb.DuckDBPyConnection) -> None:
    for day, score, band in (
        ("2026-09-30", 80, "green"),
        ("2026-10-31", 76, "green"),
        ("2026-11-25", 40, "red"),
    ):
        put(
            con,
            "snapshot",
            entity="account",
            entity_id="a",
            account_id="a",
            main=True,
            on_date=day,
            score=score,
            band=band,
        )
    assert texts(con) == [("2026-09-30", "green 80"), ("2026-11-25", "green → red 40")]


def test_an_answer_names_its_scale_and_nobody(con: duckdb.DuckDBPyConnection) -> None:
    put(con, "person", person_id="p", name="Anna Berg", decision_maker=True)
    put(
        con,
        "survey_response",
        survey_response_id="s",
        account_id="a",
        person_id="p",
        kind="nps",
        score=2,
        scale_max=10,
        answered_on="2026-11-14",
    )
    assert texts(con) == [("2026-11-14", "NPS answer: 2 of 10, from a decision maker")]


def test_what_has_no_date_is_no_event(con: duckdb.DuckDBPyConnection) -> None:
    put(con, "relationship", relationship_id="r", account_id="a", name="Core", status="Active")
    put(con, "invoice", invoice_id="i", account_id="a")
    put(con, "goal", goal_id="g", account_id="a", status="Met")
    assert texts(con) == []


def test_a_stage_that_was_missed_is_told_on_the_day_on_which_it_was_due(
    con: duckdb.DuckDBPyConnection,
) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in TABLES["stage_reached"].items())
    con.execute(f"CREATE TABLE stage_reached({columns})")
    put(con, "relationship", relationship_id="r", account_id="a", product="P")
    states = {
        "Onboarding": ("late", 9),
        "First Value": ("skipped", None),
        "Review": ("overdue", 3),
        "Start": ("done", None),
    }
    for stage, (state, days) in states.items():
        put(
            con,
            "stage_reached",
            relationship_id="r",
            account_id="a",
            stage=stage,
            state=state,
            days_late=days,
            due_on="2026-11-01",
        )
    assert sorted(e["text"] for e in missed(con, "a")) == [
        "First Value was due and skipped", "Onboarding was due; reached 9 days late", "Review was due and is overdue",
    ]  # fmt: skip


def test_a_day_is_told_by_its_times_and_a_score_that_is_unknown_without_a_number(
    con: duckdb.DuckDBPyConnection,
) -> None:
    opened, closed = "2026-11-01 10:00:00", "2026-11-01 11:00:00"
    put(con, "ticket", ticket_id="t", account_id="a", priority="P1", opened_at=opened, closed_at=closed)
    put(con, "activity", activity_id="m", account_id="a", kind="meeting", at="2026-11-01 10:30:00")
    band = {"entity": "account", "entity_id": "a", "account_id": "a", "main": True, "on_date": "2026-11-01"}
    put(con, "snapshot", score=100, band="unknown", **band)
    events = ordered(event | {"sources": []} for event in told(con, "a"))
    assert [e["text"] for e in events] == [
        "unknown",
        "P1 ticket opened",
        "meeting",
        "P1 ticket closed after 0 days",
    ]
    assert all(type(e["on"]) is date and "turn" not in e for e in events)


@pytest.mark.parametrize(
    ("kind", "sources", "day", "known"),
    [
        ("relationship", [], 5, True),
        ("stage", [], 5, True),
        ("stage", ["crm Stage__c 1"], 5, False),
        ("contact", ["crm Event 1"], 5, False),
        ("task", [], 5, False),
        ("contact", ["crm Event 1"], 25, True),
        ("score", [], 25, False),
        ("stage", [], -5, False),
    ],
)
def test_of_a_past_day_only_what_was_agreed_by_then_is_ahead(
    kind: str, sources: list[str], day: int, *, known: bool
) -> None:
    past = date(2026, 11, 1)
    event = {"kind": kind, "sources": sources, "on": past + timedelta(days=day)}
    assert ahead(event, past, past + timedelta(days=20)) is known
