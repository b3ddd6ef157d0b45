"""The Python of a metric is configuration: another function is another configuration, wherever that is asked."""

from __future__ import annotations

from pathlib import Path

from cs_connector.health import Definitions, load_definitions
from cs_connector.health.basis import basis_of
from cs_connector.health.differences import differences
from cs_connector.runner.plans.permission import files
from tests.unit.engine_kit import engine_of
from tests.unit.health_tables import SHIPPED

METRIC = """\
version: 1
steps:
  - fetch: usage
  - python: {file: guess.py, function: guess, gives: {guessed: number}}
  - aggregate: {totals: {guessed: {take: max, of: guessed}}}
metrics:
  guess: {title: A guess, value: guessed}
"""
CARD = """\
version: 1
title: Guessed
measures:
  - {measure: guess, group: Usage, metric: guess, weight: 1, curve: {half_life: 6}, phrase: a guess}
  - {measure: nps, group: Survey, metric: nps, weight: 1, curve: {half_life: 6}, phrase: an answer}
"""
CODE = "def guess(rows):\n    return rows.assign(guessed={})\n"


def project(root: Path) -> Path:
    for name, text in {"metrics/guess.yml": METRIC, "scorecards/guessed.yml": CARD}.items():
        path = root / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    return root


def judged(root: Path, code: str) -> Definitions:
    (root / "metrics/guess.py").write_text(code)
    return load_definitions([SHIPPED, root])


def test_a_changed_function_is_a_changed_configuration(tmp_path: Path) -> None:
    root = project(tmp_path / "one")
    first = judged(root, CODE.format(1))
    again = judged(project(tmp_path / "two"), CODE.format(2))
    assert differences(first, again) == ["metric guess: measured otherwise"]
    one, two = (basis_of(found, "guessed").measures for found in (first, again))
    assert one["guess"].measured != two["guess"].measured, "no marker in the history of scores"
    assert one["nps"].measured == two["nps"].measured


def test_scores_are_computed_anew_and_the_guard_names_the_file(tmp_path: Path) -> None:
    path = project(tmp_path) / "metrics/guess.py"
    path.write_text(CODE.format(1))
    with engine_of(object(), tmp_path) as engine:
        before = engine.digest(["entity/"]), engine.config_hash(), files(engine)
        assert before == (engine.digest(["entity/"]), engine.config_hash(), files(engine))
        path.write_text(CODE.format(2))
        after = engine.digest(["entity/"]), engine.config_hash(), files(engine)
    assert [one == two for one, two in zip(before, after, strict=True)] == [False, False, False]
    assert [name for name, digest in after[2].items() if before[2][name] != digest] == ["metrics/guess.py"]
