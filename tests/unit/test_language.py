"""Formulas and steps: what may be said, what it means, and how a mistake is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp

from cs_connector import registry
from cs_connector.act.calling.rules import load_rules
from cs_connector.errors import ConfigError, FormulaError
from cs_connector.language import kinds
from cs_connector.language.compiler import compile_steps
from cs_connector.language.executor import connect, sql
from cs_connector.language.expression import parse
from cs_connector.language.lowering import call, lower
from cs_connector.language.steps import Step
from cs_connector.measure.metrics import load_metrics
from cs_connector.model import DATE, FLAG, MONEY, NUMBER, TEXT, TIME, WHOLE

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
    ("upper(trim(a))", {"a": " x "}, "X"),
    ("concat(left(a, 2), '-', right(a, 1))", {"a": "abcd"}, "ab-d"),
    ("concat(a, b)", {"a": None, "b": None}, None),
    ("left(a, -3)", {"a": "abcd"}, ""),
    ("left(a, 1 / 0)", {"a": "abcd"}, None),
    ("contains(a, 'b') and not starts_with(a, 'b')", {"a": "abc"}, True),
    ("length(a) + floor(1.7) + ceil(1.2)", {"a": "abc"}, 6),
    ("days(add_months(a, 1), a)", {"a": "2027-01-31"}, 28),
    ("days(add_days(a, -1), a)", {"a": "2027-01-31"}, -1),
    ("days(a, '2027-01-01')", {"a": "2027-01-31"}, 30), ("days(add_days('2028-02-28', 2), a)", {"a": "2028-02-28"}, 2),
    ("year(a) * 100 + month(a)", {"a": "2027-01-31"}, 202701),
    ("add_months(a, 1e18)", {"a": "2027-01-31"}, None),
])  # fmt: skip
def test_meaning(text: str, row: dict[str, Any], expected: Any) -> None:
    assert value(text, **row) == expected


@pytest.mark.parametrize("text", [
    "select 1", "(select 1)", "a; drop table x", "a in (select b)", "sum(a)", "a over ()", "random()", "now()",
    "current_date", "cast(a as varchar)", "a::int", "a || b", "repeat(a, 1000000)", "read_csv('/etc/passwd')",
    "*", "x.a", "$1", ":a", "?", "a like 'x'", "[1, 2]", "{'a': 1}", "a -> b", "exists(select 1)", "case", "", "a b c",
    "getenv('HOME')", "a ** b", "struct_pack(a := 1)", "interval 1 day", "a at time zone 'UTC'", "lambda x: x", "a[1]",
    "a is 'x'", "a is b", "a in ()", "a > 1e400",
])  # fmt: skip
def test_what_is_not_on_the_list_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse(text, NAMES)


TYPES = {"n": NUMBER, "m": MONEY, "w": WHOLE, "t": TEXT, "f": FLAG, "d": DATE, "at": TIME}


@pytest.mark.parametrize(("text", "kind"), [
    ("m * 12", "money"), ("m / m", "number"), ("m / n", "money"), ("coalesce(m, 0) - 5", "money"), ("n + w", "number"),
    ("case when f then 1 end", "number"), ("if(n > 1, t, 'x')", "text"), ("d >= '2026-01-31'", "yes or no"),
    ("coalesce(d, at)", "time"), ("add_months(at, 12)", "date"), ("days(d, at)", "number"), ("null", None),
    ("concat(t, upper(t))", "text"), ("not (f or t = 'x')", "yes or no"), ("t in ('a', 'b')", "yes or no"),
    ("greatest(m, 100)", "money"), ("known(t)", "yes or no"), ("-round(m, 2)", "money"), ("nullif(n, 0)", "number"),
])  # fmt: skip
def test_a_formula_over_typed_names_says_what_it_gives(text: str, kind: str | None) -> None:
    assert parse(text, TYPES).kind == kind


@pytest.mark.parametrize(("text", "message", "at"), [
    ("m * m", "money times money", 1), ("n + m", "which is a number, with m, which is money", 5),
    ("d + 1", "not a date and a number", 1), ("d - d", "not a date and a date", 1), ("t + 'x'", "not a text", 1),
    ("1 + f", "not a number and yes or no", 1), ("t > 1", "which is a text, with 1", 5), ("d = 'soon'", "'soon' is no date", 5),
    ("d in ('2026-13-01')", "is no date", 7), ("f and n", "and needs yes or no, and n is a number", 7),
    ("case when n then 1 end", "when needs yes or no", 11), ("case when f then 1 else t end", "case cannot take", 25),
    ("if(f, d, n)", "if cannot take", 10), ("lower(n)", "lower needs a text", 7), ("days(d, n)", "days needs a date", 9), ("days(d, 'soon')", "days needs a date", 9), ("days(d, '2026-02-30')", "days needs a date", 9),
    ("abs(t)", "abs needs a number or money", 5), ("coalesce(t, 0)", "coalesce cannot take", 13), ("n / d", "/ needs a number", 5),
    ("d > '20260131'", "'20260131' is no date", 5), ("d > '2026-W05-6'", "is no date", 5), ("at > '2026-01-31T10:00:00+02:00'", "is no date", 6),
    ("n is true", "is needs yes or no, and n is a number", 1), ("days(d)", "days takes 2 values, 1 given", 1), ("add_days(d, t)", "add_days needs a number", 13), ("d between 1 and 2", "between cannot take", 11),
])  # fmt: skip
def test_what_does_not_go_together_is_told_with_its_place(text: str, message: str, at: int) -> None:
    with pytest.raises(FormulaError, match=re.escape(message)) as caught:
        parse(text, TYPES)
    assert caught.value.position == at


@pytest.mark.parametrize(("steps", "message"), [
    ([{"fetch": "ticket"}, {"filter": "priority"}], "filter needs yes or no, and priority is a text"),
    ([{"fetch": "ticket"}, {"trailing": {"of": "status", "days": 3}}], "trailing needs a date or a time"),
    ([{"fetch": "ticket"}, {"aggregate": {"totals": {"n": {"take": "sum", "of": "status"}}}}], "sum needs a number or money"),
    ([{"fetch": "invoice"}, {"derive": {"late": "days(today, due_on) > 3"}}, {"filter": "late + 1"}], "not yes or no and a number"),
    ([{"fetch": "invoice"}, {"merge": {"entity": "account", "on": "account_id", "take": ["arr"]}}, {"filter": "arr = 'x'"}], "= cannot take"),
])  # fmt: skip
def test_types_are_checked_through_all_steps(steps: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        compile_steps([Step.model_validate(step) for step in steps])


@pytest.mark.parametrize("text", [
    " + ".join(["n"] * 12), "nullif(" * 6 + "n" + ", 0)" * 6, "case " * 3 + "n" + " when 1 then 2 when 3 then 4 end" * 3,
], ids=["sums", "nullif", "case"])  # fmt: skip
def test_each_part_of_a_formula_is_looked_at_once(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty numbers are added in no time; each level that looks twice would double it."""
    asked: list[str | None] = []
    kind_of = kinds.kind
    monkeypatch.setattr(kinds, "kind", lambda of: (asked.append(of), kind_of(of))[1])
    assert parse(text, TYPES).kind == "number"
    assert len(asked) <= 12


@pytest.mark.parametrize("engine", ["duckdb", "postgres", "spark"])
@pytest.mark.parametrize(("function", "back"), [("add_days", "days"), ("add_months", "months")])
def test_a_count_of_days_that_is_made_of_others_does_not_double_each_time(
    function: str, back: str, engine: str
) -> None:
    text = "n"
    for _ in range(9):
        text = f"{back}({function}(d, {text}), d)"
    with pytest.raises(ConfigError, match="a formula is too large for this engine"):
        lower(parse(text, TYPES).tree, engine)


def test_a_wrong_name_is_told_with_its_place_and_a_guess() -> None:
    with pytest.raises(ConfigError, match="'seets' is not known here at column") as caught:
        parse("a / seets", {"a", "seats"})
    assert caught.value.fix == "did you mean 'seats'?"


@pytest.mark.parametrize(("text", "message", "fix"), [
    ("t like 'a%'", "'like' is not allowed", "use contains(text, part) or starts_with(text, part)"),
    ("t || 'x'", "'||' is not allowed", "use concat(a, b)"), ("n % 2 = 0", "'%' is not allowed", "functions:"),
    ("d = date '2026-01-31'", "a cast is not allowed", "a date is written as a text"), ("count(n)", "'count' is not allowed", "a step `aggregate`"),
    ("now()", "there is no function 'now'", "the day is called `today`"), ("d > current_date", "'current_date' is not allowed", "the day is called `today`"),
    ("date_trunc('month', d)", "'date_trunc' is not allowed", "use month_start(date)"), ("d + interval 1 day > d", "'interval' is not allowed", "use add_days"),
    ('t = "Active"', "'Active' is not known here", "a text stands in single quotes: 'Active'"),
    ("greatest()", "cannot be read", ""), ("if(f)", "cannot be read", ""), ("starts_with(t)", "cannot be read", ""), ("not", "cannot be read", ""),
])  # fmt: skip
def test_what_people_know_from_elsewhere_is_told_in_words_of_ours(text: str, message: str, fix: str) -> None:
    with pytest.raises(FormulaError) as caught:
        parse(text, TYPES)
    assert message in caught.value.what
    assert fix in caught.value.fix
    assert "sqlglot" not in f"{caught.value.what} {caught.value.why}"


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


def test_a_whole_number_of_up_to_nine_digits_is_published_as_it_is() -> None:
    with connect(threads=1) as con:
        values = "(-CAST(0 AS DOUBLE)), (-7.0), (999999999.0), (1234567894.0), (1e300)"
        query = f"SELECT {sql(call('significant', exp.column('v')))} FROM (VALUES {values}) AS t(v)"
        found = [str(row[0]) for row in con.execute(query).fetchall()]
    assert found == ["0.0", "-7.0", "999999999.0", "1234567890.0", "1e+300"]


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
        "version: 1\nsteps:\n  - fetch: ticket\n  - filter: priorty = 'P1'\n  - aggregate: {totals: {n: {take: count}}}\n"
        "metrics:\n  mine: {title: Mine, value: n}\n"
    )
    with pytest.raises(ConfigError, match="'priorty' is not known") as caught:
        load_metrics([tmp_path])
    assert str(caught.value.place).endswith("mine.yml:4:13")
    assert caught.value.fix == "did you mean 'priority'?"


@pytest.mark.parametrize(("text", "place", "message"), [
    ("value: n > 1", "6:30", "value needs a number or money, and n > 1 is yes or no"),
    ("value: n, known: n", "6:40", "known needs yes or no, and n is a number"),
    ("value: n + account_name", "6:30", "+ takes numbers or money, not a number and a text at column 1"),
])  # fmt: skip
def test_a_metric_is_a_number_and_is_told_where_it_is_not(
    tmp_path: Path, text: str, place: str, message: str
) -> None:
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "mine.yml").write_text(
        "version: 1\nsteps:\n  - fetch: ticket\n  - aggregate: {totals: {n: {take: count}}}\nmetrics:\n"
        f"  mine: {{title: Mine, {text}}}\n"
    )
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        load_metrics([tmp_path])
    assert str(caught.value.place).endswith(f"mine.yml:{place}") or str(caught.value.place).endswith(
        "mine.yml:7"
    )


def test_a_rule_fires_on_a_condition(tmp_path: Path) -> None:
    text = (registry.shipped()[0] / "rules" / "health_fell.yml").read_text()
    path = tmp_path / "mine.yml"
    path.write_text(re.sub(r"(?m)^when:.*(\n +.*)*", "when: value_change + 1", text))
    with pytest.raises(
        ConfigError, match=re.escape("a condition needs yes or no, and value_change + 1 is a number")
    ):
        load_rules([path], [])
