"""Whatever happens in a CRM before, between and during readings, our copy ends as the CRM is; naive readers are caught."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.soaking import histories
from bench.soaking.judge import difference
from bench.soaking.tables import shared
from bench.soaking.town import Builder, Town

HISTORIES = 20  # a part of what `make soak` tries
FAILED = (4349,)  # a clock ten minutes ahead, then ten behind: memberships were not read anew
AHEAD = (14,)  # over sockets: a clock ten minutes ahead, which only the dates of answers tell
SEEDS = (1, 2, 7, 9, 19, *range(1, 40))  # first those that are known to catch one
MOVES = (
    # where a ticket says which company it belongs to, and which field that is
    ("hubspot", "tickets/companies", "all"),
    ("zendesk", "tickets", "organization_id"),
)


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    with shared():
        yield Builder(tmp_path_factory.mktemp("towns"), "small")


@pytest.mark.slow
def test_after_two_quiet_readings_nothing_is_missing_wrong_or_double(tmp_path: Path) -> None:
    with histories.near(tmp_path) as attempt:
        found = {seed: attempt(seed).problem for seed in (*range(1, HISTORIES + 1), *FAILED)}
    assert {seed: problem for seed, problem in found.items() if problem} == {}


@pytest.mark.slow
def test_the_same_over_sockets_in_the_vendors_sizes(tmp_path: Path) -> None:
    with histories.far(tmp_path) as attempt:
        found = {seed: attempt(seed).problem for seed in (1, 2, 3, *AHEAD)}
    assert {seed: problem for seed, problem in found.items() if problem} == {}


@pytest.mark.slow
@pytest.mark.parametrize("name", histories.NAIVE)
def test_a_naive_reader_is_caught(name: str, tmp_path: Path) -> None:
    with histories.NAIVE[name](tmp_path) as attempt:
        assert any(attempt(seed).problem for seed in SEEDS)


def test_the_same_seed_is_the_same_history(tmp_path: Path) -> None:
    with histories.NAIVE["untold deletions (zendesk)"](tmp_path) as attempt:
        assert attempt(1) == attempt(1)


@pytest.mark.parametrize(("crm", "name", "field"), MOVES)
def test_a_ticket_goes_to_another_company_though_nobody_touched_either(
    builder: Builder, crm: str, name: str, field: str
) -> None:
    dice = random.Random(3)
    with builder.near(crm, dice, (name,)) as town:
        town.hand.begin(dice)
        town.hand.fill(name, dice, 20)
        _read(town)
        before = _companies(town, name, field)
        for _ in range(50):
            town.hand.move(dice)
        assert _companies(town, name, field) != before
        _read(town)
        assert difference(town.copy) == ""


def _read(town: Town) -> None:
    town.pass_time(minutes=histories.QUIET)
    town.sync()


def _companies(town: Town, name: str, field: str) -> dict[str, object]:
    return {key: record[field] for key, record in town.hand.holds(name, ()).items()}
