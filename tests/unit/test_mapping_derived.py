"""What a mapping computes: formulas over inputs and attributes, and amounts in one currency, never one to one in silence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cs_connector.unify import load_mapping
from cs_connector.unify.declared.derived import derived

RATES = "version: 1\nbase: EUR\nrates:\n  2026-01-01: {USD: 0.5, GBP: 2}\n  2026-07-01: {USD: 0.25}\n"
COMPUTED = """\
version: 1
crm: x
read:
  - object: Contract
    entity: subscription
    inputs:
      monthly: {field: M, type: money}
      term: {field: T, type: number}
      plan: P
    fields:
      start_on: S
      arr: {formula: "monthly * 12", default: 0}
      renewal_on: {formula: "add_months(start_on, term)"}
      notice_on: {formula: "add_days(renewal_on, -90)"}
      seats: {formula: "term / 7 * 1000000000000000000000"}
      product: {formula: "concat(upper(trim(plan)), ' ', left(plan, 2))", only_if: {field: P, known: true}}
      auto_renew: {formula: "starts_with(lower(plan), 'evergreen')"}
"""
CONVERTED = """\
version: 1
crm: x
read:
  - object: Contract
    entity: subscription
    fields:
      start_on: S
      renewal_on: R
      currency: C
      arr: A
    convert: {to: %s, on: %s}
"""


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def made(
    con: duckdb.DuckDBPyConnection, folder: Path, text: str, row: str, lost: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """One row after the formulas and the conversion of a mapping, and why it is wrong."""
    path = folder / "x.yml"
    path.write_text(text)
    mapping = load_mapping(path)
    layer = derived(mapping, mapping.read[0], f"SELECT {row}", lost)
    found = con.execute(f"SELECT *, CASE {' '.join(layer.checks)} END AS wrong FROM ({layer.query})")
    names = [d[0] for d in found.description or ()]
    return dict(zip(names, found.fetchone() or (), strict=True))


ROW = "DATE '2026-01-31' AS start_on, {m}::DECIMAL(18,2) AS monthly, {t}::DOUBLE AS term, {p}::VARCHAR AS plan, {p} IS NOT NULL AS \"if product\""


def test_formulas_stand_on_inputs_attributes_and_each_other(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    row = made(con, tmp_path, COMPUTED, ROW.format(m="12.50", t="13", p="' evergreen Gold'"))
    assert (row["arr"], row["renewal_on"], row["notice_on"]) == (
        Decimal("150.00"),
        date(2027, 2, 28),
        date(2026, 11, 30),
    )
    assert (row["product"], row["auto_renew"]) == ("EVERGREEN GOLD  e", False)


def test_what_is_not_known_stays_so_and_a_default_says_otherwise(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    row = made(con, tmp_path, COMPUTED, ROW.format(m="NULL", t="NULL", p="NULL"))
    assert [row[n] for n in ("arr", "renewal_on", "notice_on", "seats", "product", "wrong")] == [
        0,
        None,
        None,
        None,
        None,
        None,
    ]


def test_what_does_not_fit_is_a_reason_and_no_value(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    row = made(con, tmp_path, COMPUTED, ROW.format(m="1", t="14", p="'x'"))
    assert row["seats"] is None
    assert row["wrong"] == "the formula of seats gives 2e+21, which does not fit"


@pytest.mark.parametrize("term", ["1e300", "'inf'", "'nan'", "-1e9"])
def test_no_number_of_months_stops_a_run(con: duckdb.DuckDBPyConnection, tmp_path: Path, term: str) -> None:
    assert made(con, tmp_path, COMPUTED, ROW.format(m="1", t=term, p="'x'"))["renewal_on"] is None


def test_what_rests_on_a_lost_field_is_unknown(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    row = made(con, tmp_path, COMPUTED, ROW.format(m="NULL", t="13", p="'x'"), frozenset({"M", "T"}))
    assert [row[n] for n in ("arr", "renewal_on", "notice_on", "product")] == [None, None, None, "X x"]


def amounts(con: duckdb.DuckDBPyConnection, folder: Path, to: str, on: str, row: str) -> tuple[Any, ...]:
    (folder / "rates.yml").write_text(RATES)
    found = made(con, folder, CONVERTED % (to, on), row)
    return found["arr"], found["currency"], found["wrong"]


SUM = "{a}::DECIMAL(18,2) AS arr, {c}::VARCHAR AS currency, {s}::DATE AS start_on, {r}::DATE AS renewal_on"
ON = "[start_on, renewal_on]"


@pytest.mark.parametrize(
    ("to", "amount", "currency", "start", "renewal", "expected"),
    [
        ("EUR", "100", "'usd '", "'2026-06-30'", "NULL", (Decimal("50.00"), "EUR", None)),
        ("EUR", "100", "'USD'", "'2026-07-01'", "NULL", (Decimal("25.00"), "EUR", None)),
        ("EUR", "100", "'USD'", "NULL", "'2026-03-01'", (Decimal("50.00"), "EUR", None)),
        ("GBP", "100", "'USD'", "'2026-08-01'", "NULL", (Decimal("12.50"), "GBP", None)),
        ("GBP", "100", "'EUR'", "'2026-08-01'", "NULL", (Decimal("50.00"), "GBP", None)),
        ("EUR", "7", "'EUR'", "NULL", "NULL", (Decimal("7.00"), "EUR", None)),
        ("EUR", "NULL", "NULL", "NULL", "NULL", (None, None, None)),
        ("EUR", "100", "NULL", "'2026-08-01'", "NULL", (None, None, "it has an amount and no currency")),
        ("EUR", "100", "'USD'", "NULL", "NULL", (None, "EUR", "without start_on or renewal_on nothing says which rate counts")),
        ("EUR", "100", "'USD'", "'2025-12-31'", "NULL", (None, "EUR", "there is no rate from USD to EUR on 2025-12-31")),
        ("EUR", "100", "'SEK'", "'2026-08-01'", "NULL", (None, "EUR", "there is no rate from SEK to EUR on 2026-08-01")),
        ("GBP", "99999999999.99", "'EUR'", "'2026-08-01'", "NULL", (Decimal("50000000000.00"), "GBP", None)),
        ("USD", "9999999999999999", "'GBP'", "'2026-08-01'", "NULL", (None, "USD", "an amount is too large to convert")),
    ],
)  # fmt: skip
def test_an_amount_is_converted_by_the_rate_of_its_day_or_set_aside(
    con: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    to: str,
    amount: str,
    currency: str,
    start: str,
    renewal: str,
    expected: Any,
) -> None:
    row = SUM.format(a=amount, c=currency, s=start, r=renewal)
    assert amounts(con, tmp_path, to, ON, row) == expected


def test_a_fixed_day_can_say_which_rate_counts(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    row = SUM.format(a="100", c="'USD'", s="NULL", r="NULL")
    assert amounts(con, tmp_path, "EUR", "2026-01-01", row) == (Decimal("50.00"), "EUR", None)
