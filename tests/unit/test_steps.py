"""What steps may say, how a mistake is told, and when rows meet dates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cs_connector.errors import ConfigError
from cs_connector.language.compiler import Plan, StepError, compile_rows, compile_study
from cs_connector.language.executor import sql
from cs_connector.language.steps import MAX_NESTED, MAX_STEPS, Step
from cs_connector.language.tree import Group, Node, Pair
from cs_connector.measure import mistakes
from cs_connector.measure.metrics import BASE, load_metrics, values
from tests.measure.kit import GRID, town

COUNT = {"aggregate": {"totals": {"n": {"take": "count"}}}}
MONTHLY = {
    "aggregate": {
        "every": {"of": "on_date", "grain": "month"},
        "totals": {"s": {"take": "sum", "of": "value"}},
    }
}
ENDING = {"aggregate": {"totals": {"most": {"take": "max", "of": "s"}}}}


def steps(*listed: dict[str, Any]) -> list[Step]:
    return [Step.model_validate(step) for step in listed]


def plan(*listed: dict[str, Any]) -> Plan:
    return compile_study(steps(*listed), base=BASE)


def below(node: Node) -> list[Node]:
    """The nodes on the way down to the scan."""
    found = [node]
    while (node := getattr(found[-1], "rows", None)) is not None:  # type: ignore[assignment]
        found.append(node)
    return found


def test_usage_becomes_months_before_it_meets_dates() -> None:
    kinds = [type(n) for n in below(plan({"fetch": "usage"}, MONTHLY, ENDING).rows.node)]
    assert kinds.count(Pair) == 1
    assert kinds.index(Pair) < len(kinds) - 1 - kinds[::-1].index(Group)


@pytest.mark.parametrize("early", [
    {"filter": "days(today, on_date) > 3"}, {"trailing": {"of": "on_date"}}, {"top": {"order": ["value"]}},
    {"window": {"order": ["on_date"], "add": {"x": {"take": "lag", "of": "value"}}}}, {"derive": {"age": "days(today, on_date)"}},
])  # fmt: skip
def test_rows_meet_dates_where_a_step_asks_for_it(early: dict[str, Any]) -> None:
    stages = list(plan({"fetch": "usage"}, {"filter": "value > 1"}, early, COUNT).stages)
    assert [stage.rows.cell for stage in stages] == [("r",), ("r",), ("r", "today"), ("r", "today")]


def test_what_has_no_date_meets_none() -> None:
    assert plan({"fetch": "goal"}, COUNT).rows.cell == ("r",)


def test_each_step_says_what_a_row_is() -> None:
    by = {
        "aggregate": {
            "by": ["metric"],
            "every": {"of": "on_date", "grain": "month"},
            "totals": {"s": {"take": "count"}},
        }
    }
    stages = list(plan({"fetch": "usage"}, by, COUNT).stages)
    assert [s.rows.node.shape.row for s in stages] == ["usage", "month and metric", "relationship and day"]
    assert [s.rows.node.shape.key for s in stages] == [("usage_id",), ("metric", "period"), ()]


MERGED = {"steps": [{"fetch": "ticket"}], "on": "product", "take": ["status"]}


@pytest.mark.parametrize(("listed", "at", "message", "fix"), [
    ([{"fetch": "usage"}, {"filter": "valeu > 1"}, COUNT], (1, "filter"), "'valeu' is not known", "did you mean 'value'?"),
    ([{"fetch": "usage"}, {"derive": {"a": "value", "b": "a + metric"}}, COUNT], (1, "derive", "b"), "not a number and a text", "change"),
    ([{"fetch": "usage"}, {"derive": {"today": "1"}}, COUNT], (1, "derive", "today"), "'today' exists already", "another name"),
    ([{"fetch": "usage"}, {"derive": {"Value": "value * 2"}}, COUNT], (1, "derive", "Value"), "'Value' and 'value' differ in capitals only", "another"),
    ([{"fetch": "usage"}, {"aggregate": {"totals": {"n": {"take": "count"}, "N": {"take": "count"}}}}], (1, "aggregate", "totals", "N"), "differ in capitals only", "another"),
    ([{"fetch": "usage"}, {"aggregate": {"totals": {"r": {"take": "count"}}}}], (1, "aggregate", "totals", "r"), "'r' exists already", "another"),
    ([{"fetch": "usage"}, {"aggregate": {"by": ["metric"], "totals": {"metric": {"take": "count"}}}}, COUNT], (1, "aggregate", "totals", "metric"), "exists already", "another"),
    ([{"fetch": "usage"}, {"pivot": {"on": "metric", "values": {"a": "x", "A": "y"}}}], (1, "pivot", "values", "A"), "differ in capitals only", "another"),
    ([{"fetch": "usage"}, {"window": {"add": {"x": {"take": "share", "of": "value"}, "X": {"take": "share", "of": "value"}}}}, COUNT], (1, "window", "add", "X"), "differ in capitals only", "another"),
    ([{"fetch": "usage"}, {"fetch": "ticket"}, COUNT], (1, "fetch"), "only the first step fetches", "merge or union"),
    ([{"fetch": "user"}, COUNT], (0, "fetch"), "rows of user belong to no account", "merge them"),
    ([{"fetch": "usage"}, {"top": {"order": ["valeu"]}}, COUNT], (1, "top", "order", 0), "'valeu' is not known", "value"),
    ([{"fetch": "usage"}, {"trailing": {"of": "metric", "days": 3}}, COUNT], (1, "trailing", "of"), "needs a date or a time", "change"),
    ([{"fetch": "usage"}, {"merge": {"entity": "person", "on": "metric", "take": ["nmae"]}}, COUNT], (1, "merge", "take"), "'nmae'", "'name'"),
    ([{"fetch": "usage"}, {"merge": {"entity": "ticket", "on": {"product": "product"}, "take": ["status"]}}, COUNT], (1, "merge", "on"), "could multiply rows", "many: true"),
    ([{"fetch": "usage"}, {"merge": MERGED}, COUNT], (1, "merge", "on"), "could multiply rows", "aggregate the other side"),
    ([{"fetch": "usage"}, {"merge": {"entity": "account", "on": {"on_date": "account_id"}, "take": ["arr"]}}, COUNT], (1, "merge", "on", "on_date"), "is a date, and account_id is a text", "one kind"),
    ([{"fetch": "usage"}, {"merge": {**MERGED, "steps": [{"fetch": "ticket"}, {"filter": "x"}]}}, COUNT], (1, "merge", "steps", 1, "filter"), "'x' is not known", ""),
    ([{"fetch": "usage"}, {"union": {"steps": [{"fetch": "ticket"}]}}, COUNT], (1, "union"), "have no column", "same columns"),
    ([{"fetch": "usage"}, MONTHLY, {"derive": {"back": "1"}}, ENDING], (2, "derive", "back"), "'back' exists already", "another"),
    ([{"fetch": "usage"}, {"aggregate": {"by": ["metrik"], "totals": {"n": {"take": "count"}}}}, COUNT], (1, "aggregate", "by", 0), "'metrik'", "'metric'"),
    ([{"fetch": "usage"}, {"aggregate": {"totals": {"n": {"take": "sum", "of": "value", "where": "metric"}}}}], (1, "aggregate", "totals", "n", "where"), "where needs yes or no", ""),
    ([{"fetch": "usage"}, {"aggregate": {"totals": {"n": {"take": "slope", "of": "value", "over": "metric"}}}}], (1, "aggregate", "totals", "n", "over"), "over needs a number", ""),
    ([{"fetch": "usage"}, {"aggregate": {"every": {"of": "on_date", "grain": "day", "zone": "Europe/Berlin"}, "totals": {"n": {"take": "count"}}}}, COUNT], (1, "aggregate", "every", "zone"), "has no zone", "leave"),
    ([{"fetch": "ticket"}, {"aggregate": {"every": {"of": "opened_at", "grain": "day", "zone": "Europe/Berlim"}, "totals": {"n": {"take": "count"}}}}, COUNT], (1, "aggregate", "every", "zone"), "not a time zone", "Europe/Berlin"),
    ([{"fetch": "usage"}, {"pivot": {"on": "metric", "values": {"a": 1}}}], (1, "pivot", "values", "a"), "metric is a text, and 1 is a number", "change"),
    ([{"fetch": "usage"}, {"window": {"add": {"x": {"take": "lag", "of": "value"}}}}, COUNT], (1, "window", "add", "x"), "lag needs an order", "order"),
    ([{"fetch": "usage"}, {"peers": {"of": "value", "add": {"x": "rank"}}}], (1, "peers"), "one row each", "aggregate before"),
    ([{"fetch": "usage"}, COUNT, {"peers": {"of": "n", "add": {"x": "rank"}}}, COUNT], (3, "aggregate"), "cannot follow peers", "derive"),
    ([{"fetch": "usage"}, COUNT, {"peers": {"within": ["account_segmen"], "of": "n", "add": {"x": "rank"}}}], (2, "peers", "within", 0), "'account_segmen' is not known", "did you mean 'account_segment'?"),
    ([{"fetch": "usage"}, MONTHLY], (), "without an aggregate, with a row a month", "end with an aggregate"),
    ([{"fetch": "usage"}, *[{"filter": "value > 1"}] * MAX_STEPS, COUNT], (), "more than 40 steps", ""),
    ([{"fetch": "invoice"}, {"aggregate": {"totals": {"sum": {"take": "sum", "of": "amount"}}}}], (1, "aggregate", "totals", "sum"), "several currencies", "aggregate by currency"),
])  # fmt: skip
def test_a_mistake_is_told_where_it_is(
    listed: list[Any], at: tuple[Any, ...], message: str, fix: str
) -> None:
    with pytest.raises(StepError) as caught:
        plan(*listed)
    assert message in caught.value.what
    assert fix in caught.value.fix
    assert caught.value.at == at


@pytest.mark.parametrize("say", [
    [{"filter": "currency = 'EUR'"}], [{"derive": {"euro": "currency = 'EUR'"}}],
])  # fmt: skip
def test_money_is_added_once_the_steps_say_what_they_do_with_currencies(say: list[Any]) -> None:
    plan({"fetch": "invoice"}, *say, {"aggregate": {"totals": {"sum": {"take": "sum", "of": "amount"}}}})


def test_money_of_each_currency_is_added_apart_and_not_together_after_that() -> None:
    totals = {"sum": {"take": "sum", "of": "amount"}}
    months = {"of": "issued_on", "grain": "month"}
    pivot = {"pivot": {"by": ["currency"], "on": "invoice_id", "values": {"sum": "a"}, "of": "amount"}}
    for by in (
        {"aggregate": {"by": ["currency"], "every": every, "totals": totals}} for every in (None, months)
    ):
        plan({"fetch": "invoice"}, by, COUNT)
        with pytest.raises(StepError, match="all would add money of several currencies"):
            plan({"fetch": "invoice"}, by, {"aggregate": {"totals": {"all": {"take": "sum", "of": "sum"}}}})
    plan({"fetch": "invoice"}, pivot, COUNT)


def test_a_chain_of_small_formulas_does_not_grow_without_end() -> None:
    """Each is six of the one before: the seventh would keep an engine busy for minutes, a thirtieth for ever."""
    chain = [
        {"derive": {f"x{i}": f"greatest(x{i - 1}, x{i - 1} * 2) + least(x{i - 1}, 3)"}} for i in range(1, 30)
    ]
    with pytest.raises(StepError, match="the formula is too large") as caught:
        plan({"fetch": "usage"}, {"derive": {"x0": "value"}}, *chain, COUNT)
    assert caught.value.at == (5, "derive", "x4")
    many = {f"x{i}": f"value + {i}" for i in range(30)}
    plan({"fetch": "usage"}, {"derive": many}, {"derive": {"y": " + ".join(many)}}, COUNT)


def test_a_step_derives_no_more_columns_than_a_table_may_have() -> None:
    with pytest.raises(ValueError, match="at most 200"):
        Step.model_validate({"derive": {f"x{i}": "1" for i in range(201)}})


def test_steps_are_not_nested_without_end() -> None:
    inner: list[dict[str, Any]] = [{"fetch": "usage"}]
    for _ in range(MAX_NESTED):
        inner = [{"fetch": "usage"}, {"union": {"steps": inner}}]
    with pytest.raises(StepError, match="nested too deeply"):
        plan(*inner, COUNT)


@pytest.mark.parametrize(("step", "message"), [
    ({"aggregate": {"n": {"take": "count"}}}, "below `totals:`"),
    ({"window": {"of": "on_date", "days": 3}}, "called `trailing` now"),
    ({"trailing": {"of": "on_date", "days": 3, "months": 1}}, "give one of"),
    ({"aggregate": {"totals": {"n": {"take": "quantile", "of": "value"}}}}, "`p` is needed"),
    ({"aggregate": {"every": {"of": "on_date", "grain": "week", "fiscal": True}, "totals": {"n": {"take": "count"}}}}, "are fiscal"),
    ({"merge": {"entity": "person", "steps": [], "on": "x"}}, "an entity or steps"),
    ({"window": {"add": {"x": {"take": "moving_avg", "of": "value"}}}}, "needs `rows`"),
    ({"aggregate": {"every": {"of": "on_date", "grain": "day", "last": 100_000}, "totals": {"n": {"take": "count"}}}}, "less than or equal to 400"),
])  # fmt: skip
def test_a_step_of_a_wrong_form(step: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Step.model_validate(step)


def test_a_merge_that_multiplies_rows_is_marked_and_measured() -> None:
    stages = list(
        plan(
            {"fetch": "ticket"}, {"merge": {**MERGED, "take": {"other": "status"}, "many": True}}, COUNT
        ).stages
    )
    assert [stage.many for stage in stages] == [False, True, False]
    with town().connection() as con:
        days, there = (len(con.execute(sql(s.rows.query)).fetchall()) for s in stages[:2])
    assert there > days * 3


def test_the_rows_that_a_metric_stands_on_are_those_of_the_day() -> None:
    rows = compile_rows(
        steps({"fetch": "usage"}, MONTHLY, ENDING), "metric = 'x' and months(today, on_date) = 1"
    )
    assert rows is not None
    assert (rows.key, rows.entity) == ("usage_id", "usage")
    with town().connection() as con:
        found = con.execute(f"SELECT today, on_date, metric FROM ({sql(rows.query)})").fetchall()
    assert found
    assert {(t.year * 12 + t.month) - (d.year * 12 + d.month) for t, d, _ in found} == {1}
    assert {m for *_, m in found} == {"x"}


def folder(path: Path, **files: str) -> Path:
    (path / "metrics").mkdir()
    for name, text in files.items():
        (path / "metrics" / f"{name}.yml").write_text(text)
    return path


ONE = "steps: [{fetch: usage}, {aggregate: {totals: {n: {take: count}}}}]\nmetrics: {uses_of_it: {title: A, value: n}}\n"
TWO = "uses: [uses_of_it]\nmetrics: {twice: {title: B, value: 2 * uses_of_it + seats}}\n"


def test_a_metric_stands_on_another_one(tmp_path: Path) -> None:
    metrics = load_metrics([folder(tmp_path, one=ONE, two=TWO)])
    with town().connection(GRID[:1]) as con:
        con.execute("UPDATE scope SET seats = r")
        one, two = (
            [r for *_, r in con.execute(f"{sql(values(metrics.source(n)))} ORDER BY r").fetchall()]
            for n in ("uses_of_it", "twice")
        )
    assert two == [None if n is None else 2 * n + r for r, n in enumerate(one, 1)]
    assert None in one
    assert two[0] > 1


@pytest.mark.parametrize(("files", "place", "message"), [
    ({"two": TWO}, "two.yml:1", "no metric 'uses_of_it'"),
    ({"one": "uses: [twice]\n" + ONE, "two": TWO}, "two.yml:1", "in a circle"),
    ({"two": TWO.replace("twice:", "uses_of_it:")}, "two.yml:1", "in a circle"),
    ({"one": ONE, "two": TWO.replace("+ seats", "+ seets")}, "two.yml:2:53", "'seets' is not known"),
])  # fmt: skip
def test_a_metric_that_stands_on_nothing(
    tmp_path: Path, files: dict[str, str], place: str, message: str
) -> None:
    layers = [folder(tmp_path, **files)]
    with pytest.raises(ConfigError, match=message) as caught:
        load_metrics(layers)
    assert str(caught.value.place).endswith(place)
    assert [error.what for error in mistakes.found(layers)]


def test_the_calendar_of_the_project_counts(tmp_path: Path) -> None:
    text = (
        "steps: [{fetch: usage}, {aggregate: {every: {of: on_date, grain: year, fiscal: true}, totals: {n: {take: count}}}},"
        " {aggregate: {totals: {newest: {take: max, of: period}}}}]\n"
        "metrics: {begins: {title: A, value: month(newest) + 0 * month(fiscal_year_start(today))}}\n"
    )
    layers = [folder(tmp_path, one=text)]
    (tmp_path / "calendar.yml").write_text(
        "fiscal_year_starts: 2\nweek_starts: sunday\nzone: Europe/Berlin\n"
    )
    with town().connection() as con:
        found = con.execute(sql(values(load_metrics(layers).source("begins")))).fetchall()
    assert {begins for *_, begins in found} == {2, None}
    (tmp_path / "calendar.yml").write_text("fiscal_year_starts: 2\nzone: Berlin\n")
    with pytest.raises(ConfigError, match="zone is not valid") as caught:
        load_metrics(layers)
    assert str(caught.value.place).endswith("calendar.yml:2:1")


def test_a_python_step_is_looked_at_before_it_runs(tmp_path: Path) -> None:
    text = (
        "steps: [{fetch: usage}, {python: {file: mine.py, function: FUNCTION, gives: {x: number}}}, {aggregate: {totals: {n: {take: sum, of: x}}}}]\n"
        "metrics: {mine: {title: A, value: n}}\n"
    )
    layers = [folder(tmp_path, one=text.replace("FUNCTION", "longest"))]
    with pytest.raises(ConfigError, match=r"no file mine\.py"):
        load_metrics(layers)
    (tmp_path / "metrics" / "mine.py").write_text("def longst(rows): return rows\n1 / 0\n")
    with pytest.raises(ConfigError, match="no function 'longest'") as caught:
        load_metrics(layers)
    assert caught.value.fix == "did you mean 'longst'?"
