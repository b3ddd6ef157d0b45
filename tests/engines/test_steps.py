"""Every kind of step gives the same rows on DuckDB, PostgreSQL and Spark."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from cs_connector.language.steps import Step

from .alike import differing, rows
from .steps import STUDIES, plan

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.xdist_group("engines")]


@pytest.fixture(scope="module")
def answer(running: Any) -> Any:
    """The rows of a study on an engine, computed once."""

    @cache
    def found(engine: str, study: str) -> list[dict[str, Any]]:
        *before, last = plan(STUDIES[study]).parts
        for part in before:
            running[engine].store(part.table, part.rows.query)
        return rows(running[engine].rows(last.rows.query), last.rows.cell)

    return found


@pytest.mark.parametrize("engine", ["postgres", "spark"])
@pytest.mark.parametrize("study", STUDIES)
def test_the_rows_are_those_of_duckdb(answer: Any, study: str, engine: str) -> None:
    ours, theirs = answer("duckdb", study), answer(engine, study)
    wrong = {name: differing(ours, theirs, name)[:3] for name in ours[0]}
    assert {name: pairs for name, pairs in wrong.items() if pairs} == {}
    assert [name for name in ours[0] if all(row[name] is None for row in ours)] == []


def test_every_kind_of_step_is_among_them() -> None:
    used = {kind for study in STUDIES.values() for step in study for kind in step}
    assert used == set(Step.model_fields) - {"python"}
