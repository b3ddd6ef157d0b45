"""Declarations that are read otherwise than they are meant: numbers as texts, empty references, lost conditions, odd dates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cs_connector.errors import ConfigError
from cs_connector.unify import Source, load_mapping
from cs_connector.unify.relations.rulebook import Rulebook
from cs_connector.unify.relationships import make
from cs_connector.unify.run import read

from .unify_kit import AS_OF, Records, con, latest, rows

__all__ = ["con"]

FIRMS = "version: 1\ncrm: files\nread:\n  - object: firms\n    entity: account\n"
Says = Callable[[str], Source]


@pytest.fixture
def says(tmp_path: Path) -> Says:
    """A connection whose mapping goes on like this."""

    def source(text: str) -> Source:
        path = tmp_path / "files.yml"
        path.write_text(FIRMS + text)
        return Source("f", "files", 0, load_mapping(path))

    return source


def staged(
    con: duckdb.DuckDBPyConnection, source: Source, query: str, **objects: Any
) -> list[tuple[Any, ...]]:
    told: Records = {("f", name): found for name, found in objects.items()}
    read(con, [source], latest(con, told))
    return rows(con, query)


TWO = [{"id": "1", "s": "x"}, {"id": "2", "s": "y"}]


@pytest.mark.parametrize(
    ("how", "segments"),
    [
        ("{const: 2024}", ["2024", "2024"]),
        ("{field: s, values: {x: 2024}, default: null}", ["2024", None]),
        ("{field: s, values: {x: 1, y: two}, default: null}", ["1", "two"]),
        ("{field: s, values: {x: true}, default: 3}", ["true", "3"]),
        ("{field: q, default: 7}", ["7", "7"]),
        ("{formula: name, default: 7}", ["7", "7"]),
    ],
)
def test_a_number_that_stands_for_a_text_is_that_text(
    con: duckdb.DuckDBPyConnection, says: Says, how: str, segments: list[str | None]
) -> None:
    source = says(f"    fields: {{name: name, segment: {how}}}\n")
    found = staged(con, source, "SELECT segment FROM stage_account ORDER BY record_id", firms=TWO)
    assert [one for (one,) in found] == segments


MORE = "    fields: {name: name}\n  - object: more\n    entity: account\n    adds_to: {link: account, object: firms, field: f}\n    fields: {industry: i}\n"


def test_what_adds_to_a_record_and_names_none_is_set_aside_and_makes_none(
    con: duckdb.DuckDBPyConnection, says: Says
) -> None:
    more = [{"id": "a", "f": "1", "i": "Oil"}, {"id": "b", "f": "", "i": "Gas"}]
    query = "SELECT record_id, adds_ref FROM stage_account ORDER BY ALL"
    assert staged(con, says(MORE), query, firms=TWO[:1], more=more) == [("1", None), ("a", "f|firms|1")]
    assert rows(con, "SELECT record_id, reason FROM quarantine") == [
        ("b", "f does not say to which account it adds")
    ]


def test_while_a_field_that_decides_is_lost_what_was_read_with_it_stays(
    con: duckdb.DuckDBPyConnection, says: Says
) -> None:
    where = "    where: [{field: s, any_of: [x]}]\n"
    lost = {"firms": frozenset({"s"}), "more": frozenset({"f"})}
    source = replace(says(where + MORE.replace("name: name}", "name: name, kind: s}")), unknown=lost)
    query = "SELECT record_id, adds_ref, kind FROM stage_account ORDER BY ALL"
    found = staged(con, source, query, firms=TWO, more=[{"id": "a", "f": "1", "i": "Oil"}])
    assert found == [("1", None, None), ("a", "f|firms|1", None)]


def test_what_is_no_list_of_dated_values_is_set_aside(con: duckdb.DuckDBPyConnection, says: Says) -> None:
    source = says("    fields: {name: name, customer_since: {field: s, reached: [a]}}\n")
    dated = [{"id": "3", "s": '[{"value": "a", "timestamp": "2026-01-01"}]'}, {"id": "4", "s": "7"}]
    query = "SELECT record_id, customer_since::VARCHAR FROM stage_account ORDER BY 1"
    assert staged(con, source, query, firms=[TWO[0], *dated]) == [("3", "2026-01-01")]
    assert rows(con, "SELECT reason FROM quarantine ORDER BY 1") == [
        ("s is '7', not a list of dated values",), ("s is 'x', not a list of dated values",),
    ]  # fmt: skip


@pytest.mark.parametrize("day", ["infinity", "-infinity", "epoch", "20261-1-5"])
def test_a_word_or_a_year_of_five_digits_is_no_date(
    con: duckdb.DuckDBPyConnection, says: Says, day: str
) -> None:
    source = says(
        "    fields: {name: name, created_on: d}\n  - {object: calls, entity: activity, fields: {at: d}}\n"
    )
    odd = [{"id": "1", "d": day}]
    assert staged(con, source, "SELECT * FROM stage_account", firms=odd, calls=odd) == []
    assert {reason for (reason,) in rows(con, "SELECT reason FROM quarantine")} == {
        f"d is '{day}', not a date", f"d is '{day}', not a time",
    }  # fmt: skip


def test_a_link_may_be_translated(con: duckdb.DuckDBPyConnection, says: Says) -> None:
    source = says(
        "    fields: {name: name, parent_id: {link: account, object: firms, field: s, values: {x: 9}, default: null}}\n"
    )
    query = "SELECT parent_id FROM stage_account ORDER BY record_id"
    assert staged(con, source, query, firms=TWO) == [("f|firms|9",), (None,)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("    where: [{field: s, any_of: []}]\n    fields: {name: name}\n", "where.0 is not valid"),
        ("    where: [{field: s}]\n    fields: {name: name}\n", "where.0 is not valid"),
        ("    convert: {to: EUR, on: []}\n    fields: {arr: a, currency: c}\n", "convert.on"),
        (
            "    inputs: {ARR: {field: a, type: money}}\n    fields: {arr: {formula: 'ARR * 12'}}\n",
            "ARR and arr are one name",
        ),
        (
            "    fields: {arr: a}\n    ranges: [{attribute: arr, low: 10, high: 0}]\n",
            "no arr is from 10 to 0",
        ),
    ],
)
def test_what_asks_nothing_or_means_two_things_is_a_mistake_of_the_file(
    says: Says, text: str, told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        says(text)


@pytest.mark.parametrize("status", ["Cancelled", " churned", "ENDED"])
def test_a_record_is_over_by_any_word_for_it_also_when_a_formula_gives_it(
    con: duckdb.DuckDBPyConnection, says: Says, status: str
) -> None:
    assert made(con, says, status=status) == [("Ended", "Subscription")]


def test_a_type_in_other_letters_is_the_declared_one(con: duckdb.DuckDBPyConnection, says: Says) -> None:
    assert made(con, says, type="TRIAL ") == [("Active", "Trial")]


def made(con: duckdb.DuckDBPyConnection, says: Says, **values: str) -> list[tuple[Any, ...]]:
    """Status and type of the relationship of one won deal."""
    con.execute("CREATE TABLE account AS SELECT 'a' AS account_id, 'A' AS name, 'EUR' AS currency")
    con.execute(
        "CREATE TABLE link AS SELECT '' AS entity, '' AS entity_id, '' AS connection, '' AS object, '' AS record_id, '' AS method"
    )
    staged(con, says("    fields: {name: name}\n"), "SELECT 1")
    con.execute(
        "CREATE TABLE opportunity AS SELECT * EXCLUDE (connection, rank, object, record_id, same_ref, adds_ref) FROM stage_opportunity"
    )
    con.execute("INSERT INTO opportunity(opportunity_id, account_id) VALUES ('o', 'a')")
    rule = {
        "from": "opportunity",
        "key": ["opportunity_id"],
        "values": {k: f"'{v}'" for k, v in values.items()},
    }
    make(con, Rulebook.model_validate({"version": 1, "relationships": [rule]}), AS_OF)
    return rows(con, "SELECT status, type FROM relationship")
