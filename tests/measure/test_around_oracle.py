"""Steps that look at other rows, or leave SQL, each against the same thing said in pandas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cs_connector.config.documents import load
from cs_connector.errors import ConfigError
from cs_connector.language.compiler import compile_study
from cs_connector.language.executor import sql, store
from cs_connector.measure import functions
from tests.measure.kit import CELL, GRID, SEGMENTS, Steps, Town, cells, paired, rows, same, steps, town

TOWN = town(3)
USAGE: dict[str, Any] = {"fetch": "usage"}
KEYS = [*CELL, "usage_id"]


def usage() -> pd.DataFrame:
    table = paired(TOWN.counted("usage"), "on_date")
    table["value"] = pd.to_numeric(table["value"])
    return table.sort_values(["on_date", "usage_id"]).reset_index(drop=True)


def ranked(g: pd.DataFrame) -> pd.Series:
    return g["value"].rank(method="min", na_option="bottom")


def ntile(g: pd.DataFrame, parts: int) -> list[int]:
    """The first parts get one row more until all are given away."""
    size, more = divmod(len(g), parts)
    return [part + 1 for part in range(parts) for _ in range(size + (part < more))]


def zscore(values: pd.Series) -> pd.Series:
    spread = values.std(ddof=1)
    return (values - values.mean()) / spread if spread else values * np.nan


def test_window_by_date() -> None:
    """Of equal dates the lesser key comes first; a part of one row is alone."""
    step = {"window": {"by": ["metric"], "order": ["on_date"], "add": {
        "before": {"take": "lag", "of": "value"}, "before_2": {"take": "lag", "of": "value", "rows": 2},
        "after": {"take": "lead", "of": "value"}, "n": {"take": "row_number"}, "part": {"take": "ntile", "rows": 4},
        "running": {"take": "running_sum", "of": "value"}, "moving": {"take": "moving_avg", "of": "value", "rows": 3},
        "z": {"take": "zscore", "of": "value"}, "share": {"take": "share", "of": "value"},
    }}}  # fmt: skip
    found = []
    for _, g in usage().groupby([*CELL, "metric"], dropna=False):
        total = g["value"].sum(min_count=1)
        known = g["value"].notna().cumsum() > 0
        found.append(g.assign(
            before=g["value"].shift(1), before_2=g["value"].shift(2), after=g["value"].shift(-1), n=range(1, len(g) + 1),
            part=ntile(g, 4), running=g["value"].fillna(0).cumsum().where(known),
            moving=g["value"].rolling(3, min_periods=1).mean(), z=zscore(g["value"]), share=g["value"] / (total or np.nan),
        ))  # fmt: skip
    expected = pd.concat(found)
    names = ["before", "before_2", "after", "n", "part", "running", "moving", "z", "share"]
    same(rows(TOWN.connection(), [USAGE, step])[[*KEYS, *names]], expected[[*KEYS, *names]], KEYS)
    assert expected["z"].isna().any()


def test_window_by_value() -> None:
    """Equal values have the same rank; one alone has no percentage."""
    step = {
        "window": {
            "by": ["metric"],
            "order": ["value"],
            "add": {"rank": {"take": "rank"}, "percent": {"take": "percent_rank"}},
        }
    }
    found = []
    for _, g in usage().groupby([*CELL, "metric"], dropna=False):
        rank = ranked(g)
        found.append(g.assign(rank=rank, percent=(rank - 1) / (len(g) - 1 or np.nan)))
    expected = pd.concat(found)
    same(
        rows(TOWN.connection(), [USAGE, step])[[*KEYS, "rank", "percent"]],
        expected[[*KEYS, "rank", "percent"]],
        KEYS,
    )
    assert expected["rank"].duplicated().any()
    assert expected["percent"].isna().any()


def test_a_window_sees_nothing_of_later_days() -> None:
    step = {"window": {"order": ["on_date"], "add": {"after": {"take": "lead", "of": "on_date"}}}}
    found = rows(TOWN.connection(), [USAGE, step])
    days = pd.to_datetime(found["after"]).dt.date
    assert all(pd.isna(d) or d <= t for d, t in zip(days, found["today"], strict=True))


TOTAL = {"aggregate": {"totals": {"s": {"take": "sum", "of": "value"}}}}


@pytest.mark.parametrize("within", [[], ["account_segment"]])
def test_peers(within: list[str]) -> None:
    """Those without a value or a segment have no place; equal ones share it; one alone has a rank and a median only."""
    step = {
        "peers": {
            "within": within,
            "of": "s",
            "add": {t: t for t in ("rank", "percentile", "quartile", "zscore", "median")},
        }
    }
    table = usage().groupby(CELL)["value"].sum(min_count=1).rename("s").reset_index()
    everybody = pd.DataFrame([(r, today) for r in range(1, 8) for today in GRID], columns=CELL)
    table = everybody.merge(table, how="left", on=CELL)
    accounts = {1: "a1", 2: "a1", 3: "a2", 4: "a3", 5: "a4", 6: "a5", 7: "a6"}
    table["segment"] = table["r"].map(lambda r: SEGMENTS[accounts[r]]) if within else "all"
    found = []
    for _, part in table.groupby(["today", "segment"], dropna=False):
        rank = part["s"].rank(method="min")
        percent = (rank - 1) / (part["s"].count() - 1 or np.nan)
        quartile = pd.cut(percent, [-1, 0.2499999, 0.4999999, 0.7499999, 1], labels=False) + 1
        g = part.assign(
            rank=rank,
            percentile=percent,
            quartile=quartile,
            zscore=zscore(part["s"]),
            median=part["s"].median(),
        )
        if g["segment"].isna().all():
            g[["rank", "percentile", "quartile", "zscore", "median"]] = np.nan
        found.append(g)
    same(cells(TOWN.connection(), [USAGE, TOTAL, step]), pd.concat(found).drop(columns="segment"))


def test_the_last_bits_of_a_number_give_nobody_a_place() -> None:
    """0.1 + 0.2 is more than 0.3 to a machine; the order in which rows are added shows as little."""
    of = "case when account_segment = 'Big' then 0.1 + 0.2 else 0.3 end"
    found = cells(TOWN.connection(), [USAGE, TOTAL, {"peers": {"of": of, "add": {"place": "rank"}}}])
    assert found["r"].nunique() == 7
    assert set(found["place"]) == {1}


def test_peers_then_a_formula_of_the_relationship() -> None:
    listed: Steps = [
        USAGE, TOTAL, {"peers": {"of": "s / arr", "add": {"place": "rank"}}}, {"derive": {"twice": "place * 2 + arr / arr * 0"}},
    ]  # fmt: skip
    found = cells(TOWN.connection(), listed)
    assert found["place"].max() > 3
    assert (found["twice"].dropna() == 2 * found["place"].dropna()).all()


CODE = """
import pandas as pd

def longest(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.groupby(["r", "today"])["value"].max().reset_index(name="most").assign(word="x")

def nothing(rows): return None
def other(rows): return rows.rename(columns={"value": "most"}).assign(word="x", r=99)
def short(rows): return rows[["r", "today"]]
def broken(rows): return 1 / 0
def leaving(rows): raise SystemExit(3)
def endless(rows): return longest(rows).assign(most=lambda made: made["most"].where(made["r"] > 1, float("inf")))
def text(rows): return longest(rows).assign(most="abc")
"""


def given(path: Path, function: str) -> Any:
    """What a function makes of usage, with the total of it."""
    (path / "mine.py").write_text(CODE)
    (path / "mine.yml").write_text("version: 1\n")
    listed: Steps = [
        USAGE, {"python": {"file": "mine.py", "function": function, "gives": {"most": "number", "word": "text"}}},
        {"aggregate": {"totals": {"most": {"take": "sum", "of": "most"}, "top": {"take": "max", "of": "most"}, "n": {"take": "count", "where": "word = 'x'"}}}},
    ]  # fmt: skip
    plan = compile_study(steps(*listed))
    assert plan.python
    con = TOWN.connection()
    first, last = plan.parts
    store(con, first.table, sql(first.rows.query))
    functions.run(con, load(path / "mine.yml"), first, first.table)
    return con.execute(f"SELECT * FROM ({sql(last.rows.query)}) ORDER BY ALL").df().assign()


def test_python(tmp_path: Path) -> None:
    """The function sees what exists on each day, and its rows are steps' rows again."""
    expected = usage().groupby(CELL)["value"].max().reset_index(name="most").assign(n=1)
    found = given(tmp_path, "longest")
    same(found.assign(today=found["today"].dt.date), expected)


@pytest.mark.parametrize(("function", "why"), [
    ("nothing", "gave no DataFrame"), ("other", "relationships .* it did not get"), ("short", "no column 'most'"),
    ("broken", "ZeroDivisionError"), ("text", "abc"), ("leaving", "SystemExit: 3"),
])  # fmt: skip
def test_a_function_that_gives_something_else(tmp_path: Path, function: str, why: str) -> None:
    with pytest.raises(ConfigError, match=f"{function} of mine.py failed") as caught:
        given(tmp_path, function)
    assert pd.Series([caught.value.why]).str.contains(why).all()


def test_what_is_infinite_is_unknown_of_one_relationship(tmp_path: Path) -> None:
    """A formula after it must not find it greater than everything."""
    plain, found = given(tmp_path, "longest"), given(tmp_path, "endless")
    of = found["r"] == 1
    assert of.any()
    assert found[of]["top"].isna().all()
    pd.testing.assert_frame_equal(found[~of], plain[~of])


def test_a_function_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"mine\.py has no function 'gone'"):
        given(tmp_path, "gone")


def test_nobody_has_peers_where_nobody_is() -> None:
    step = {"peers": {"of": "s", "add": {"place": "percentile"}}}
    assert cells(Town().connection(), [USAGE, TOTAL, step])["place"].isna().all()
