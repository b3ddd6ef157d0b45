"""A month's end names the relationship whose health it is, and says when it was judged otherwise than the one before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from cs_connector.act import plan
from cs_connector.act.differences import comparing, parents
from cs_connector.act.wanted import markers, snapshots
from cs_connector.store.state import State
from cs_connector.testing import FixedClock
from cs_connector.unify import Source
from cs_connector.unify.mapping import MappingFile

DAY, TODAY = date(2026, 10, 31), date(2026, 11, 25)
MAPPING = MappingFile.model_validate(
    {
        "version": 1, "crm": "memory", "read": [],
        "write": [
            {
                "object": "Snapshot", "source": "snapshot", "by": "key", "key_field": "Key",
                "fields": {
                    "Account": {"column": "account_ref", "type": "reference"}, "As_Of": {"column": "as_of", "type": "date"},
                    "Relationship": {"column": "relationship_ref", "type": "reference", "by_key": "Relationship.Key"},
                    "Changed": {"column": "config_changed", "type": "flag"},
                },
            },
            {
                "object": "Relationship", "source": "relationship", "by": "key", "key_field": "Key",
                "fields": {"Status": "status"},
            },
        ],
    }
)  # fmt: skip


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """An account with a good and a bad relationship at a month's end, judged by the scorecards a and b."""
    with duckdb.connect() as made:
        made.execute(
            "CREATE TABLE account(account_id VARCHAR, customer_status VARCHAR, arr DECIMAL(18,2), csm_user_id VARCHAR); "
            "INSERT INTO account VALUES ('a1', 'Customer', 100, NULL); CREATE TABLE \"user\"(user_id VARCHAR, active BOOLEAN); "
            "CREATE TABLE relationship(relationship_id VARCHAR, account_id VARCHAR, key VARCHAR, arr DECIMAL(18,2)); "
            "INSERT INTO relationship VALUES ('r1', 'a1', 'a1|Good', 50), ('r2', 'a1', 'a1|Bad', 50); "
            "CREATE TABLE snapshot(entity VARCHAR, entity_id VARCHAR, account_id VARCHAR, scorecard VARCHAR, main BOOLEAN, on_date DATE, "
            "score BIGINT, uncapped DOUBLE, band VARCHAR, driver VARCHAR, cap DOUBLE, override VARCHAR, coverage DOUBLE); "
            "INSERT INTO snapshot BY NAME SELECT unnest(['relationship', 'relationship', 'account']) AS entity, "
            "unnest(['r1', 'r2', 'a1']) AS entity_id, 'a1' AS account_id, unnest(['a', 'b', 'b']) AS scorecard, TRUE AS main, "
            "DATE '2026-10-31' AS on_date, unnest([80, 40, 40]) AS score, unnest([80.0, 40.2, 40.2]) AS uncapped, 'red' AS band; "
            "CREATE TABLE measure_score(relationship_id VARCHAR, account_id VARCHAR, scorecard VARCHAR, on_date DATE, "
            "group_name VARCHAR, score DOUBLE, weight DOUBLE); "
            "CREATE TABLE scorecard(scorecard VARCHAR, basis VARCHAR); INSERT INTO scorecard VALUES ('a', 'A'), ('b', 'B'); "
            "CREATE TABLE snapshot_said(entity VARCHAR, entity_id VARCHAR, main BOOLEAN, override VARCHAR, override_reason VARCHAR); "
            "CREATE TABLE snapshot_then(entity VARCHAR, entity_id VARCHAR, main BOOLEAN, on_date DATE, scorecard VARCHAR); "
            "CREATE TABLE scorecard_then(scorecard VARCHAR, basis VARCHAR)"
        )
        yield made


def judged(con: duckdb.DuckDBPyConnection, *then: tuple[str, str, str]) -> bool | None:
    """Whether the month's end says that it is judged otherwise; `then` are relationship, scorecard and basis before."""
    for relationship, card, basis in then:
        con.execute(
            "INSERT INTO snapshot_then VALUES ('relationship', ?, TRUE, '2026-10-04', ?)",
            [relationship, card],
        )
        con.execute("INSERT INTO scorecard_then VALUES (?, ?)", [card, basis])
    marked(con)
    found = con.execute("SELECT relationship_key, config_changed FROM wanted_snapshot").fetchall()
    ((key, changed),) = found
    assert key == "a1|Bad"
    return changed


def marked(con: duckdb.DuckDBPyConnection) -> None:
    snapshots.want(con, TODAY)
    markers.mark(con, TODAY)


def test_nothing_is_said_of_the_first_month_end(con: duckdb.DuckDBPyConnection) -> None:
    assert judged(con) is None


@pytest.mark.parametrize(
    ("then", "changed"),
    [
        ([("r1", "a", "A"), ("r2", "b", "B")], False),
        ([("r1", "a", "other weights"), ("r2", "b", "B")], True),
        ([("r1", "a", "A"), ("r2", "c", "B")], True),
        ([("gone", "c", "C"), ("r2", "b", "B")], False),
    ],
)
def test_another_scorecard_or_other_weights_are_told(
    con: duckdb.DuckDBPyConnection, then: list[tuple[str, str, str]], *, changed: bool
) -> None:
    assert judged(con, *then) is changed


def test_it_is_compared_with_the_day_on_which_the_month_end_before_was_written() -> None:
    early, late = date(2026, 10, 5), date(2026, 10, 20)
    assert markers.then([date(2026, 11, 2), late, early, date(2026, 9, 30)], TODAY) == early
    assert markers.then([date(2026, 11, 2), date(2026, 9, 30)], TODAY) is None


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ([("gone_dark", "no active user since 12 Sep")], "Capped at 35: no active user since 12 Sep"),
        ([("overdue_90", "an invoice is overdue")], "Capped at 35: gone dark"),
        ([], "Capped at 35: gone dark"),
    ],
)
def test_a_cap_is_told_in_the_words_of_the_days_before_the_month_end(
    con: duckdb.DuckDBPyConnection, said: list[tuple[str, str]], told: str
) -> None:
    con.execute("UPDATE snapshot SET cap = 35, override = 'gone_dark' WHERE entity = 'account'")
    for override, words in said:
        con.execute("INSERT INTO snapshot_said VALUES ('account', 'a1', TRUE, ?, ?)", [override, words])
    marked(con)
    assert con.execute("SELECT cap_text FROM wanted_snapshot").fetchall() == [(told,)]


def test_the_words_of_a_month_end_are_those_of_its_last_day_that_is_kept() -> None:
    early, late = date(2026, 10, 5), date(2026, 10, 30)
    assert markers.said([date(2026, 11, 2), late, early, date(2026, 9, 30)], TODAY) == late
    assert markers.said([date(2026, 11, 2), date(2026, 9, 30)], TODAY) is None


@pytest.mark.parametrize(
    ("known", "wanted", "lookup"),
    [
        (True, True, {"Relationship": "R-2"}),
        (False, True, {"Relationship.Key": "a1|Bad"}),
        (False, False, {}),
    ],
)
def test_the_lookup_goes_by_id_or_by_the_key_of_a_relationship_that_the_same_plan_makes(
    con: duckdb.DuckDBPyConnection, tmp_path: Path, *, known: bool, wanted: bool, lookup: dict[str, str]
) -> None:
    marked(con)
    con.execute(
        "CREATE TABLE link(entity_id VARCHAR, entity VARCHAR, connection VARCHAR, object VARCHAR, record_id VARCHAR, method VARCHAR, "
        "confidence DOUBLE); INSERT INTO link VALUES ('a1', 'account', 'crm', 'Account', 'A-1', 'id', 1); "
        "CREATE TABLE wanted_relationship(key VARCHAR, account_id VARCHAR, status VARCHAR)"
    )
    if wanted:
        con.execute("INSERT INTO wanted_relationship VALUES ('a1|Bad', 'a1', 'Active')")
    for name in ("Snapshot", "Relationship"):
        con.execute(
            f"CREATE TABLE raw_{name}(id VARCHAR, known_at TIMESTAMP, deleted BOOLEAN, payload VARCHAR)"
        )
    if known:
        con.execute(
            "INSERT INTO raw_Relationship VALUES ('R-2', '2026-11-01', FALSE, ?)",
            [json.dumps({"Key": "a1|Bad"})],
        )
    state = State(f"sqlite:///{tmp_path / 'state.db'}", FixedClock())
    source = Source("crm", "memory", 0, MAPPING)
    with state.read() as db:
        comparing.compare(con, db, [source], lambda _c, name: f"raw_{name}", None, TODAY)
    state.close()
    parents.name(con, [source])
    (change,) = (c for c in plan.changes(con) if c.source == "snapshot")
    assert {n: v for n, v in change.values.items() if n.startswith("Relationship")} == lookup
    assert change.values["Account"] == "A-1"


def test_the_relationship_that_decides_is_not_one_that_a_cap_alone_makes_worse(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """A small one, which the roll-up leaves out: its score without the cap is that of the other."""
    con.execute(
        "UPDATE snapshot SET scorecard = 'b', uncapped = 72.0, score = CASE entity_id WHEN 'r2' THEN 10 ELSE 72 END"
    )
    marked(con)
    assert con.execute("SELECT relationship_key FROM wanted_snapshot").fetchall() == [("a1|Good",)]
