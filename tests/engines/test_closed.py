"""The list of what can be said is closed: what is on it runs everywhere, and the rest is refused by name."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from sqlglot import exp

from cs_connector.errors import ConfigError
from cs_connector.language import expression
from cs_connector.language.lowering import ENGINES, call, lower, text
from cs_connector.language.lowering.common import MAX_PARTS, PLAIN
from cs_connector.language.steps import Step, Total
from cs_connector.measure import elsewhere
from cs_connector.measure.metrics import load_metrics

from . import cases, steps
from .suite import SUITE


@cache
def asked() -> list[exp.Expr]:
    """Every node of every tree of the suite."""
    return [node for asked in SUITE for tree in asked.trees() for node in tree.walk()]


def test_every_function_has_a_lowering_and_a_test_on_every_engine() -> None:
    used = {str(node.name).lower() for node in asked() if isinstance(node, exp.Anonymous)}
    assert {name: sorted(used ^ set(engine.functions)) for name, engine in ENGINES.items()} == {
        "duckdb": [], "postgres": [], "spark": [],
    }  # fmt: skip


def test_every_node_of_the_list_is_in_a_test() -> None:
    used = {type(node) for node in asked()}
    assert sorted(t.__name__ for t in PLAIN - used - {exp.DataTypeParam}) == []
    assert (
        sorted(
            t.__name__ for engine in ENGINES.values() for t in set(engine.nodes) - used - {exp.Pow, exp.Limit}
        )
        == []
    )


def test_every_function_of_formulas_is_in_a_test() -> None:
    every = " ".join(cases.FORMULAS.values())
    assert [name for name in expression.FUNCTIONS if not re.search(rf"\b{name}\b", every)] == []


def test_every_step_and_every_total_is_in_a_test() -> None:
    used = {kind for study in steps.STUDIES.values() for step in study for kind in step}
    assert used == set(Step.model_fields) - {"python"}
    totals = steps.STUDIES["aggregate, every total"][-1]["aggregate"]["totals"].values()
    assert {total["take"] for total in totals} == set(Total.model_fields["take"].annotation.__args__)  # type: ignore[union-attr]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("tree", "name"), [
    (call("levenshtein", exp.column("s")), "levenshtein"),
    (exp.TryCast(this=exp.column("s"), to=exp.DataType.build("int")), "trycast"),
    (exp.Concat(expressions=[exp.column("s")]), "concat"),
])  # fmt: skip
def test_what_has_no_lowering_is_refused_by_name(engine: str, tree: exp.Expr, name: str) -> None:
    with pytest.raises(ConfigError, match=f"'{name}' cannot run on {engine}"):
        lower(exp.select(tree), engine)


def test_a_quantile_over_a_window_is_refused_where_there_is_none() -> None:
    tree = exp.select(exp.Window(this=call("median", exp.column("x")), partition_by=[exp.column("grp")]))
    with pytest.raises(ConfigError, match="'quantile over a window' cannot run on postgres"):
        lower(tree, "postgres")
    assert "OVER" in text(tree) and "OVER" in text(tree, "spark")


def test_an_engine_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="there is no engine 'sparc'") as caught:
        text(exp.select(exp.column("a")), "sparc")
    assert caught.value.fix == "did you mean 'spark'?"


@pytest.mark.parametrize("engine", ENGINES)
def test_rules_in_rules_do_not_explode(engine: str) -> None:
    tree: exp.Expr = exp.column("a")
    for _ in range(30):
        tree = exp.Round(this=tree, decimals=exp.Literal.number(1))
    with pytest.raises(ConfigError, match="a formula is too large for this engine"):
        lower(exp.select(tree), engine)
    assert MAX_PARTS < 10_000


def test_a_python_step_stays_here(tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    folder.mkdir()
    (folder / "mine.py").write_text("def keep(frame):\n    return frame\n")
    (folder / "mine.yml").write_text(
        "steps:\n  - fetch: ticket\n  - aggregate: {totals: {n: {take: count}}}\n"
        "  - python: {file: mine.py, function: keep, gives: {n: number}}\n"
        "metrics:\n  mine: {title: Mine, value: n}\n"
    )

    class Nothing:
        name = "postgres"

    with pytest.raises(ConfigError, match="mine cannot run on postgres") as caught:
        elsewhere.compute(Nothing(), load_metrics([tmp_path]).source("mine"))
    assert caught.value.why == "a Python step runs in this process only"
