"""What measures cost, of many at once: the words of a score stand on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cs_connector.health.curves import Curve
from cs_connector.health.fewwords import Words, one_of
from cs_connector.health.reasons.losses import NOBODY, Losses
from cs_connector.health.scorecard import Measure
from cs_connector.language.executor import connect

LINE = Curve(line=((0, 0), (100, 100)))


def measure(name: str, group: str, weight: float, **more: Any) -> Measure:
    return Measure(
        measure=name, metric=name, group=group, weight=weight, curve=LINE, phrase="a phrase", **more
    )


MEASURES = (
    measure("seats", "Usage", 2, lever="more of it", effort=3),
    measure("calls", "Support", 1, lever="fewer of them"),
    measure("answers", "Survey", 1),
)


def losses(*customers: tuple[float | None, float | None, float | None, float | None]) -> Losses:
    """Of each customer the three scores, and the weight that is known."""
    names = [*(f"s#{m.measure}" for m in MEASURES), "w#"]
    columns = zip(*customers, strict=True)
    return Losses.of(
        pa.table({name: pa.array(c, pa.float64()) for name, c in zip(names, columns, strict=True)}), MEASURES
    )


def test_what_is_unknown_costs_nothing() -> None:
    found = losses((90, None, 60, 3), (None, None, None, None))
    assert found.lost.T.tolist() == [pytest.approx([20 / 3, 0, 40 / 3]), [0, 0, 0]]
    assert found.drivers(2) == ["Survey", NOBODY]


def test_the_most_costly_come_first_and_the_same_cost_is_told_by_name() -> None:
    found = losses((80, 60, 60, 4), (100, 93, 20, 4))
    assert list(found.costly(2, 3)) == [(2, 1, 0), (2,)]
    assert list(found.costly(1, 1)) == [(2,), (2,)]


def test_what_is_good_by_itself_is_told_only_where_it_costs_more() -> None:
    found = losses((94, 60, 90, 4), (80, 60, 90, 4))
    worth = np.where(found.score >= 75, 5.0, 2.0)
    assert list(found.costly(worth, 3)) == [(1,), (1, 0)]


def test_a_measure_is_movable_that_has_a_lever_and_room_enough() -> None:
    found = losses((50, 50, 0, 4), (90, 10, 0, 4), (None, 0, 0, 2))
    missing = np.array([10.0, 10.0, np.nan])
    assert list(found.movable(missing)) == [(1, 0), (1,), ()]


def test_the_heaviest_is_one_with_a_lever() -> None:
    assert list(losses((50, 100, 0, 4), (100, 100, 0, 4)).heaviest()) == [(0,), ()]


def test_a_column_of_few_words_sorts_as_text_and_reads_as_text() -> None:
    with connect() as con:
        words = Words.of(["yellow", "green"])
        rows = con.execute(
            f"SELECT unnest({words.those(['yellow', 'green'])}) AS band ORDER BY band"
        ).fetchall()
        assert rows == [("green",), ("yellow",)]
        assert con.execute(f"SELECT {words.this('green')} || '!'").fetchone() == ("green!",)
    assert one_of([]) == "VARCHAR"
