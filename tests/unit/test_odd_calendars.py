"""The company's calendar counts wherever a declaration speaks of periods."""

from __future__ import annotations

from pathlib import Path

from cs_connector.health import load_definitions
from cs_connector.language.executor import connect, sql
from tests.unit.health_tables import AS_OF, SHIPPED

OVERRIDE = """version: 1
overrides:
  new_year:
    when: months(today, fiscal_year_start(today)) < 1
    cap: 30
    driver: Notice
    reason: the fiscal year has just begun
    fix: wait
"""
CONTRADICTION = """version: 1
contradictions:
  new_year: {title: A, kind: praise, when: "months(today, fiscal_year_start(today)) < 1", text: A}
"""
ASSIGN = """version: 1
assign:
  - {scorecard: usage_only, when: "months(today, fiscal_year_start(today)) < 1"}
  - scorecard: standard
"""


def test_conditions_know_when_the_fiscal_year_begins(tmp_path: Path) -> None:
    assert AS_OF.month == 11
    (tmp_path / "scorecards").mkdir()
    for name, text in {
        "overrides": OVERRIDE,
        "contradictions": CONTRADICTION,
        "scorecards/assign": ASSIGN,
    }.items():
        (tmp_path / f"{name}.yml").write_text(text)
    (tmp_path / "calendar.yml").write_text("fiscal_year_starts: 11\n")
    found = load_definitions([SHIPPED, tmp_path])
    whens = [
        next(cap.when for cap in found.cards["standard"].caps if cap.name == "new_year"),
        next(one.when for one in found.contradictions if one.name == "new_year"),
        found.assign[0][1],
    ]
    asked = ", ".join(sql(when.tree) for when in whens if when)
    with connect(threads=1) as con:
        held = con.execute(f"SELECT {asked} FROM (SELECT ?::DATE AS today)", [AS_OF]).fetchall()
    assert held == [(True, True, True)]
