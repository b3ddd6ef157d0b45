"""Trees of accounts: whatever the systems say, every account has one root, and what is odd is listed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cs_connector.unify import hierarchy

from .unify_kit import Records, account, con, rows, run

__all__ = ["con"]


@pytest.fixture
def accounts() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        yield con


def plant(con: duckdb.DuckDBPyConnection, parents: dict[str, str | None]) -> None:
    """Accounts that one system told us of."""
    con.execute(
        "CREATE OR REPLACE TABLE account(account_id VARCHAR, name VARCHAR, parent_id VARCHAR, ultimate_parent_id VARCHAR, depth BIGINT)"
    )
    con.execute(
        "CREATE OR REPLACE TABLE stage_account(connection VARCHAR, object VARCHAR, record_id VARCHAR, parent_id VARCHAR)"
    )
    con.execute(
        "CREATE OR REPLACE TABLE link(entity VARCHAR, entity_id VARCHAR, connection VARCHAR, object VARCHAR, record_id VARCHAR)"
    )
    con.execute("CREATE OR REPLACE TABLE reference(entity VARCHAR, ref VARCHAR, entity_id VARCHAR)")
    if parents:
        con.executemany(
            "INSERT INTO account VALUES (?, ?, ?, NULL, NULL)",
            [(a, a.upper(), p) for a, p in parents.items()],
        )


def issues(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return [(a, k) for a, k in rows(con, "SELECT account_id, kind FROM hierarchy_issue ORDER BY ALL")]


def test_a_circle_is_cut_once_and_all_of_it_is_named(accounts: duckdb.DuckDBPyConnection) -> None:
    plant(accounts, {"a": "c", "b": "a", "c": "b", "below": "c", "own": "own"})
    hierarchy.climb(accounts)
    assert rows(accounts, "SELECT account_id, ultimate_parent_id, depth FROM account ORDER BY 1") == [
        ("a", "a", 0), ("b", "a", 1), ("below", "a", 3), ("c", "a", 2), ("own", "own", 0),
    ]  # fmt: skip
    assert issues(accounts) == [("a", "circle"), ("b", "circle"), ("c", "circle"), ("own", "own parent")]


def test_a_tree_may_be_as_deep_as_it_is(accounts: duckdb.DuckDBPyConnection) -> None:
    plant(accounts, {f"{n:03}": f"{n - 1:03}" if n else None for n in range(300)})
    hierarchy.climb(accounts)
    assert rows(accounts, "SELECT ultimate_parent_id, depth FROM account WHERE account_id = '299'") == [
        ("000", 299)
    ]
    assert issues(accounts) == []


@settings(deadline=None, max_examples=25)
@given(st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from([*"abcdefgh", None]), max_size=8))
def test_every_account_ends_at_a_root_whatever_is_said(parents: dict[str, str | None]) -> None:
    with duckdb.connect() as con:
        plant(con, parents)
        hierarchy.climb(con)
        found = {
            a: (p, top, depth)
            for a, p, top, depth in rows(
                con, "SELECT account_id, parent_id, ultimate_parent_id, depth FROM account"
            )
        }
        for name, (parent, top, depth) in found.items():
            above = found[parent] if parent else (None, name, -1)
            assert (top, depth) == (above[1], above[2] + 1)
            assert parent in (None, parents[name])


def test_a_parent_that_is_not_read_is_named_with_its_record(con: duckdb.DuckDBPyConnection) -> None:
    records: Records = {("sf", "Account"): [account("A", "A"), account("B", "B", ParentId="nowhere")]}
    run(con, records)
    assert rows(con, "SELECT kind, record, detail FROM hierarchy_issue") == [
        ("unknown parent", "sf Account B", "nowhere")
    ]


def test_where_systems_disagree_the_first_is_believed_and_it_is_said(con: duckdb.DuckDBPyConnection) -> None:
    companies = [
        {"id": "1", "properties": {"name": "B", "salesforceaccountid": "B"}},
        {"id": "2", "properties": {"name": "C", "salesforceaccountid": "C"}},
    ]
    records: Records = {
        ("sf", "Account"): [account("A", "A"), account("B", "B", ParentId="A"), account("C", "C")],
        ("hs", "companies"): companies,
        ("hs", "companies/companies"): [{"id": "1", "parent": "2"}],
    }
    run(con, records)
    assert rows(
        con, "SELECT p.name FROM account a JOIN account p ON p.account_id = a.parent_id WHERE a.name = 'B'"
    ) == [("A",)]
    issue = "SELECT kind, record, regexp_replace(detail, 'acc_\\w+', '-', 'g') FROM hierarchy_issue"
    assert rows(con, issue) == [("several parents", "hs companies/companies 1, sf Account B", "A (-), C (-)")]


def remembering(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("CREATE TABLE parents_before(account_id VARCHAR, parent_id VARCHAR, since TIMESTAMP)")
    columns = "entity VARCHAR, kind VARCHAR, entity_id VARCHAR, other_id VARCHAR, on_date DATE"
    con.execute(f"CREATE TABLE after_event({columns})")


@pytest.mark.parametrize(
    ("there", "history"),
    [
        ({"b": "c", "c": None}, [("b", "c", 1)]),
        ({"a": None, "b": "c", "c": None}, [("b", "a", 1), ("b", "c", 2)]),
    ],
)
def test_who_stays_under_a_parent_that_was_merged_does_not_move(
    accounts: duckdb.DuckDBPyConnection, there: dict[str, str | None], history: list[object]
) -> None:
    """But who leaves one that was parted from it again does."""
    remembering(accounts)
    accounts.execute("INSERT INTO parents_before VALUES ('b', 'a', '2026-11-01'), ('c', NULL, '2026-11-01')")
    accounts.execute("INSERT INTO after_event VALUES ('account', 'merge', 'c', 'a', '2026-11-02')")
    plant(accounts, there)
    hierarchy.climb(accounts)
    hierarchy.remember(accounts, datetime(2026, 11, 2))
    query = (
        "SELECT account_id, parent_id, day(since) FROM parent_history WHERE account_id = 'b' ORDER BY since"
    )
    assert rows(accounts, query) == history


@pytest.mark.parametrize("targets", [("c", "d"), ("d", "c")])
def test_a_parent_that_went_into_two_on_one_day_is_remembered_as_the_same_one_each_time(
    accounts: duckdb.DuckDBPyConnection, targets: tuple[str, str]
) -> None:
    remembering(accounts)
    accounts.execute("INSERT INTO parents_before VALUES ('b', 'a', '2026-11-01')")
    for target in targets:
        accounts.execute(
            "INSERT INTO after_event VALUES ('account', 'merge', ?, 'a', '2026-11-02')", [target]
        )
    plant(accounts, {"b": "d", "c": None, "d": None})
    hierarchy.remember(accounts, datetime(2026, 11, 2))
    assert rows(accounts, "SELECT parent_id FROM parent_history WHERE account_id = 'b'") == [("d",)]


def test_a_move_is_remembered_with_its_time_and_nothing_is_said_twice(
    accounts: duckdb.DuckDBPyConnection,
) -> None:
    remembering(accounts)
    steps: list[dict[str, str | None]] = [
        {"a": None, "b": "a"},
        {"a": None, "b": "a"},
        {"a": None, "b": None},
        {"a": "b", "b": None},
    ]
    for day, parents in enumerate(steps, 1):
        plant(accounts, parents)
        hierarchy.climb(accounts)
        hierarchy.remember(accounts, datetime(2026, 11, day))
        accounts.execute("CREATE OR REPLACE TABLE parents_before AS SELECT * FROM parent_history")
    assert rows(accounts, "SELECT account_id, parent_id, day(since) FROM parents_before ORDER BY since, account_id") == [
        ("a", None, 1), ("b", "a", 1), ("b", None, 3), ("a", "b", 4),
    ]  # fmt: skip
