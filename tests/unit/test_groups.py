"""Groups of any depth: shown as a tree whose points add up, and driven by the group at the top."""

from __future__ import annotations

from pathlib import Path

import pytest

from cs_connector.console import reports
from cs_connector.console.screen import Screen
from cs_connector.errors import ConfigError
from cs_connector.health import explain, load_definitions
from tests.unit.health_tables import SHIPPED, World, definitions
from tests.unit.test_health_golden import card

CARD = """\
version: 1
title: Deep
measures:
  - {measure: seats, group: Usage / Adoption / Depth, metric: active_share, weight: 30, curve: {line: [[0, 0], [1, 100]]}, phrase: few seats}
  - {measure: features, group: Usage/Adoption/Breadth, metric: feature_breadth, weight: 10, curve: {line: [[0, 0], [1, 100]]}, phrase: few features}
  - {measure: trend, group: Usage, metric: usage_trend, weight: 20, curve: {line: [[0, 0], [1, 100]]}, phrase: it falls}
  - {measure: tickets, group: Support, metric: support_requests, weight: 40, curve: {half_life: 6}, phrase: many tickets}
"""
SHOWN = """
  Usage  33.00 points
    trend                         1 → 100.00 × 20.0% =  20.00   Usage of the last three months against the three before, or a year ago, the better
    Adoption  13.00 points
      Depth  9.00 points
        seats                       0.3 →  30.00 × 30.0% =   9.00   Active users per seat, last full month
      Breadth  4.00 points
        features                    0.4 →  40.00 × 10.0% =   4.00   Key features used of those bought"""


def test_the_tree_of_explain_has_every_depth(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layer = card(tmp_path, CARD, "deep")
    world = World().customer(scorecard="deep").users(*[30.0] * 6)
    world.use("key_features_used", world.rows["usage"][0]["on_date"], 4)
    scores = world.score(layer)
    row = scores.snapshot()
    assert (row["uncapped"], row["driver"]) == (pytest.approx(73), "Usage")
    told = explain(scores.con, definitions(layer), "r1")
    assert {m["measure"]: m["path"] for m in told["measures"]} == {
        "seats": ["Usage", "Adoption", "Depth"], "features": ["Usage", "Adoption", "Breadth"], "trend": ["Usage"], "tickets": ["Support"],
    }  # fmt: skip
    assert {m["group"] for m in told["measures"]} == {"Usage", "Support"}
    reports.explain(Screen(color=False), told)
    assert SHOWN in capsys.readouterr().out


@pytest.mark.parametrize(
    ("group", "why"), [("Usge / Depth", "did you mean 'Usage'?"), ("Usage / ", "below one after a /")]
)
def test_a_group_that_is_not_ours_is_an_error_with_file_and_line(
    group: str, why: str, tmp_path: Path
) -> None:
    layers = [SHIPPED, card(tmp_path, CARD.replace("Usage / Adoption / Depth", group), "deep")]
    with pytest.raises(ConfigError) as caught:
        load_definitions(layers)
    assert str(caught.value.place).endswith("deep.yml:4:22")
    assert why in caught.value.why
