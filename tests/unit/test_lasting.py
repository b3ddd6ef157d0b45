"""What is carried and what is remembered, against the rule said row by row."""

from __future__ import annotations

import random
from datetime import date, timedelta
from itertools import groupby

import numpy as np
import pyarrow as pa
import pytest

from cs_connector.health.silence import lasting
from cs_connector.health.silence.lasting import Array, Cells, Earlier

LASTS = 60  # days
START = date(2026, 1, 31)
Key = tuple[int, date]
Known = dict[Key, float | None]


def drawn(seed: int) -> tuple[Known, dict[Key, float]]:
    """What is measured now of five relationships, some of it unknown, and what was measured before on other days, too."""
    some = random.Random(seed)
    days = [START + timedelta(days=17 * n) for n in range(12)]
    own: Known = {
        (r, day): some.choice([None, None, float(some.randrange(9))])
        for r in range(1, 6)
        for day in days[some.randrange(9) :: 2]
    }
    earlier = {(r, day): float(some.randrange(10, 19)) for r in range(1, 6) for day in some.sample(days, 5)}
    return dict(sorted(own.items())), dict(sorted(earlier.items()))


def arrays(keys: list[Key]) -> tuple[Array, Array]:
    days = np.array([day for _, day in keys], "datetime64[D]").astype(np.int64)
    return np.array([r for r, _ in keys], np.int64), days


def given(own: Known, earlier: dict[Key, float]) -> tuple[Cells, pa.Table, Earlier]:
    cells = Cells.of(arrays(list(own)), arrays(list(earlier)))
    table = pa.table({"m_x": pa.array(list(own.values()), pa.float64())})
    return cells, table, Earlier(cells.places(*arrays(list(earlier))), np.array(list(earlier.values())))


@pytest.mark.parametrize("seed", range(20))
def test_the_last_known_value_is_carried_as_long_as_it_lasts(seed: int) -> None:
    own, earlier = drawn(seed)
    cells, table, before = given(own, earlier)
    filled = lasting.fill(cells, table, {"x": LASTS}, lambda _: before)
    known = earlier | {key: value for key, value in own.items() if value is not None}
    for (r, day), value, carried, since in zip(
        own, own.values(), filled["k_x"].to_pylist(), filled["d_x"].to_pylist(), strict=True
    ):
        last = max((d for s, d in known if s == r and d <= day), default=date.min)
        if (day - last).days > LASTS:
            assert (carried, since) == (None, None)
        else:
            assert (carried, since) == (known[r, last], last if value is None else None)


@pytest.mark.parametrize("seed", range(20))
def test_the_last_day_of_a_month_is_remembered_unless_a_later_one_is_known(seed: int) -> None:
    own, earlier = drawn(seed)
    cells, table, before = given(own, earlier)
    expected = []
    for (r, year, month), keys in groupby(earlier, key=lambda key: (key[0], key[1].year, key[1].month)):
        last = max(keys)
        heard = {(s, d) for (s, d), value in own.items() if value is not None and d >= last[1]}
        if not any((s, d.year, d.month) == (r, year, month) for s, d in heard):
            expected.append(last)
    found = lasting.left(cells, table["m_x"], before)
    assert [list(earlier)[place] for place in found] == expected
    assert len(lasting.left(cells, None, before)) >= len(expected)


def test_nobody_has_nothing_carried() -> None:
    cells, table, before = given({}, {})
    assert lasting.fill(cells, table, {"x": LASTS}, lambda _: before).num_rows == 0
    assert len(lasting.left(cells, None, before)) == 0
