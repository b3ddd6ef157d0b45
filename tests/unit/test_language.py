"""Formulas and steps: what may be said, what it means, and how a mistake is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp

from cs_connector.errors import ConfigError
from cs_connector.language.compiler import compile_steps
from cs_connector.language.executor import connect, sql
from cs_connector.language.expression import parse
from cs_connector.language.lowering import call, lower
from cs_connector.language.steps import Step
from cs_connector.measure.metrics import load_metrics

NAMES = {"a", "b", "x", "y", "today"}


def value(text: str, **row: Any) -> Any:
    """The formula over one row."""
    columns = ", ".join(
        f"?::{'DATE' if isinstance(v, str) and v[:2] == '20' else kind(v)} AS {n}" for n, v in row.items()
    )
    with connect(threads=1) as con:
        return con.execute(
            f"SELECT {sql(parse(text, NAMES).tree)} FROM (SELECT {columns or '1 AS a'})", [*row.values()]
        ).fetchone()[0]


def kind(v: Any) -> str:
    return "VARCHAR" if isinstance(v, str) else "DOUBLE"


@pytest.mark.parametrize(("text", "row", "expected"), [
    ("a / b", {"a": 1, "b": 4}, 0.25),
    ("a / b", {"a": 1, "b": 0}, None),
    ("1 / 3 * 3 = 1", {}, True),
    ("1 < 2.5", {}, True),
    ("0.1 + 0.2", {}, 0.1 + 0.2),
    ("least(a, 50)", {"a": None}, None),
    ("greatest(a, b, 2)", {"a": 7, "b": 9}, 9),
    ("coalesce(a, 2)", {"a": None}, 2),
    ("case when a > 1 then 'x' else 'y' end", {"a": 2}, "x"),
    ("case a when 2 then 5 end", {"a": 2}, 5),
    ("if(known(a), 1, 0)", {"a": None}, 0),
    ("a is null or b is not null", {"a": 1, "b": None}, False),
    ("a between 1 and 2", {"a": 2}, True),
    ("a in (1, 2)", {"a": 3}, False),
    ("not a = 1", {"a": 1}, False),
    ("round(a, 1)", {"a": 1.25}, 1.3),
    ("-abs(a)", {"a": -2}, -2),
    ("days(a, b)", {"a": "2028-03-01", "b": "2028-02-28"}, 2),
    ("months(a, b)", {"a": "2027-01-01", "b": "2026-11-30"}, 2),
    ("lower(a)", {"a": "At Risk"}, "at risk"),
])  # fmt: skip
def test_meaning(text: str, row: dict[str, Any], expected: Any) -> None:
    assert value(text, **row) == expected


@pytest.mark.parametrize("text", [
    "select 1", "(select 1)", "a; drop table x", "a in (select b)", "sum(a)", "a over ()", "random()", "now()",
    "current_date", "cast(a as varchar)", "a::int", "a || b", "repeat(a, 1000000)", "read_csv('/etc/passwd')",
    "*", "x.a", "$1", ":a", "?", "a like 'x'", "[1, 2]", "{'a': 1}", "a -> b", "exists(select 1)", "case", "", "a b c",
    "getenv('HOME')", "a ** b", "struct_pack(a := 1)", "interval 1 day", "a at time zone 'UTC'", "lambda x: x", "a[1]",
])  # fmt: skip
def test_what_is_not_on_the_list_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse(text, NAMES)


def test_a_wrong_name_is_told_with_its_place_and_a_guess() -> None:
    with pytest.raises(ConfigError, match="'seets' is not known here at column") as caught:
        parse("a / seets", {"a", "seats"})
    assert caught.value.fix == "did you mean 'seats'?"


def test_a_wrong_function_is_told_with_a_guess() -> None:
    with pytest.raises(ConfigError, match="coalesc") as caught:
        parse("coalesc(a, 1)", NAMES)
    assert caught.value.fix == "did you mean 'coalesce'?"


@pytest.mark.parametrize("text", [
    "a" + " + a" * 700, "(" * 60 + "a" + ")" * 60, " + ".join(["a"] * 200), "least(" * 38 + "a" + ", b)" * 38,
    "(" * 1000 + "a" + ")" * 1000,
])  # fmt: skip
def test_bombs_are_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse(text, NAMES)


def test_numbers_are_printed_as_doubles() -> None:
    assert sql(parse("a * 0.3", NAMES).tree) == "a * CAST(0.3 AS DOUBLE)"


def test_an_engine_without_a_function_says_so() -> None:
    with pytest.raises(ConfigError, match="'pivot_of' cannot run on duckdb"):
        lower(call("pivot_of", exp.column("a")))
    with pytest.raises(ConfigError, match="there is no engine 'oracle'"):
        lower(exp.column("a"), "oracle")


def test_nine_digits_are_published() -> None:
    with connect(threads=1) as con:
        tree = call("significant", exp.column("v"))
        query = f"SELECT {sql(tree)} FROM (VALUES (1e9 / 3), (0.0), (1e-7 / 3), (CAST('nan' AS DOUBLE)), (NULL)) AS t(v)"
        found = [row[0] for row in con.execute(query).fetchall()]
    assert found == [333333333.0, 0.0, 3.33333333e-08, None, None]


def test_a_step_is_exactly_one_thing() -> None:
    with pytest.raises(ValueError, match="exactly one key"):
        Step.model_validate({"fetch": "ticket", "filter": "a"})


@pytest.mark.parametrize(("steps", "message"), [
    ([{"filter": "age > 1"}], "must fetch"),
    ([{"fetch": "tickets"}], "no entity 'tickets'"),
    ([{"fetch": "ticket"}], "without an aggregate"),
    ([{"fetch": "ticket"}, {"derive": {"status": "1"}}], "exists already"),
    ([{"fetch": "ticket"}, {"merge": {"entity": "person", "on": "person", "take": ["title"]}}], "no column 'person'"),
])  # fmt: skip
def test_a_step_that_cannot_be_compiled_says_why(steps: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        compile_steps([Step.model_validate(step) for step in steps])


def test_a_metric_file_is_corrected_at_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    folder.mkdir()
    (folder / "mine.yml").write_text(
        "version: 1\nsteps:\n  - fetch: ticket\n  - filter: priorty = 'P1'\n  - aggregate:\n      n: {take: count}\n"
        "metrics:\n  mine: {title: Mine, value: n}\n"
    )
    with pytest.raises(ConfigError, match="'priorty' is not known") as caught:
        load_metrics([tmp_path])
    assert str(caught.value.place).endswith("mine.yml:4")
    assert caught.value.fix == "did you mean 'priority'?"
