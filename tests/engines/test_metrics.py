"""The metrics that ship are the same numbers on DuckDB, PostgreSQL and Spark."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from cs_connector.measure import elsewhere

from .alike import differing, rows
from .shipped import STUDIES, metrics

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.xdist_group("engines")]


@pytest.fixture(scope="module")
def answer(running: Any) -> Any:
    """The metrics of a study on an engine, computed once."""
    sources = {source.name: source for source in metrics().sources}

    @cache
    def found(engine: str, study: str) -> list[dict[str, Any]]:
        return rows(elsewhere.compute(running[engine], sources[study]), ["r", "today"])

    return found


@pytest.mark.parametrize("engine", ["postgres", "spark"])
@pytest.mark.parametrize("study", STUDIES)
def test_the_metrics_are_those_of_duckdb(answer: Any, study: str, engine: str) -> None:
    ours, theirs = answer("duckdb", study), answer(engine, study)
    wrong = {name: differing(ours, theirs, name)[:3] for name in ours[0]}
    assert {name: pairs for name, pairs in wrong.items() if pairs} == {}


@pytest.mark.parametrize("study", STUDIES)
def test_the_company_has_rows_for_every_metric(answer: Any, study: str) -> None:
    """Two empty answers are equal, too."""
    found = answer("duckdb", study)
    assert [name for name in found[0] if all(row[name] is None for row in found)] == []
