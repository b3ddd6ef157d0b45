"""Why a score moved, by the stories that people know; and which days can be compared."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cs_connector.errors import UsageError
from cs_connector.health import kept
from cs_connector.health.basis import _measured
from cs_connector.health.change_words import amount, step
from cs_connector.health.why_changed import End, why_changed
from cs_connector.measure.metrics import load_metrics
from tests.unit.health_tables import AS_OF, Scores, World, definitions
from tests.unit.test_health_golden import card, healthy

OCTOBER = date(2026, 10, 31)


def told(
    scores: Scores, *layers: Path, entity: str = "r1", ends: tuple[End, End] | None = None
) -> dict[str, Any]:
    """The document between the month end and now; its parts and its lines add up."""
    given = ends or (End(OCTOBER), End(AS_OF))
    found = why_changed(scores.con, definitions(*layers), entity, given, "restated")
    if found["change"] is not None:
        parts = found["parts"]
        assert math.fsum(parts.values()) == pytest.approx(found["change"], abs=1e-9)
        lines = math.fsum(line["points"] for line in found["lines"]) + parts["rounding"] + parts["roll_up"]
        assert lines == pytest.approx(found["change"], abs=1e-9)
        assert found["facts"] == pytest.approx(parts["value"] + parts["cap"])
    return found


def lines(document: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {n["measure"] or n["override"]: n for n in document["lines"] if n["kind"] == kind}


@pytest.mark.slow
def test_aurora_fell_by_what_its_decision_maker_said() -> None:
    world = healthy(renewal_on=AS_OF + timedelta(days=60))
    world.answer(2, low=1, high=10, person_id="boss", kind="Relationship", days_ago=22)
    scores = world.tickets(3).score()
    found = told(scores)
    assert (found["to"]["score"], found["to"]["override"]) == (40, "decision_maker_unhappy_renewal")
    (cap,) = lines(found, "cap").values()
    assert cap["text"].startswith("capped at 40: a decision maker scored 2 of 10 (3 Nov)")
    assert cap["points"] < -40
    assert lines(found, "value")["support_requests"]["text"] == "0 → 3 tickets"
    assert found["parts"]["configuration"] == 0
    account = told(scores, entity="a1")
    assert (account["change"], account["relationship"], account["parts"]["roll_up"]) == (
        found["change"],
        "r1",
        0,
    )


@pytest.mark.slow
def test_fjord_falls_while_nothing_new_happens() -> None:
    world = healthy(renewal_on=AS_OF + timedelta(days=30))
    scores = world.tickets(3, days_ago=32, priority="P1", closed_at=None).score()
    ends = (End(OCTOBER), End(AS_OF))
    value = lines(told(scores, ends=ends), "value")
    assert value["urgent_x_renewal"]["text"] == "8 → 9 points"
    assert value["urgent_x_renewal"]["points"] < 0
    assert "support_requests" not in value or value["support_requests"]["points"] > 0


IRIS = """
version: 1
title: Two
measures:
  - {measure: good, group: Survey, metric: nps, weight: 1, curve: {line: [[0, 0], [10, 100]]}, phrase: surveys}
  - {measure: bad, group: Support, metric: support_requests, weight: 1, curve: {line: [[0, 100], [10, 0]]}, phrase: tickets}
"""


@pytest.mark.slow
def test_iris_loses_a_feed_and_that_is_no_deed_of_the_customer(tmp_path: Path) -> None:
    layer = card(tmp_path, IRIS, "iris_two")
    world = World().customer(scorecard="iris_two").answer(9, days_ago=60)
    world.tickets(7, days_ago=30).tickets(7, days_ago=3)
    world.rows["feed"][0]["watermark"] = datetime(2026, 11, 2)
    found = told(world.score(layer), layer)
    assert (found["change"], found["facts"]) == (0, 0)
    assert {n["kind"] for n in found["lines"]} == {"coverage"}
    (line,) = found["lines"]
    assert line["measure"] == "bad"
    assert line["text"] == "no new data: the last value of 31 Oct still counts, 7 tickets"


@pytest.mark.slow
def test_what_another_weight_does_is_told_apart_by_the_days_as_they_were_known(tmp_path: Path) -> None:
    """The day before by the scorecard of then, today by a new one, and a new ticket in between."""
    world = World().customer(scorecard="iris_two").answer(9, days_ago=60).tickets(3)
    then, now = tmp_path / "then", tmp_path / "now"
    for folder, weight in ((then, 1), (now, 3)):
        folder.mkdir()
        card(
            folder,
            IRIS.replace("support_requests, weight: 1", f"support_requests, weight: {weight}"),
            "iris_two",
        )
    before = world.score(then)
    scores = world.tickets(2).score(now)
    assert (before.snapshot()["score"], scores.snapshot()["score"]) == (80, 60)
    for name, table in {"snapshot": "snapshot", "measure": "measure_score", "scorecard": "scorecard"}.items():
        rows = before.con.sql(f"SELECT * FROM {table}").to_arrow_table()
        scores.con.register(f"{name} {AS_OF}", rows)
    found = told(scores, now, ends=(End.kept(AS_OF), End(AS_OF)))
    assert found["change"] == -20
    assert lines(found, "value")["bad"]["points"] == pytest.approx(-10)
    assert lines(found, "configuration")["bad"]["points"] == pytest.approx(-10)
    assert lines(found, "configuration")["bad"]["text"] == "weight 1 → 3"


@pytest.mark.slow
def test_an_account_that_another_relationship_decides_says_so_as_roll_up() -> None:
    world = healthy(product="A")
    world.customer(relationship="r2", product="B", notice_on=date(2026, 11, 10))
    found = told(world.score(), entity="a1")
    assert found["relationship"] == "r2"
    assert found["to"]["score"] == 10
    assert lines(found, "cap")["notice_given"]["points"] < 0
    young = healthy()
    young.rows["relationship"][0]["start_on"] = date(2026, 11, 10)
    found = told(young.score())
    assert (found["from"], found["change"], found["lines"]) == (None, None, [])


@pytest.mark.slow
def test_without_a_score_before_there_are_no_points_but_what_became_known_is_named() -> None:
    world = World().customer().answer(9, days_ago=15)
    world.rows["feed"] = []
    found = told(world.score())
    assert (found["from"]["score"], found["change"], found["facts"], found["parts"]) == (
        None,
        None,
        None,
        None,
    )
    (line,) = found["lines"]
    assert (line["measure"], line["kind"], line["points"], line["text"]) == (
        "nps",
        "coverage",
        0,
        "known now: 9 of 10",
    )


def metric(folder: Path, title: str, days: int, uses: str) -> str:
    """How a metric is told apart that uses another one."""
    (folder / "metrics").mkdir(parents=True, exist_ok=True)
    (folder / "metrics" / "one.yml").write_text(
        f"version: 1\nmetrics:\n  one: {{title: {title}, value: 'days(today, renewal_on) + {days}'}}\n"
    )
    (folder / "metrics" / "two.yml").write_text(
        f"version: 1\nuses: [one]\nmetrics:\n  two: {{title: t, value: {uses}}}\n"
    )
    return _measured(load_metrics([folder]), ["two"])


def test_a_metric_is_another_one_by_what_it_measures_and_not_by_its_title(tmp_path: Path) -> None:
    first = metric(tmp_path / "a", "Days", 1, "one * 2")
    assert metric(tmp_path / "b", "Days to go", 1, "one * 2") == first
    assert metric(tmp_path / "c", "Days", 1, "one * 3") != first
    assert metric(tmp_path / "d", "Days", 2, "one * 2") != first, "what it uses is part of it"


def test_values_are_said_as_exactly_as_it_takes_to_tell_them_apart() -> None:
    assert step(0.82, 0.91, "share") == "82 % → 91 %"
    assert step(0.801, 0.799, "share") == "80.1 % → 79.9 %"
    assert step(4, 12, "tickets") == "4 → 12 tickets"
    assert step(9.25, 9.2, "of 10") == "9.25 → 9.20 of 10"
    assert step(None, 3, "days") == "unknown → 3 days"
    assert [step(2, 1, "tickets"), amount(1, "tickets"), amount(1, "of 10")] == [
        "2 → 1 ticket",
        "1 ticket",
        "1 of 10",
    ]
    assert [amount(None, "days"), amount(0.5, "ratio"), amount(7.5, "")] == ["unknown", "50 %", "7.5"]


DAYS = {"known": [date(2026, 11, 25), date(2026, 11, 24)], "restated": [date(2026, 11, 25), OCTOBER]}


def test_the_days_as_they_were_known_are_compared_where_both_were_kept() -> None:
    assert kept.choose(DAYS, date(2026, 11, 24), None, None) == ("known", (date(2026, 11, 24), AS_OF))
    assert kept.choose(DAYS, None, None, None) == ("restated", (OCTOBER, AS_OF))
    assert kept.choose(DAYS, OCTOBER, AS_OF, "restated") == ("restated", (OCTOBER, AS_OF))


@pytest.mark.parametrize(
    ("first", "last", "reading", "says"),
    [
        (None, None, "known", "as they were known then there are 2026-11-25, 2026-11-24"),
        (date(2026, 11, 1), None, None, "restated there are 2026-11-25, 2026-10-31"),
        (AS_OF, AS_OF, None, ""),
        (AS_OF, OCTOBER, "restated", ""),
    ],
)
def test_days_without_scores_are_refused_and_those_with_are_named(
    first: date | None, last: date | None, reading: str | None, says: str
) -> None:
    with pytest.raises(UsageError) as caught:
        kept.choose(DAYS, first, last, reading)
    assert says in caught.value.why
    with pytest.raises(UsageError, match="no scores to compare"):
        kept.choose({"known": [], "restated": []}, None, None, None)


def test_every_day_is_kept_for_a_while_and_the_last_one_of_each_month_for_good() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(330)]
    gone = kept.expired(days, days[-1])
    left = sorted(set(days) - set(gone))
    assert [day for day in left if day < days[-1] - kept.DAILY] == [
        date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 30),
        date(2026, 7, 31),
    ]  # fmt: skip
    assert len([day for day in left if day >= days[-1] - kept.DAILY]) == 91
    assert kept.expired([date(2025, 3, 12)], days[-1]) == [], "a month of one run keeps it"
