"""Records read by a mapping that computes, converts, looks up and follows references."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cs_connector.errors import ConfigError, Place
from cs_connector.unify import Source, aliases, load_mapping
from cs_connector.unify.declared.rates import load_rates
from cs_connector.unify.extraction import stage

from .unify_kit import Records, con, latest, rows

__all__ = ["con"]

MAPPING = """\
version: 1
crm: x
read:
  - object: Contract
    entity: subscription
    inputs:
      monthly: {field: Monthly, type: money}
      term: {field: Term, type: number, unit: {from: per year, to: per year}}
      owner: {field: ProductId, through: {object: Product, field: Line}}
    convert: {to: EUR, on: [renewal_on, start_on]}
    fields:
      currency: Currency
      start_on: Start
      arr: {formula: "monthly * 12"}
      renewal_on: {formula: "add_months(start_on, term)", only_if: {field: Kind, any_of: [fixed]}}
      product: {field: ProductId, through: {object: Product, field: Name}, default: other}
      region: {field: State, lookup: regions}
      seats: {field: Thousands, unit: {from: thousands, to: ones}}
      type: {formula: "concat(owner, '/', product)"}
"""
GOOD = {"Id": "1", "Monthly": 10, "Currency": "USD", "Start": "2026-01-31", "Term": 1, "Kind": "fixed",
        "ProductId": "p1", "State": "CA", "Thousands": "1.5"}  # fmt: skip
PRODUCTS = [{"Id": "p1", "Name": "Gold", "Line": "Metals"}, {"Id": "p2", "Name": "Gone", "_deleted": True}]


def read(
    con: duckdb.DuckDBPyConnection, folder: Path, *records: dict[str, Any], lost: frozenset[str] = frozenset()
) -> tuple[list[Any], list[Any]]:
    """What is staged, and what is set aside with which reason."""
    (folder / "lookups").mkdir()
    (folder / "lookups" / "regions.yml").write_text("version: 1\nvalues: {CA: West}\ndefault: null\n")
    (folder / "rates.yml").write_text("version: 1\nbase: EUR\nrates:\n  2026-01-01: {USD: 0.5}\n")
    (folder / "x.yml").write_text(MAPPING)
    source = Source("x", "x", 0, load_mapping(folder / "x.yml"), {"Contract": lost})
    raw: Records = {("x", "Contract"): list(records), ("x", "Product"): PRODUCTS}
    aliases.collect(con, [source], latest(con, raw))
    stage(con, [source], latest(con, raw))
    columns = "currency, arr, renewal_on, product, region, seats, type"
    return (
        rows(con, f"SELECT {columns} FROM stage_subscription ORDER BY record_id"),
        rows(con, "SELECT record_id, reason FROM quarantine ORDER BY ALL"),
    )


def test_a_record_is_computed_converted_and_completed_by_another_one(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    staged, aside = read(
        con, tmp_path, GOOD, {**GOOD, "Id": "2", "Kind": "open", "ProductId": "p2", "State": "XX"}
    )
    assert staged == [
        ("EUR", Decimal("60.00"), date(2026, 2, 28), "Gold", "West", 1500, "Metals/Gold"),
        ("EUR", Decimal("60.00"), None, "other", None, 1500, "/other"),
    ]
    assert aside == []


def test_what_cannot_be_read_or_converted_is_set_aside_with_the_reason(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    wrong = [
        {"Monthly": "1O"},
        {"Currency": "SEK"},
        {"Currency": None},
        {"Start": None},
        {"Thousands": "9e300"},
        {"Start": "2026-02-30"},
    ]
    staged, aside = read(con, tmp_path, *({**GOOD, "Id": str(n), **one} for n, one in enumerate(wrong)))
    assert staged == []
    assert aside == [
        ("0", "Monthly is '1O', not an amount"),
        ("1", "there is no rate from SEK to EUR on 2026-02-28"),
        ("2", "it has an amount and no currency"),
        ("3", "without renewal_on or start_on nothing says which rate counts"),
        ("4", "Thousands is '9e300', not a whole number"),
        ("5", "Start is '2026-02-30', not a date"),
    ]


PLAIN = """\
version: 1
crm: x
read:
  - object: Contract
    entity: subscription
    convert: {to: EUR, on: [start_on]}
    fields:
      start_on: Start
      currency: Currency
      arr: {field: Monthly, unit: {from: per month, to: per year}}
"""


def test_an_amount_that_is_a_field_of_its_own_says_why_it_is_not_converted(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    told = {"Monthly": 10, "Currency": "USD", "Start": "2026-01-31"}
    (tmp_path / "rates.yml").write_text("version: 1\nbase: EUR\nrates:\n  2026-01-01: {USD: 0.5}\n")
    (tmp_path / "x.yml").write_text(PLAIN)
    wrong: list[dict[str, Any]] = [
        {},
        {"Currency": "SEK"},
        {"Start": None},
        {"Start": "soon"},
        {"Monthly": "1O"},
    ]
    raw: Records = {("x", "Contract"): [{**told, "Id": str(n), **one} for n, one in enumerate(wrong)]}
    source = Source("x", "x", 0, load_mapping(tmp_path / "x.yml"), {})
    aliases.collect(con, [source], latest(con, raw))
    stage(con, [source], latest(con, raw))
    assert rows(con, "SELECT record_id, arr FROM stage_subscription") == [("0", Decimal(60))]
    assert rows(con, "SELECT record_id, reason FROM quarantine ORDER BY ALL") == [
        ("1", "there is no rate from SEK to EUR on 2026-01-31"),
        ("2", "without start_on nothing says which rate counts"),
        ("3", "Start is 'soon', not a date"),
        ("4", "Monthly is '1O', not an amount"),
    ]


BARE = """\
version: 1
crm: x
read:
  - object: Line
    entity: subscription
    fields:
      seats: {field: Seats, default: 7}
      renewal_on: {first: [Renewal, End]}
      end_on: {field: End, only_if: {field: Kind, any_of: [fixed]}}
      arr: {field: Worth, unit: {from: thousands, to: ones}, default: 0}
"""


def test_a_default_hides_nothing_that_cannot_be_read(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "x.yml").write_text(BARE)
    lines = [
        {"Seats": "3", "End": "2026-01-01", "Kind": "fixed", "Worth": "2"},
        {"End": "soon"},
        {"Seats": "many"},
        {"Renewal": "2026-02-30", "End": "2026-01-01"},
        {"Renewal": "2026-02-01", "End": "soon", "Kind": "fixed"},
        {"Worth": "much"},
        {"Renewal": "2026-02-01", "End": "soon", "Kind": "open"},
    ]
    records = [{"Id": str(n), **one} for n, one in enumerate(lines)]
    source = Source("x", "x", 0, load_mapping(tmp_path / "x.yml"), {})
    raw: Records = {("x", "Line"): records}
    aliases.collect(con, [source], latest(con, raw))
    stage(con, [source], latest(con, raw))
    assert rows(
        con, "SELECT record_id, seats, renewal_on, end_on, arr FROM stage_subscription ORDER BY 1"
    ) == [
        ("0", 3, date(2026, 1, 1), date(2026, 1, 1), Decimal(2000)),
        ("6", 7, date(2026, 2, 1), None, Decimal(0)),
    ]
    assert rows(con, "SELECT record_id, reason FROM quarantine ORDER BY ALL") == [
        ("1", "Renewal or End is 'soon', not a date"),
        ("2", "Seats is 'many', not a whole number"),
        ("3", "Renewal or End is '2026-02-30', not a date"),
        ("4", "End is 'soon', not a date"),
        ("5", "Worth is 'much', not an amount"),
    ]


def test_what_rests_on_a_lost_field_is_unknown_and_not_its_default(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    staged, aside = read(con, tmp_path, GOOD, lost=frozenset({"Monthly", "ProductId"}))
    assert (staged, aside) == ([("EUR", None, date(2026, 2, 28), None, "West", 1500, None)], [])


@pytest.mark.parametrize(
    ("lost", "known"),
    [
        ("Currency", (None, None, date(2026, 2, 28), "Gold", "West", 1500, "Metals/Gold")),
        ("Start", ("EUR", None, None, "Gold", "West", 1500, "Metals/Gold")),
    ],
)
def test_an_amount_of_which_the_currency_or_the_day_is_lost_is_unknown_and_nothing_is_set_aside(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, lost: str, known: tuple[object, ...]
) -> None:
    assert read(con, tmp_path, GOOD, lost=frozenset({lost})) == ([known], [])


SOLD = """\
version: 1
crm: x
read:
  - object: Contract
    entity: subscription
    inputs: {each: {field: Price, type: money}}
    convert: {to: EUR, on: [start_on]}
    fields:
      currency: Currency
      start_on: Start
      status: {field: State, values: {gone: Ended}, default: Active}
      end_on: {field: End, only_if: {field: State, any_of: [gone]}}
      seats: Seats
      arr: {formula: "each * seats", only_if: {field: State, none_of: [gone]}}
"""


@pytest.mark.parametrize("lost", ["Currency", "Start"])
def test_without_a_currency_only_amounts_are_unknown_and_who_left_has_left(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, lost: str
) -> None:
    (tmp_path / "rates.yml").write_text("version: 1\nbase: EUR\nrates:\n  2026-01-01: {USD: 0.5}\n")
    (tmp_path / "x.yml").write_text(SOLD)
    told = {"Currency": "USD", "Start": "2026-01-31", "Price": 5, "Seats": 2, "End": "2026-03-01"}
    raw: Records = {("x", "Contract"): [{**told, "Id": state, "State": state} for state in ("gone", "live")]}
    source = Source("x", "x", 0, load_mapping(tmp_path / "x.yml"), {"Contract": frozenset({lost})})
    aliases.collect(con, [source], latest(con, raw))
    stage(con, [source], latest(con, raw))
    assert rows(con, "SELECT status, end_on, seats, arr FROM stage_subscription ORDER BY record_id") == [
        ("Ended", date(2026, 3, 1), 2, None),
        ("Active", None, 2, None),
    ]
    assert rows(con, "SELECT reason FROM quarantine") == []


def test_a_day_of_rates_is_there_once(tmp_path: Path) -> None:
    """In quotes it is another key to YAML, and the rates of the first one would be lost."""
    path = tmp_path / "rates.yml"
    path.write_text("version: 1\nbase: EUR\nrates:\n  2026-01-01: {USD: 0.5}\n  '2026-01-01': {JPY: 0.01}\n")
    with pytest.raises(ConfigError, match="2026-01-01 is there twice") as caught:
        load_rates([tmp_path])
    assert caught.value.place == Place(str(path), 5)
