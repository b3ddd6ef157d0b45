"""Steps that choose and change rows, each against the same thing said in pandas."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.measure.kit import CELL, Steps, Town, cells, paired, rows, same, town

TOWN = town()
USAGE: dict[str, Any] = {"fetch": "usage"}


@pytest.mark.parametrize("of", ["relationship", "account", "group"])
@pytest.mark.parametrize("entity", ["usage", "ticket"])
def test_fetch(entity: str, of: str) -> None:
    """Attached rows, products, accounts, and groups whose parent nobody told."""
    key = f"{entity}_id"
    found = rows(TOWN.connection(), [{"fetch": {"entity": entity, "of": of}}])
    assert len(found) > 40
    same(found[["r", key]], TOWN.counted(entity, of)[["r", key]], ["r", key])


def test_rows_of_a_later_day_do_not_exist() -> None:
    found = cells(
        TOWN.connection(), [{"fetch": "ticket"}, {"aggregate": {"totals": {"n": {"take": "count"}}}}]
    )
    expected = paired(TOWN.counted("ticket"), "opened_at").groupby(CELL).size().rename("n").reset_index()
    same(found, expected)
    assert found["n"].nunique() > 3


def test_filter_and_derive() -> None:
    listed: Steps = [
        USAGE, {"filter": "coalesce(value, 0) > 0 and days(today, on_date) >= 30"},
        {"derive": {"twice": "value * 2", "more": "twice + days(today, on_date)"}},
        {"derive": {"share": "value / (value - 1)"}},
    ]  # fmt: skip
    table = paired(TOWN.counted("usage"), "on_date")
    age = np.array([(t - d).days for t, d in zip(table["today"], table["on_date"], strict=True)])
    table = table[(pd.to_numeric(table["value"]).fillna(0) > 0) & (age >= 30)]
    age = np.array([(t - d).days for t, d in zip(table["today"], table["on_date"], strict=True)])
    value = pd.to_numeric(table["value"])
    table = table.assign(twice=value * 2, more=value * 2 + age, share=value / (value - 1).replace(0, np.nan))
    same(
        rows(TOWN.connection(), listed),
        table[[*CELL, "usage_id", "twice", "more", "share"]],
        [*CELL, "usage_id"],
    )


def month(day: date) -> int:
    return day.year * 12 + day.month


def monday(day: date) -> int:
    return day.toordinal() - day.weekday()


KEPT: dict[str, Callable[[date, date], bool]] = {
    "days": lambda today, day: 0 <= (today - day).days < 20,
    "weeks": lambda today, day: 1 <= (monday(today) - monday(day)) // 7 <= 20,
    "months": lambda today, day: 1 <= month(today) - month(day) <= 20,
    "quarters": lambda today, day: 1 <= (month(today) - 1) // 3 - (month(day) - 1) // 3 <= 20,
}


@pytest.mark.parametrize("unit", [*KEPT, None])
@pytest.mark.parametrize(("entity", "of"), [("usage", "on_date"), ("ticket", "opened_at")])
def test_trailing(unit: str | None, entity: str, of: str) -> None:
    given = {"of": of} if unit is None else {"of": of, unit: 20}
    table = paired(TOWN.counted(entity), None)
    days = pd.to_datetime(table[of]).dt.date
    kept = [
        not pd.isna(d) and d <= t and (unit is None or KEPT[unit](t, d))
        for d, t in zip(days, table["today"], strict=True)
    ]
    assert 0 < sum(kept) < len(table)
    key = f"{entity}_id"
    found = rows(TOWN.connection(), [{"fetch": entity}, {"trailing": given}])
    same(found[[*CELL, key]], table[kept][[*CELL, key]], [*CELL, key])


@pytest.mark.parametrize("n", [1, 3])
def test_top(n: int) -> None:
    """Ties go to the greater key, what is not known comes last, and nothing of a later day takes a place."""
    step = {"top": {"by": ["metric"], "order": ["value"], "n": n}}
    table = paired(TOWN.counted("usage"), "on_date")
    table["value"] = pd.to_numeric(table["value"])
    table = table.sort_values(["value", "usage_id"], ascending=False, na_position="last")
    table = table.groupby([*CELL, "metric"], dropna=False).head(n)
    found = rows(TOWN.connection(), [USAGE, step])
    same(found[[*CELL, "usage_id"]], table[[*CELL, "usage_id"]], [*CELL, "usage_id"])


def test_latest_can_be_the_oldest() -> None:
    table = paired(TOWN.counted("usage"), "on_date").sort_values(
        ["on_date", "usage_id"], ascending=[True, False]
    )
    table = table.groupby(CELL).head(1)
    found = rows(TOWN.connection(), [USAGE, {"latest": {"order": ["on_date asc"]}}])
    same(found[[*CELL, "usage_id"]], table[[*CELL, "usage_id"]], [*CELL, "usage_id"])


def test_merge_with_an_entity() -> None:
    listed: Steps = [
        USAGE,
        {"merge": {"entity": "account", "on": "account_id", "take": {"size": "segment"}, "found": "there"}},
    ]
    table = TOWN.counted("usage").merge(
        TOWN.frame("account")[["account_id", "segment"]], how="left", on="account_id"
    )
    table = table.assign(size=table["segment"], there=1)
    found = rows(TOWN.connection(), listed)
    same(
        found[["r", "usage_id", "size", "there"]],
        table[["r", "usage_id", "size", "there"]],
        ["r", "usage_id"],
    )


def test_merge_with_steps() -> None:
    """A row gets the total of its month and metric; what has no metric meets nothing."""
    by_month = [
        USAGE, {"aggregate": {"by": ["metric"], "every": {"of": "on_date", "grain": "month"}, "totals": {"all": {"take": "sum", "of": "value"}}}},
    ]  # fmt: skip
    listed: Steps = [
        USAGE, {"derive": {"begin": "month_start(on_date)"}},
        {"merge": {"steps": by_month, "on": {"metric": "metric", "begin": "period"}, "take": ["all"], "found": "there"}},
    ]  # fmt: skip
    table = paired(TOWN.counted("usage"), "on_date")
    table["begin"] = [d.replace(day=1) for d in table["on_date"]]
    ended = table[[month(t) > month(b) for t, b in zip(table["today"], table["begin"], strict=True)]]
    value = pd.to_numeric(ended["value"])
    totals = ended.assign(all=value).groupby([*CELL, "metric", "begin"])["all"].sum(min_count=1).reset_index()
    table = table.merge(totals.assign(there=1), how="left", on=[*CELL, "metric", "begin"])
    table["there"] = table["there"].fillna(0)
    keys = [*CELL, "usage_id"]
    same(rows(TOWN.connection(), listed)[[*keys, "all", "there"]], table[[*keys, "all", "there"]], keys)


def test_a_merge_that_may_multiply_rows_does_so_only_when_it_is_said() -> None:
    other = {"steps": [{"fetch": "usage"}], "on": "metric", "take": {"other": "usage_id"}, "many": True}
    table = paired(TOWN.counted("usage"), "on_date")[[*CELL, "usage_id", "metric"]]
    right = table.dropna(subset=["metric"]).rename(columns={"usage_id": "other"})
    table = table.merge(right, how="left", on=[*CELL, "metric"])
    found = rows(TOWN.connection(), [USAGE, {"merge": other}])
    keys = [*CELL, "usage_id", "other"]
    same(found[keys], table[keys], keys)
    assert len(found) > 500


def test_union() -> None:
    def part(entity: str, day: str) -> list[dict[str, Any]]:
        return [
            {"fetch": entity}, {"derive": {"day": f"day_start({day})"}},
            {"aggregate": {"by": ["product"], "every": {"of": day, "grain": "year"}, "totals": {"n": {"take": "count"}, "last": {"take": "max", "of": "day"}}}},
        ]  # fmt: skip

    def counted(entity: str, day: str) -> pd.DataFrame:
        table = TOWN.counted(entity).dropna(subset=[day])
        days = pd.to_datetime(table[day]).dt.date
        table = table.assign(period=[d.replace(month=1, day=1) for d in days], day=days)
        groups = table.groupby(["r", "product", "period"], dropna=False)
        return groups.agg(n=("day", "size"), last=("day", "max")).reset_index()

    table = pd.concat([counted("usage", "on_date"), counted("ticket", "opened_at")])
    table = paired(table, None)
    table = table[[t.year > p.year for t, p in zip(table["today"], table["period"], strict=True)]]
    found = rows(
        TOWN.connection(), [*part("usage", "on_date"), {"union": {"steps": part("ticket", "opened_at")}}]
    )
    keys = [*CELL, "product", "period", "n", "last"]
    same(found[keys], table[keys], keys)
    assert len(found) > 20


def test_steps_over_nothing() -> None:
    con = Town().connection()
    listed: Steps = [
        USAGE,
        {"aggregate": {"totals": {"n": {"take": "count"}, "s": {"take": "stddev", "of": "value"}}}},
    ]
    assert cells(con, listed).empty
    monthly = {"aggregate": {"every": {"of": "on_date", "grain": "month", "last": 3}, "totals": {"n": {"take": "count"}, "s": {"take": "sum", "of": "value"}}}}  # fmt: skip
    found = rows(con, [USAGE, monthly])
    assert len(found) == 7 * 3 * 3
    assert found["n"].tolist() == [0] * 63
    assert found["s"].isna().all()
