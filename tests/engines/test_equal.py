"""Functions, steps and metrics give the same on DuckDB, on PostgreSQL and on Spark."""

from __future__ import annotations

from typing import Any

import pytest

from . import page
from .alike import differing
from .suite import SUITE, Answers, Asked

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
OTHERS = ("postgres", "spark")


@pytest.fixture(scope="module")
def answers(running: Any) -> Answers:
    return Answers(running)


@pytest.mark.parametrize("engine", OTHERS)
@pytest.mark.parametrize("asked", SUITE, ids=lambda asked: f"{asked.kind} {asked.name}")
def test_the_answer_is_that_of_duckdb(answers: Answers, asked: Asked, engine: str) -> None:
    ours, theirs = answers.of("duckdb", asked), answers.of(engine, asked)
    wrong = {name: differing(ours, theirs, name)[:3] for name in ours[0]}
    assert {name: pairs for name, pairs in wrong.items() if pairs} == {}


def test_the_page_lists_what_is_asked(answers: Answers) -> None:
    """If not, `python -m tests.engines.page` writes it."""
    asked = [(line[0], line[1]) for asked in SUITE for line in page.lines(answers, asked)]
    assert page.written() == asked


@pytest.mark.parametrize("asked", SUITE, ids=lambda asked: f"{asked.kind} {asked.name}")
def test_there_is_something_to_compare(answers: Answers, asked: Asked) -> None:
    """Two answers without a value are equal, too."""
    found = answers.of("duckdb", asked)
    assert [name for name in found[0] if all(row[name] is None for row in found)] == []
