"""Totals, over time too, each against the same thing said in pandas."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from cs_connector.language.periods import Calendar
from tests.measure.kit import CELL, Steps, Town, cells, paired, rows, same, town

TOWN = town(2)
USAGE: dict[str, Any] = {"fetch": "usage"}


def usage() -> pd.DataFrame:
    table = paired(TOWN.counted("usage"), "on_date")
    table["value"] = pd.to_numeric(table["value"])
    table["day"] = [d.day - 1 for d in table["on_date"]]
    return table


def slope(x: pd.Series, y: pd.Series) -> float:
    both = x.notna() & y.notna()
    x, y = x[both].astype(float), y[both].astype(float)
    spread = ((x - x.mean()) ** 2).sum()
    return ((x - x.mean()) * (y - y.mean())).sum() / spread if spread else np.nan


def corr(x: pd.Series, y: pd.Series) -> float:
    both = x.notna() & y.notna()
    x, y = x[both].astype(float), y[both].astype(float)
    if len(x) < 2 or x.nunique() < 2 or y.nunique() < 2:
        return np.nan
    return float(np.corrcoef(x, y)[0, 1])


def newest(rows_: pd.DataFrame) -> float:
    known = rows_.dropna(subset=["value"]).sort_values(["on_date", "usage_id"])
    return known["value"].iloc[-1] if len(known) else np.nan


TAKEN: dict[str, tuple[dict[str, Any], Callable[[pd.DataFrame], Any]]] = {
    "count": ({"take": "count"}, len),
    "known": ({"take": "count", "of": "value"}, lambda g: g["value"].count()),
    "sum": ({"take": "sum", "of": "value"}, lambda g: g["value"].sum(min_count=1)),
    "avg": ({"take": "avg", "of": "value"}, lambda g: g["value"].mean()),
    "min": ({"take": "min", "of": "value"}, lambda g: g["value"].min()),
    "max": ({"take": "max", "of": "day"}, lambda g: g["day"].max()),
    "distinct": ({"take": "distinct", "of": "value"}, lambda g: g["value"].nunique()),
    "newest": ({"take": "newest", "of": "value", "by": "on_date"}, newest),
    "stddev": ({"take": "stddev", "of": "value"}, lambda g: g["value"].std(ddof=1)),
    "variance": ({"take": "variance", "of": "value"}, lambda g: g["value"].var(ddof=1)),
    "median": ({"take": "median", "of": "value"}, lambda g: g["value"].median()),
    "quantile": ({"take": "quantile", "of": "value", "p": 0.9}, lambda g: g["value"].quantile(0.9)),
    "slope": ({"take": "slope", "of": "value", "over": "on_date"}, lambda g: slope(g["on_date"].map(date.toordinal), g["value"])),
    "slope_of_numbers": ({"take": "slope", "of": "day", "over": "value"}, lambda g: slope(g["value"], g["day"])),
    "corr": ({"take": "corr", "of": "value", "with": "day"}, lambda g: corr(g["value"], g["day"])),
    "share": ({"take": "share", "of": "value > 1"}, lambda g: (g["value"].dropna() > 1).mean()),
}  # fmt: skip


def grouped(
    table: pd.DataFrame, by: list[str], totals: dict[str, Callable[[pd.DataFrame], Any]]
) -> pd.DataFrame:
    found = []
    for key, part in table.groupby([*CELL, *by], dropna=False):
        found.append({**dict(zip([*CELL, *by], key, strict=True)), **{n: f(part) for n, f in totals.items()}})
    return pd.DataFrame(found)


@pytest.mark.parametrize("by", [[], ["metric"]])
def test_every_total(by: list[str]) -> None:
    """Over all rows of a relationship, and of one row, of none that is known, of equal ones."""
    derived = {"derive": {"day": "days(on_date, month_start(on_date))"}}
    table = usage()
    aggregate = {"aggregate": {"by": by, "totals": {name: total for name, (total, _) in TAKEN.items()}}}
    found = rows(TOWN.connection(), [USAGE, derived, aggregate])
    same(found, grouped(table, by, {name: f for name, (_, f) in TAKEN.items()}), [*CELL, *by])
    assert found["stddev"].isna().any()
    assert found["sum"].isna().any() or not by


@pytest.mark.parametrize("take", ["stddev", "variance", "slope", "corr", "median"])
def test_spread_of_equal_values_and_of_one(take: str) -> None:
    made = Town()
    for day, value in ((1, 0.1), (2, 0.1), (3, 0.1)):
        made.add("usage", account_id="a2", on_date=date(2026, 1, day), value=value)
    made.add("usage", account_id="a6", on_date=date(2026, 1, 1), value=0.1)
    total = {"take": take, "of": "value"} | {
        "slope": {"over": "1 + value"},
        "corr": {"with": "month(on_date)"},
    }.get(take, {})
    found = cells(made.connection(), [USAGE, {"aggregate": {"totals": {"it": total}}}]).set_index(CELL)["it"]
    of_three, of_one = found.loc[(3, date(2026, 11, 25))], found.loc[(7, date(2026, 11, 25))]
    assert {"stddev": of_three == 0, "variance": of_three == 0, "median": of_three == 0.1}.get(
        take, np.isnan(of_three)
    )
    assert np.isnan(of_one) if take != "median" else of_one == 0.1


def test_where() -> None:
    totals = {
        "n": {"take": "count", "where": "value > 1"},
        "s": {"take": "sum", "of": "value", "where": "metric = 'x'"},
    }
    expected = grouped(usage(), [], {
        "n": lambda g: (g["value"] > 1).sum(), "s": lambda g: g.loc[g["metric"] == "x", "value"].sum(min_count=1),
    })  # fmt: skip
    same(cells(TOWN.connection(), [USAGE, {"aggregate": {"totals": totals}}]), expected)


def test_pivot() -> None:
    step: dict[str, Any] = {
        "pivot": {
            "on": "metric",
            "values": {"of_x": "x", "of_y": "y", "of_z": "z"},
            "take": "avg",
            "of": "value",
        }
    }
    table = usage()
    for name, metric in step["pivot"]["values"].items():
        table[name] = table["value"].where(table["metric"] == metric)
    expected = table.groupby(CELL)[["of_x", "of_y", "of_z"]].mean().reset_index()
    found = cells(TOWN.connection(), [USAGE, step])
    same(found, expected)
    assert found["of_z"].isna().all()


@cache
def first(day: date, grain: str, calendar: Calendar) -> date:
    """The first day of a period, by counting."""
    if grain == "week":
        wanted = 0 if calendar.week_starts == "monday" else 6
        while day.weekday() != wanted:
            day -= timedelta(1)
        return day
    if grain == "day":
        return day
    months = {
        "month": range(1, 13),
        "quarter": [(calendar.fiscal_year_starts - 1 + n) % 12 + 1 for n in (0, 3, 6, 9)],
    }
    begins = months.get(grain, [calendar.fiscal_year_starts])
    day = day.replace(day=1)
    while day.month not in begins:
        day = (day - timedelta(1)).replace(day=1)
    return day


@cache
def before(day: date, grain: str, calendar: Calendar, count: int) -> list[date]:
    """The first days of the last periods that are over."""
    found, start = [], first(day, grain, calendar)
    for _ in range(count):
        start = first(start - timedelta(1), grain, calendar)
        found.append(start)
    return found


CALENDARS = [
    Calendar(),
    Calendar(fiscal_year_starts=2, week_starts="sunday"),
    Calendar(fiscal_year_starts=12),
]
TIMED = {
    "n": {"take": "count"}, "s": {"take": "sum", "of": "value"}, "kinds": {"take": "distinct", "of": "metric"},
}  # fmt: skip


def timed(g: pd.DataFrame) -> dict[str, Any]:
    return {"n": len(g), "s": g["value"].sum(min_count=1), "kinds": g["metric"].nunique()}


@pytest.mark.parametrize("calendar", CALENDARS)
@pytest.mark.parametrize("grain", ["day", "week", "month", "quarter", "year"])
def test_over_time(grain: str, calendar: Calendar) -> None:
    """Periods are there once they are over, with how far they lie back."""
    fiscal = grain in ("quarter", "year")
    every = {"of": "on_date", "grain": grain, "fiscal": fiscal}
    used = calendar if fiscal or grain == "week" else Calendar()
    table = usage()
    table["period"] = [first(d, grain, used) for d in table["on_date"]]
    found = []
    for key, part in table.groupby([*CELL, "period"]):
        r, today, period = cast("tuple[int, date, date]", key)
        past = before(today, grain, used, 800)
        if period in past:
            end = (
                before(today, grain, used, 800)[past.index(period) - 1]
                if past.index(period)
                else first(today, grain, used)
            )
            found.append({"r": r, "today": today, "period": period, "back": past.index(period) + 1,
                          "period_end": end - timedelta(1), **timed(part)})  # fmt: skip
    listed: Steps = [USAGE, {"aggregate": {"every": every, "totals": TIMED}}, {"filter": "back is not null"}]
    same(rows(TOWN.connection(), listed, calendar), pd.DataFrame(found), [*CELL, "period"])


@pytest.mark.parametrize("by", [[], ["metric"]])
@pytest.mark.parametrize(("grain", "count"), [("week", 5), ("month", 14), ("quarter", 3)])
def test_periods_without_a_row(grain: str, count: int, by: list[str]) -> None:
    """They exist for everybody; by metric for every metric that was seen before."""
    table = usage()
    table["period"] = [first(d, grain, Calendar()) for d in table["on_date"]]
    found = []
    for today in {*table["today"]}:
        past = before(today, grain, Calendar(), count)
        for r in range(1, 8):
            mine = table[(table["r"] == r) & (table["today"] == today)]
            over = mine[mine["period"].map(lambda p, t=today: p < first(t, grain, Calendar())).astype(bool)]
            seen = [(m,) for m in over["metric"].unique()] if by else [()]
            for values in seen:
                for back, period in enumerate(past, 1):
                    part = mine[mine["period"] == period]
                    for value in values:
                        part = part[part["metric"].isna() if pd.isna(value) else part["metric"] == value]
                    found.append(
                        {
                            "r": r,
                            "today": today,
                            **dict(zip(by, values, strict=True)),
                            "period": period,
                            "back": back,
                            **timed(part),
                        }
                    )
    listed: Steps = [
        USAGE,
        {"aggregate": {"by": by, "every": {"of": "on_date", "grain": grain, "last": count}, "totals": TIMED}},
    ]
    same(rows(TOWN.connection(), listed), pd.DataFrame(found), [*CELL, *by, "period"])


def test_months_become_quarters() -> None:
    """A period of periods: the spread of a quarter's months, and only of quarters that are over."""
    listed: Steps = [
        USAGE, {"aggregate": {"every": {"of": "on_date", "grain": "month"}, "totals": {"s": {"take": "sum", "of": "value"}}}},
        {"aggregate": {"every": {"of": "period", "grain": "quarter"}, "totals": {"spread": {"take": "stddev", "of": "s"}, "months": {"take": "count"}}}},
        {"aggregate": {"totals": {"most": {"take": "max", "of": "spread"}, "n": {"take": "count"}, "months": {"take": "sum", "of": "months"}}}},
    ]  # fmt: skip
    table = usage()
    table["month"] = [first(d, "month", Calendar()) for d in table["on_date"]]
    table = table.groupby([*CELL, "month"])["value"].sum(min_count=1).reset_index()
    table["quarter"] = [first(d, "quarter", Calendar()) for d in table["month"]]
    table = table[
        [q < first(t, "quarter", Calendar()) for q, t in zip(table["quarter"], table["today"], strict=True)]
    ]
    table = table.groupby([*CELL, "quarter"])["value"].agg(spread="std", months="size").reset_index()
    table = (
        table.groupby(CELL)
        .agg(most=("spread", "max"), n=("spread", "size"), months=("months", "sum"))
        .reset_index()
    )
    same(cells(TOWN.connection(), listed), table)


def test_a_total_of_periods_is_taken_on_its_day() -> None:
    """Without a word of today in the steps, what happens later is not among the rows."""
    listed: Steps = [
        USAGE, {"aggregate": {"every": {"of": "on_date", "grain": "month"}, "totals": {"n": {"take": "count"}}}},
        {"aggregate": {"totals": {"most": {"take": "max", "of": "n"}, "newest": {"take": "max", "of": "period_end"}}}},
    ]  # fmt: skip
    found = cells(TOWN.connection(), listed)
    assert (found["newest"].dt.date <= found["today"]).all()
    assert found.groupby("r")["newest"].nunique().max() > 1


@pytest.mark.parametrize(("moment", "zone", "day"), [
    (datetime(2026, 3, 28, 22, 30), "Europe/Berlin", date(2026, 3, 28)),
    (datetime(2026, 3, 28, 23, 30), "Europe/Berlin", date(2026, 3, 29)),
    (datetime(2026, 3, 29, 21, 30), "Europe/Berlin", date(2026, 3, 29)),  # summer time began at 1:00 UTC: one hour less
    (datetime(2026, 3, 29, 22, 30), "Europe/Berlin", date(2026, 3, 30)),
    (datetime(2025, 10, 26, 22, 30), "Europe/Berlin", date(2025, 10, 26)),  # and ended at 1:00 UTC
    (datetime(2025, 10, 26, 23, 30), "Europe/Berlin", date(2025, 10, 27)),
    (datetime(2026, 1, 1, 3, 0), "America/New_York", date(2025, 12, 31)),
    (datetime(2026, 1, 1, 10, 30), "Pacific/Kiritimati", date(2026, 1, 2)),
])  # fmt: skip
def test_a_day_is_that_of_the_zone(moment: datetime, zone: str, day: date) -> None:
    made = Town()
    made.add("ticket", account_id="a2", opened_at=moment)
    every = {"of": "opened_at", "grain": "day"}
    for calendar, given in ((Calendar(), {**every, "zone": zone}), (Calendar(zone=zone), every)):
        listed: Steps = [
            {"fetch": "ticket"},
            {"aggregate": {"every": given, "totals": {"n": {"take": "count"}}}},
        ]
        found = rows(made.connection(), listed, calendar)
        assert [d.date() for d in found["period"]] == [day]


def test_periods_by_another_date_than_the_own_one_do_not_tell_of_later_rows() -> None:
    """Invoices by the month in which they are due: one that is issued later is not known yet."""
    made = Town()
    made.add("invoice", account_id="a2", issued_on=date(2026, 11, 1), due_on=date(2026, 2, 1))
    listed: Steps = [
        {"fetch": "invoice"},
        {"aggregate": {"every": {"of": "due_on", "grain": "month"}, "totals": {"n": {"take": "count"}}}},
    ]
    found = rows(made.connection(), [*listed, {"filter": "days(today, period) > 0"}])
    assert found["today"].tolist() == [date(2026, 11, 25)]


@pytest.mark.parametrize("value", [1e300, float("inf"), float("nan")])
def test_an_impossible_value_spoils_one_number(value: float) -> None:
    """That of its relationship, from its day on; the run goes on."""
    made = town(2)
    made.add("usage", account_id="a2", metric="x", on_date=date(2026, 6, 1), value=value)
    totals = {"s": {"take": "sum", "of": "value"}, "a": {"take": "avg", "of": "value"}}
    running: Steps = [
        {"window": {"order": ["on_date"], "add": {"all": {"take": "running_sum", "of": "value"}}}}
    ]
    listed: Steps = [
        USAGE,
        *running,
        {"aggregate": {"totals": {**totals, "n": {"take": "count", "of": "all"}}}},
    ]
    before, after = (cells(m.connection(), listed).set_index(CELL) for m in (TOWN, made))
    spoiled = {key for key in after.index if key[0] == 3 and key[1] > date(2026, 6, 1)}
    assert {key for key in after.index if np.isnan(after.loc[key, "s"])} == spoiled
    assert {key for key in after.index if np.isnan(after.loc[key, "a"])} == spoiled
    rest = [key for key in after.index if key not in spoiled]
    pd.testing.assert_frame_equal(before.loc[rest], after.loc[rest])
