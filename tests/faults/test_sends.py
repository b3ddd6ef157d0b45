"""Tasks are sent by processes that may die at every named point, while answers get lost: none is made twice, none is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.soaking import sends
from bench.soaking.sends import AIMS, FLYING, RECOVERING, Sending
from cs_connector.act.outbox.points import Point

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def sending(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sending]:
    with sends.at_points(tmp_path_factory.mktemp("sending")) as tries:
        tries.kills = 8
        yield tries


def test_killed_at_every_point_no_task_is_made_twice_and_none_is_missing(sending: Sending) -> None:
    problems = [tried.problem for seed in range(1, 8) if (tried := sending(seed)).problem]
    assert problems == []
    missed = [name for name in AIMS if not sending.met[name]]
    assert missed == [], "a point that is not passed any more has another name now, or was forgotten"
    assert {str(point) for point in Point} >= RECOVERING
    assert set(AIMS) >= FLYING


@pytest.mark.long
def test_a_task_that_is_noted_when_the_answer_is_there_is_caught(tmp_path: Path) -> None:
    with sends.naive(tmp_path) as attempt:
        assert any("twice" in attempt(seed).problem for seed in range(1, 30))
