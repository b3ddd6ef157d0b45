"""What became of those whom an override held down; and until when a cap holds that stands on what was last known."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from cs_connector.console import reports
from cs_connector.console.screen import Screen
from cs_connector.health import explain, outcomes
from tests.unit.health_tables import AS_OF, World, definitions
from tests.unit.test_health_golden import healthy

SUMMER, AUTUMN = date(2026, 6, 30), date(2026, 8, 31)


def test_wilson_by_hand() -> None:
    """z² = 3.84146; 3 of 7: (3 + 1.92073 ± 1.95996 · sqrt(12/7 + 0.96036)) / 10.84146 = 0.453881 ± 0.295661."""
    assert outcomes.wilson(3, 7) == (pytest.approx(0.158220, abs=1e-5), pytest.approx(0.749542, abs=1e-5))
    assert outcomes.wilson(0, 5) == (0, pytest.approx(0.434482, abs=1e-5))
    assert outcomes.wilson(5, 5)[1] == 1


def test_each_is_counted_once_and_only_who_ended_after_it_was_held_down() -> None:
    world = (
        World().customer().customer("a2", "r2").customer("a3", "r3", status="Ended", end_on=date(2026, 9, 1))
    )
    world.customer("a4", "r4", status="Ended", end_on=date(2026, 5, 1)).customer("a5", "r5", status="Ended")
    con = world.connection()
    rows = [(SUMMER, r) for r in ("r1", "r3", "r4", "gone")] + [(AUTUMN, r) for r in ("r3", "r5")]
    for day in (SUMMER, AUTUMN):
        con.execute(
            f'CREATE TABLE "snapshot {day}" (entity VARCHAR, main BOOLEAN, override VARCHAR, entity_id VARCHAR, on_date DATE)'
        )
    for day, relationship in rows:
        con.execute(
            f"INSERT INTO \"snapshot {day}\" VALUES ('relationship', TRUE, 'gone_dark', ?, ?)",
            [relationship, day],
        )
    con.execute(
        f"INSERT INTO \"snapshot {SUMMER}\" VALUES ('account', TRUE, 'notice_given', 'a2', '{SUMMER}')"
    )
    outcomes.count(con, [SUMMER, AUTUMN])
    found = outcomes.of(con, "gone_dark")
    assert found is not None
    assert (found["held"], found["left"]) == (4, 2)
    assert outcomes.of(con, "notice_given") is None


def test_explain_says_until_when_and_what_became_of_others(capsys: pytest.CaptureFixture[str]) -> None:
    world = healthy().tickets(3, priority="P1", closed_at=None, days_ago=40)
    for row in world.rows["feed"]:
        row["watermark"] = datetime(2026, 11, 2)  # read last after 31 October
    scores = world.score()
    scores.con.execute("INSERT INTO outcome VALUES ('urgent_waiting', 7, 3)")
    told = explain(scores.con, definitions(), "r1")
    (cap,) = [o for o in told["overrides"] if o["fired"]]
    assert (cap["name"], cap["known"], cap["until"]) == ("urgent_waiting", False, "2027-04-29")
    assert (cap["outcomes"]["held"], cap["outcomes"]["left"]) == (7, 3)
    reports.explain(Screen(color=False), told)
    said = capsys.readouterr().out
    assert "lets go on 2027-04-29" in said
    assert "3 of 7 that it held down have left since (16% to 75%)" in said
    fresh = healthy(notice_on=AS_OF).score()
    (given,) = [o for o in explain(fresh.con, definitions(), "r1")["overrides"] if o["fired"]]
    assert (given["known"], given["until"], given["outcomes"]) == (True, None, None)
