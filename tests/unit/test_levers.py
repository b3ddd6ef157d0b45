"""What reaches a score, as it is read: caps that have to go first are named first, and an empty list says why it is empty."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest

from cs_connector.console import Screen, reports
from cs_connector.health import levers_for
from cs_connector.health.bands import Bands
from cs_connector.health.curves import Curve
from cs_connector.health.explain import barring, next_band
from cs_connector.health.levers import Part, lever
from cs_connector.health.words import read
from tests.unit.health_tables import AS_OF, World, definitions

GIVEN: dict[str, Any] = {
    "target": 75,
    "uncapped": 60.0,
    "together": True,
    "caps": [],
    "others": [],
    "levers": [],
}
CAP = {"override": "overdue_90", "cap": 45, "reason": "an invoice is overdue", "fix": "settle it"}
LEVER = {"measure": "active_share", "sentence": "36 % of seats active or more"}


@pytest.mark.parametrize(
    ("document", "lines"),
    [
        ({"levers": [LEVER]}, ["any one of these", "active_share: 36 % of seats active or more"]),
        (
            {"levers": [LEVER], "caps": [CAP]},
            ["first: an invoice is overdue (capped at 45); settle it", "then any one of these", "active_share: 36 % of seats active or more"],
        ),
        ({"uncapped": 80.0, "caps": [CAP]}, ["first: an invoice is overdue (capped at 45); settle it", "then nothing else: the measures give 80.00"]),
        ({"uncapped": 80.0}, ["nothing else: the measures give 80.00"]),
        ({}, ["no single measure is enough, but several of them together are"]),
        ({"together": False}, ["no single measure is enough, nor are all of them together"]),
        ({"uncapped": None}, ["too little is known to say what would"]),
    ],
)  # fmt: skip
def test_levers_are_read(
    document: dict[str, Any], lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    reports.levers(Screen(color=False), GIVEN | document)
    assert [line.strip() for line in capsys.readouterr().out.splitlines()] == ["to reach 75:", *lines]


@pytest.mark.parametrize(
    ("score", "target"), [(None, 80), (10, 30), (29, 30), (30, 80), (79, 80), (80, 100), (100, 100)]
)
def test_without_a_target_the_next_band_is_meant(score: int | None, target: int) -> None:
    bands = Bands(red=(0, 30), yellow=(30, 80), green=(80, 100))
    with duckdb.connect() as con:
        con.execute("CREATE TABLE snapshot(entity VARCHAR, entity_id VARCHAR, account_id VARCHAR, scorecard VARCHAR, "
            "main BOOLEAN, on_date DATE, score INTEGER)")  # fmt: skip
        con.execute(
            "INSERT INTO snapshot VALUES ('account', 'a1', 'a1', 'standard', TRUE, ?, ?)", [AS_OF, score]
        )
        assert next_band(con, bands, "a1") == target


@pytest.mark.slow
def test_of_an_account_the_other_relationships_below_the_target_are_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    world = World().customer(product="A", name="Acme · A")
    world.customer(relationship="r2", product="B", name="Acme · B")
    for product, users in (("A", 5), ("B", 10)):
        world.users(*[users] * 6, product=product)
    scores = world.score()
    told = levers_for(scores.con, definitions(), "a1", 90)
    assert (told["relationship"], [other["id"] for other in told["others"]]) == ("Acme · A", ["r2"])
    assert levers_for(scores.con, definitions(), "r1", 90)["others"] == []
    reports.levers(Screen(color=False), told)
    score = scores.snapshot("r2")
    assert f"Acme · B: {score['score']} {score['band']}" in capsys.readouterr().out


@pytest.mark.slow
def test_all_caps_below_the_target_are_named_the_lowest_first() -> None:
    world = World().customer(csm_judgement="At risk", csm_judgement_on=AS_OF).users(*[60] * 6)
    world.add("invoice", account_id="a1", issued_on=date(2026, 6, 1), due_on=date(2026, 7, 1), amount=20_000)
    con = world.score().con
    assert [c["override"] for c in barring(con, definitions(), "r1", 75)] == ["overdue_90", "csm_at_risk"]
    (cap,) = barring(con, definitions(), "r1", 50)
    assert (cap["cap"], cap["fix"]) == (45, "settle the overdue invoice together with finance")
    told = levers_for(con, definitions(), "r1", 50)
    assert (told["first"], told["reachable"]) == (cap["reason"], False)


@pytest.mark.parametrize(("score", "tickets"), [(100, 2), (50, 4), (20, 4), (0, None)])
def test_a_step_that_falls_holds_until_the_next_begins(score: float, tickets: float | None) -> None:
    """Four tickets score as much as three: nobody is asked to close one more than it takes."""
    curve = Curve(steps=((0, 100), (3, 50), (5, 0)))
    part = Part("t", "Support", 6, "tickets", 0.0, 1.0, curve, read("{value:whole} tickets or fewer"))
    found = lever(part, score, AS_OF)
    assert (found and found.value_to) == tickets
