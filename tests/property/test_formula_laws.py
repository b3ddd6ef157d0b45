"""A formula whose types were checked runs, whatever the rows hold, and gives what it said that it gives."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cs_connector.errors import FormulaError
from cs_connector.language.executor import sql
from cs_connector.language.expression import parse
from cs_connector.language.kinds import kind
from cs_connector.model import DATE, FLAG, MONEY, NUMBER, TEXT, TIME, WHOLE

TYPES = {"n": NUMBER, "w": WHOLE, "m": MONEY, "t": TEXT, "f": FLAG, "d": DATE, "at": TIME}
ROWS = """
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL), (0, 0, 0, '', FALSE, DATE '2026-01-31', TIMESTAMP '2026-01-31 23:59:59'),
    ('inf', 9223372036854775807, 9999999999999999.99, 'soon', TRUE, DATE '9999-12-31', TIMESTAMP '1970-01-01'),
    ('nan', -9223372036854775808, -9999999999999999.99, '2026-01-31', TRUE, DATE '0001-01-01', TIMESTAMP '2100-02-28'),
    (-1e308, 1, 0.01, 'Ünï ☃', NULL, DATE '2024-02-29', TIMESTAMP '2024-02-29 12:00:00')"""
ATOMS = st.sampled_from([*TYPES, "0", "1", "-2.5", "1e9", "'x'", "''", "'2026-02-28'", "true", "null"])
SHAPES = (
    "({0} + {1})", "({0} - {1})", "({0} * {1})", "({0} / {1})", "-{0}", "abs({0})", "round({0}, 2)", "floor({0})", "ceil({0})",
    "({0} = {1})", "({0} <> {1})", "({0} < {1})", "({0} >= {1})", "({0} between {1} and {2})", "({0} in ({1}, {2}))",
    "({0} is null)", "(not {0})", "({0} and {1})", "({0} or {1})", "if({0}, {1}, {2})", "case when {0} then {1} else {2} end",
    "case {0} when {1} then {2} end", "coalesce({0}, {1})", "nullif({0}, {1})", "least({0}, {1})", "greatest({0}, {1})",
    "lower({0})", "upper({0})", "trim({0})", "left({0}, {1})", "right({0}, {1})", "length({0})", "contains({0}, {1})",
    "starts_with({0}, {1})", "concat({0}, {1})", "days({0}, {1})", "months({0}, {1})", "month_end({0})", "add_days({0}, {1})",
    "add_months({0}, {1})", "year({0})", "month({0})", "known({0})",
)  # fmt: skip


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda shape, a, b, c: shape.format(a, b, c), st.sampled_from(SHAPES), inner, inner, inner
    )


FORMULAS = st.recursive(ATOMS, grown, max_leaves=8)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        columns = ", ".join(f'"{name}" {type_}' for name, type_ in TYPES.items())
        connection.execute(f"CREATE TABLE rows({columns}); INSERT INTO rows VALUES {ROWS}")
        yield connection


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
@given(text=FORMULAS)
def test_what_is_accepted_runs_and_is_of_the_kind_that_was_said(
    con: duckdb.DuckDBPyConnection, text: str
) -> None:
    try:
        formula = parse(text, TYPES)
    except FormulaError:
        assume(False)
        raise
    cursor = con.execute(f"SELECT {sql(formula.tree)} FROM rows")
    (column,) = cursor.description or ()
    cursor.fetchall()
    if formula.kind is not None and str(column[1]) != '"NULL"':
        given_kind = kind(str(column[1]).replace("INTEGER", "BIGINT"))
        assert given_kind == formula.kind or {given_kind, formula.kind} == {"money", "number"}, (
            column,
            formula.kind,
        )
