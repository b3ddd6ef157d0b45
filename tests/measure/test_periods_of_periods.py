"""Totals of periods over totals of other periods tell of nothing that comes later."""

from __future__ import annotations

from datetime import date

import pytest

from cs_connector.language.periods import Calendar
from tests.measure.kit import Steps, Town, cells, same

DAYS = tuple(date(2026, *day) for day in ((8, 31), (10, 3), (11, 1), (11, 5), (12, 5)))
GRID = tuple(date(2026, *day) for day in ((9, 2), (10, 2), (11, 3), (11, 25)))


def test_a_total_by_the_day_of_the_score_is_that_of_periods_alone() -> None:
    made = Town()
    for day in DAYS:
        made.add("usage", account_id="a2", metric="x", on_date=day, value=1)
    totals = {"n": {"take": "count"}}
    first, second = (
        cells(made.connection(GRID), [
            {"fetch": "usage"}, {"aggregate": {"by": by, "every": {"of": "on_date", "grain": "month", "last": 3}, "totals": totals}},
            {"aggregate": {"totals": {"n": {"take": "sum", "of": "n"}}}},
        ])
        for by in ([], ["today"])
    )  # fmt: skip
    same(first, second)


@pytest.mark.parametrize(("inner", "outer"), [
    ("quarter", "month"), ("month", "week"), ("week", "month"), ("quarter", "fiscal quarter"), ("year", "quarter"),
])  # fmt: skip
def test_periods_of_periods_that_are_not_over_do_not_tell_of_later_rows(inner: str, outer: str) -> None:
    """Whatever the grains are: what was used after a day is in no total of it."""
    made = Town()
    for day in DAYS:
        made.add("usage", account_id="a2", metric="x", on_date=day, value=1)
    last = {"newest": {"take": "max", "of": "on_date"}}
    fiscal = {"grain": outer.removeprefix("fiscal "), "fiscal": outer.startswith("fiscal")}
    listed: Steps = [
        {"fetch": "usage"},
        {"aggregate": {"every": {"of": "on_date", "grain": inner}, "totals": last}},
        {"aggregate": {"every": {"of": "period", **fiscal}, "totals": {"newest": {"take": "max", "of": "newest"}}}},
        {"aggregate": {"totals": {"newest": {"take": "max", "of": "newest"}}}},
    ]  # fmt: skip
    found = cells(made.connection((*GRID, date(2027, 2, 1))), listed, Calendar(fiscal_year_starts=2))
    assert len(found) > 0
    assert (found["newest"].dt.date <= found["today"]).all()
