"""Answers that end too early and values that make no sense, as a part of what `make soak` counts in full."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.soaking import cuts, values
from bench.soaking.tries import Tried


@pytest.mark.parametrize("number", range(len(cuts.CASES)), ids=list(cuts.CASES))
def test_a_part_of_an_answer_is_never_taken_for_the_end(number: int, tmp_path: Path) -> None:
    with cuts.sampled(tmp_path) as attempt:
        found = attempt(number)
    assert found.problem == ""
    assert found.count > 3


def test_who_takes_a_broken_page_for_the_end_is_caught(tmp_path: Path) -> None:
    with cuts.trusting(tmp_path) as attempt:
        assert attempt(0).problem


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_no_value_stops_a_reading_or_is_lost(seed: int, tmp_path: Path) -> None:
    with values.mutated(tmp_path) as attempt:
        found: Tried = attempt(seed)
    assert found.problem == ""


def test_who_converts_values_by_hand_is_caught(tmp_path: Path) -> None:
    with values.plain(tmp_path) as attempt:
        assert attempt(0).problem
