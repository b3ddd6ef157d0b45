"""Retired evidence is not carried any more, who retired it is shown, and evidence that grows old says until when it counts."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from cs_connector.console import reports
from cs_connector.console.screen import Screen
from cs_connector.errors import ConfigError
from cs_connector.health import explain, load_definitions
from cs_connector.health.explain import rows_of
from cs_connector.health.linting.mistakes import wrong
from cs_connector.measure.retirements import of
from cs_connector.runner.scorecards.released import RELEASED
from tests.unit.health_tables import AS_OF, SHIPPED, Scores, World, definitions, refused
from tests.unit.test_health_golden import healthy
from tests.unit.test_scorecard_lint import TYPES

pytestmark = [pytest.mark.slow]

LAST = 179  # days old is an answer on the last of the 180 days that it counts
ENTRY = """\
version: 1
retired:
  - of: a1
    metric: decision_maker_score
    by: dana@acme.example
    on: 2026-11-20
    why: she answered for another product
"""


def layer(root: Path, text: str = ENTRY) -> Path:
    (root / "retired.yml").write_text(text)
    return root


def unhappy(days: int) -> World:
    """All is well, but that a decision maker answered 2 of 10 so many days ago; answers count 180 days."""
    return healthy().answer(2, person_id="boss", kind="Relationship", days_ago=days)


def held(world: World, *layers: Path) -> tuple[Scores, dict[str, Any], dict[str, Any]]:
    """The scores, what explain says, and what it says of the decision maker's cap, which is what scoring says."""
    scores = world.score(*layers)
    told = explain(scores.con, definitions(*layers), "r1")
    cap = next(o for o in told["overrides"] if o["name"] == "decision_maker_unhappy")
    assert cap["fired"] == (scores.snapshot()["override"] == "decision_maker_unhappy")
    return scores, told, cap


@pytest.mark.parametrize("days", [22, LAST])
def test_explain_says_until_when_known_evidence_counts(days: int, capsys: pytest.CaptureFixture[str]) -> None:
    _, told, cap = held(unhappy(days))
    until = AS_OF + timedelta(days=LAST - days)
    assert (cap["fired"], cap["known"], cap["until"]) == (True, True, until.isoformat())
    reports.explain(Screen(color=False), told)
    assert f"its evidence counts until {until}" in capsys.readouterr().out


def test_evidence_counts_on_its_last_day_and_is_carried_on_the_next() -> None:
    assert [held(unhappy(days))[2]["known"] for days in (LAST, LAST + 1)] == [True, False]


def test_what_was_retired_is_not_carried_any_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scores, told, cap = held(unhappy(190))
    assert (cap["fired"], cap["known"], scores.snapshot()["score"]) == (True, False, 74)
    assert told["retired"] == []
    scores, told, cap = held(unhappy(190), layer(tmp_path))
    assert not cap["fired"]
    assert scores.snapshot()["score"] > 74
    assert told["retired"] == [
        {"metric": "decision_maker_score", "by": "dana@acme.example", "on": "2026-11-20",
         "why": "she answered for another product", "file": "retired.yml:3"}
    ]  # fmt: skip
    reports.explain(Screen(color=False), told)
    assert "by dana@acme.example: she answered for another product (retired.yml:3)" in capsys.readouterr().out


def test_a_fact_that_is_known_cannot_be_retired(tmp_path: Path) -> None:
    assert held(unhappy(22), layer(tmp_path))[2]["fired"]


@pytest.mark.parametrize("change", [("on: 2026-11-20", "on: 2026-11-26"), ("of: a1", "of: a2")])
def test_tomorrows_words_and_those_of_others_retire_nothing(change: tuple[str, str], tmp_path: Path) -> None:
    assert held(unhappy(190), layer(tmp_path, ENTRY.replace(*change)))[2]["fired"]


def test_a_cap_that_let_go_is_listed_and_one_that_was_disproved_is_not(tmp_path: Path) -> None:
    scores, _, _ = held(unhappy(190), layer(tmp_path))
    (row,) = rows_of(scores.con, RELEASED)
    assert (row["relationship"], row["override"], row["cap"]) == ("r1", "decision_maker_unhappy", 74)
    assert (row["held_on"], row["released_by"], row["score_then"]) == (date(2026, 10, 31), AS_OF, 74)
    known = of(scores.con, definitions(tmp_path).retired, "r1", AS_OF)
    assert known["decision_maker_score"].entry.by == "dana@acme.example"
    answered = unhappy(190).answer(9, person_id="boss", kind="Relationship", days_ago=10)
    assert rows_of(answered.score().con, RELEASED) == []


WRONG = {
    "by nobody": ("    by: dana@acme.example\n", "", 3, "retired.0.by is missing"),
    "without a reason": ("she answered for another product", '" "', 7, "retired.0.why is not valid"),
    "an unknown metric": ("decision_maker_score", "decision_maker_scor", 4, "there is no metric 'decision_maker_scor'"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_retirement_that_is_not_sound_is_an_error_with_file_and_line(name: str, tmp_path: Path) -> None:
    old, new, line, what = WRONG[name]
    layers = [SHIPPED, layer(tmp_path, ENTRY.replace(old, new))]
    assert refused(layers, TYPES) == {("retired.yml", line, what)}


def test_an_override_whose_evidence_has_an_unknown_age_is_an_error(tmp_path: Path) -> None:
    text = (
        (SHIPPED / "overrides.yml").read_text().replace("age: decision_maker_answer_age", "age: answer_age")
    )
    (tmp_path / "overrides.yml").write_text(text)
    layers = [SHIPPED, tmp_path]
    with pytest.raises(ConfigError, match="there is no metric 'answer_age'"):
        load_definitions(layers)
    assert {e.what for e in wrong(layers, TYPES)} == {"there is no metric 'answer_age'"}
