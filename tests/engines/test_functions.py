"""Every formula function, total and window means the same on DuckDB, PostgreSQL and Spark."""

from __future__ import annotations

from typing import Any

import pytest

from . import cases
from .alike import differing, rows

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.xdist_group("engines")]
ASKED = {
    "formulas": (cases.formulas, "id", tuple(cases.FORMULAS)),
    "totals": (cases.totals, "grp", tuple(cases.TOTALS)),
    "windows": (cases.windows, "id", tuple(cases.WINDOWS)),
    "published": (cases.published, "id", ("significant",)),
}
Answers = dict[str, dict[str, list[dict[str, Any]]]]


@pytest.fixture(scope="module")
def answers(running: Any) -> Answers:
    """All that is asked, of each engine, in four queries."""
    return {
        asked: {name: rows(engine.rows(made()), [key]) for name, engine in running.items()}
        for asked, (made, key, _) in ASKED.items()
    }


@pytest.mark.parametrize("engine", ["postgres", "spark"])
@pytest.mark.parametrize(("asked", "column"), [(a, c) for a, (*_, columns) in ASKED.items() for c in columns])
def test_the_answer_is_that_of_duckdb(answers: Answers, asked: str, column: str, engine: str) -> None:
    ours = answers[asked]["duckdb"]
    assert differing(ours, answers[asked][engine], column) == []
    assert any(row[column] is not None for row in ours)
