"""A reading may die at any point of the store, and so may the installed command: nothing is lost, a page at most is read again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.soaking import commands, deaths
from bench.soaking.deaths import Deadly

pytestmark = [pytest.mark.slow]

MUST = (
    "files.LocalFiles.append: before",
    "write of landing.Landing._written: half",
    "landing.Landing.append: after",
    "commit of landing.Landing._settle: before",
    "commit of landing.Landing._settle: within",
    "commit of landing.Landing._settle: after",
    "folding.fold: within",
    "facts.Facts.publish: before",
    "commit of facts.Facts.publish: within",
    "folding._settle: before",
    "recovery.recover: within",
)
RECOVERS, LEAVES = MUST[-1], "commit of landing.Landing._settle: before"


@pytest.fixture(scope="module")
def deadly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deadly]:
    with deaths.at_points(tmp_path_factory.mktemp("deadly")) as tries:
        tries.kills = 3
        yield tries


def test_killed_again_and_again_nothing_is_lost_or_double(deadly: Deadly) -> None:
    found = [deadly(seed) for seed in range(1, 5)]
    assert [tried.problem for tried in found if tried.problem] == []
    assert sum(tried.count for tried in found) > 5


@pytest.mark.parametrize("point", MUST)
def test_killed_at_what_must_hold(deadly: Deadly, point: str) -> None:
    """A point that is not passed any more has another name now, or was forgotten."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deadly, "only", point)
        patch.setattr(deadly, "first", LEAVES if point == RECOVERS else None)
        patch.setattr(deadly, "kills", 3)
        found = deadly(1)
    assert found.problem == ""
    assert found.count > 0


@pytest.mark.long
def test_a_cursor_that_moves_before_the_records_are_kept_is_caught(tmp_path: Path) -> None:
    with deaths.naive(tmp_path) as attempt:
        assert any(attempt(seed).problem for seed in (5, *range(1, 40)))


@pytest.mark.timeout(600)
@pytest.mark.long
def test_the_installed_command_killed_while_it_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "KILLS", 4)
    with commands.of_readings(tmp_path) as attempt:
        found = attempt(1)
    assert found.problem == ""
    assert found.count > 0
