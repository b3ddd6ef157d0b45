"""Who refers to a merged record means the one that took it in, at the end of however many merges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_connector.ports import Merging
from cs_connector.unify import Source, load_mapping
from cs_connector.unify.aliases import collect

from .unify_kit import Records, con, latest, rows, run

pytestmark = [pytest.mark.slow]

__all__ = ["con"]

HELPDESK = """
version: 1
crm: desk
read:
  - object: firms
    entity: account
    fields: {name: name}
  - object: people
    entity: person
    fields:
      name: name
      account_id: {link: account, object: firms, field: firm}
  - object: tickets
    entity: ticket
    fields:
      priority: subject
      account_id: {link: account, object: firms, field: firm}
      person_id: {link: person, object: people, field: asker}
"""
SALES = """
version: 1
crm: sales
read:
  - object: companies
    entity: account
    same_as: {crm: desk, object: firms, field: desk_id}
    fields: {industry: industry}
"""
ALIASES = 'SELECT object, id, "into" FROM alias ORDER BY ALL'


def source(folder: Path, text: str, rank: int = 0, merging: Merging | None = None) -> Source:
    crm = text.split("crm: ")[1].split(maxsplit=1)[0]
    path = folder / f"{crm}.yml"
    path.write_text(text)
    return Source(crm, crm, rank, load_mapping(path), merging=merging or Merging())


@pytest.fixture
def desk(tmp_path: Path) -> Source:
    return source(tmp_path, HELPDESK)


def merged(key: str, into: str) -> dict[str, Any]:
    return {"id": key, "mergedInto": into, "_deleted": True}


def test_tickets_and_people_of_a_merged_organization_follow_it(
    con: duckdb.DuckDBPyConnection, desk: Source
) -> None:
    records: Records = {
        ("desk", "firms"): [merged("1", "2"), merged("2", "3"), {"id": "3", "name": "Third"}],
        ("desk", "people"): [merged("7", "8"), {"id": "8", "name": "Eight", "firm": "1"}],
        ("desk", "tickets"): [{"id": "20", "subject": "T", "firm": "2", "asker": "7"}],
    }
    run(con, records, [desk])
    assert rows(con, ALIASES) == [("firms", "1", "3"), ("firms", "2", "3"), ("people", "7", "8")]
    assert rows(con, "SELECT p.name, a.name FROM person p JOIN account a USING (account_id)") == [
        ("Eight", "Third")
    ]
    asked = "SELECT a.name, p.name FROM ticket t JOIN account a USING (account_id) JOIN person p USING (person_id)"
    assert rows(con, asked) == [("Third", "Eight")]


def test_what_a_record_of_another_system_says_it_is_follows_too(
    con: duckdb.DuckDBPyConnection, desk: Source, tmp_path: Path
) -> None:
    sales = source(tmp_path, SALES, rank=1)
    records: Records = {
        ("desk", "firms"): [merged("1", "2"), {"id": "2", "name": "Second"}],
        ("sales", "companies"): [{"id": "a", "desk_id": "1", "industry": "Metals"}],
    }
    run(con, records, [desk, sales])
    assert rows(con, "SELECT name, industry FROM account") == [("Second", "Metals")]


def test_a_winner_that_lists_its_losers_ends_them_though_nobody_told_of_them(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    lists = source(tmp_path, HELPDESK, merging=Merging(losers="more.took"))
    records: Records = {
        ("desk", "firms"): [
            {"id": "1", "name": "Still listed"},
            {"id": "2", "name": "Second", "more": {"took": "1; 9"}},
            {"id": "3", "name": "Third", "more": {"took": None}},
        ],
        ("desk", "tickets"): [{"id": "20", "subject": "T", "firm": "9"}],
    }
    run(con, records, [lists])
    assert rows(con, ALIASES) == [("firms", "1", "2"), ("firms", "9", "2")]
    assert rows(con, "SELECT name FROM account ORDER BY 1") == [("Second",), ("Third",)]
    assert rows(con, "SELECT a.name FROM ticket JOIN account a USING (account_id)") == [("Second",)]


def test_a_deleted_record_without_a_successor_is_no_alias(
    con: duckdb.DuckDBPyConnection, desk: Source
) -> None:
    records: Records = {
        ("desk", "firms"): [
            {"id": "1", "mergedInto": None, "_deleted": True},
            {"id": "2", "mergedInto": "9"},
        ],
        ("desk", "tickets"): [{"id": "20", "subject": "T", "firm": "1"}],
    }
    run(con, records, [desk])
    assert rows(con, ALIASES) == []
    assert rows(con, "SELECT account_id FROM ticket") == [(None,)]


@settings(deadline=None, max_examples=25)
@given(st.dictionaries(st.integers(0, 12), st.integers(0, 12), max_size=12))
def test_every_chain_of_merges_ends_at_its_last_record_and_circles_nowhere(
    tmp_path_factory: pytest.TempPathFactory, merges: dict[int, int]
) -> None:
    desk = source(tmp_path_factory.mktemp("laws"), HELPDESK)
    with duckdb.connect() as con:
        told: Records = {("desk", "firms"): [merged(str(a), str(b)) for a, b in merges.items()]}
        collect(con, [desk], latest(con, told))
        found = {int(i): int(into) for _object, i, into in rows(con, ALIASES)}
    expected = {a: end for a in merges if (end := _end(merges, a)) is not None}
    assert found == expected


def _end(merges: dict[int, int], start: int) -> int | None:
    seen, at = {start}, start
    while at in merges and merges[at] != at:
        at = merges[at]
        if at in seen:
            return None
        seen.add(at)
    return at if at != start else None


PRODUCTS = """
version: 1
crm: shop
read:
  - object: orders
    entity: subscription
    fields:
      product: {field: item, through: {object: items, field: name}}
"""


def test_a_field_of_a_merged_record_is_that_of_the_one_that_took_it_in(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Of an object that is read for nothing else, too."""
    records: Records = {
        ("shop", "items"): [
            merged("1", "2"),
            merged("2", "3"),
            {"id": "3", "name": "Third"},
            {"id": "4", "name": "Fourth"},
        ],
        ("shop", "orders"): [
            {"id": key, "item": item} for key, item in (("a", "1"), ("b", "3"), ("c", "4"), ("d", "9"))
        ],
    }
    run(con, records, [source(tmp_path, PRODUCTS)])
    assert rows(con, "SELECT record_id, product FROM stage_subscription ORDER BY 1") == [
        ("a", "Third"), ("b", "Third"), ("c", "Fourth"), ("d", None),
    ]  # fmt: skip


def test_a_field_is_not_that_of_a_record_that_was_merged_and_is_still_listed(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    shop = source(tmp_path, PRODUCTS, merging=Merging(losers="took"))
    records: Records = {
        ("shop", "items"): [
            {"id": "1", "name": "First"},
            {"id": "2", "name": "Second", "took": "1"},
            {"id": "3", "name": "Third", "took": "4"},
            {"id": "4", "name": "Fourth"},
        ],
        ("shop", "orders"): [{"id": key, "item": item} for key, item in zip("abcd", "1234", strict=True)],
    }
    run(con, records, [shop])
    assert rows(con, "SELECT record_id, product FROM stage_subscription ORDER BY 1") == [
        ("a", "Second"), ("b", "Second"), ("c", "Third"), ("d", "Third"),
    ]  # fmt: skip
