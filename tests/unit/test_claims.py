"""What stops a run before anybody is scored: who is claimed by which scorecard, and a day before any data."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cs_connector.errors import ConfigError, UsageError
from cs_connector.runner.scorecards import claims
from tests.unit.engine_kit import engine_of
from tests.unit.health_tables import AS_OF, World
from tests.unit.test_scorecard_lint import ASSIGN, ASSIGNED, BAD, project, swapped

CLAIMS = (
    "a scorecard for a type that does not exist",
    "two scorecards that claim one type",
    "a scorecard that is not there",
)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_run_stops_where_lint_would(name: str, tmp_path: Path) -> None:
    file, changes, expected = BAD[name]
    assert file == ASSIGNED
    project(tmp_path, **{ASSIGNED: swapped(ASSIGN, changes)})
    with engine_of(object(), tmp_path) as engine, pytest.raises(ConfigError) as caught:
        claims.check(engine)
    assert (str(caught.value.place).removeprefix(f"{tmp_path}/"), caught.value.what) == expected[:2]


def test_what_is_right_is_let_through(tmp_path: Path) -> None:
    project(tmp_path)
    with engine_of(object(), tmp_path) as engine:
        claims.check(engine)


def test_a_day_before_any_data_is_refused_and_the_oldest_is_named() -> None:
    con = World().customer(start_on=date(2024, 1, 1)).users(80, 80).answer(9).connection()
    claims.reached(con, AS_OF)
    claims.reached(con, date(2024, 1, 1))
    with pytest.raises(UsageError, match="no data of 2023-12-31") as caught:
        claims.reached(con, date(2023, 12, 31))
    assert "the oldest is of 2024-01-01" in caught.value.why
