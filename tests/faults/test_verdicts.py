"""Whatever is wrong with a batch and with its answers, each change has one verdict, and what it says is so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.soaking import verdicts
from bench.soaking.tries import Try

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def true(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Try]:
    with verdicts.true(tmp_path_factory.mktemp("verdicts")) as attempt:
        yield attempt


@pytest.mark.parametrize("seed", range(1, 10))
def test_every_verdict_is_true(true: Try, seed: int) -> None:
    assert true(seed).problem == ""


@pytest.mark.parametrize("seed", range(1, 4))
def test_who_takes_an_answer_for_a_yes_is_caught(tmp_path: Path, seed: int) -> None:
    with verdicts.trusting(tmp_path) as attempt:
        assert "is not there" in attempt(seed).problem
