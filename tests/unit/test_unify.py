"""Records of four systems become one customer; what cannot be read is kept aside with its reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from cs_connector import registry
from cs_connector.errors import MappingError
from cs_connector.unify import Customers, FeedMark, Source, load_mapping, read, unify

AS_OF = date(2026, 11, 25)
Records = dict[tuple[str, str], list[dict[str, Any]]]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    yield connection
    connection.close()


def source(name: str, crm: str, rank: int) -> Source:
    return Source(name, crm, rank, load_mapping(registry.shipped()[0] / f"{crm}.yml"))


SOURCES = [source("sf", "salesforce", 0), source("hs", "hubspot", 1), source("zd", "zendesk", 2)]
FILES = source("files", "files", 3)


def run(con: duckdb.DuckDBPyConnection, records: Records, sources: list[Source] | None = None) -> Any:
    def latest(connection: str, name: str) -> str:
        view = f"raw_{connection}_{name}"
        con.execute(
            f'CREATE OR REPLACE TABLE "{view}"(id VARCHAR, modified_at VARCHAR, deleted BOOLEAN, payload VARCHAR)'
        )
        for row in records.get((connection, name), []):
            deleted = bool(row.pop("_deleted", False))
            key = str(row.get("Id") or row.get("id") or json.dumps(row, sort_keys=True))
            con.execute(f'INSERT INTO "{view}" VALUES (?, ?, ?, ?)', [key, None, deleted, json.dumps(row)])
        return f'"{view}"'

    con.execute(
        "CREATE TABLE IF NOT EXISTS previous_link(entity_id VARCHAR, entity VARCHAR, connection VARCHAR, "
        "object VARCHAR, record_id VARCHAR, method VARCHAR, confidence DOUBLE)"
    )
    feeds = [FeedMark("sf", "Case", True, datetime(2026, 11, 25, 8))]
    read(con, sources or SOURCES, latest)
    return unify(con, sources or SOURCES, feeds, Customers(version=1), AS_OF, None)


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return con.execute(sql).fetchall()


def account(record_id: str, name: str, **more: Any) -> dict[str, Any]:
    return {"Id": record_id, "Name": name, **more}


def company(record_id: str, **properties: Any) -> dict[str, Any]:
    return {"id": record_id, "properties": properties, "archived": False}


def test_the_same_account_is_one_by_id_then_domain_then_name(con: duckdb.DuckDBPyConnection) -> None:
    records: Records = {
        ("sf", "Account"): [
            account("001A", "Ember Retail", Website="https://www.ember.example/x"),
            account("001B", "Fjord Bank ASA"),
            account("001C", "Garnet Foods Inc."),
        ],
        ("hs", "companies"): [
            company("1", name="Ember", domain="ember.example"),
            company("2", name="something else", salesforceaccountid="001B"),
            company("3", name="Nobody knows", domain="nobody.example"),
        ],
        ("zd", "organizations"): [{"id": 9, "name": "garnet foods", "domain_names": []}],
    }
    run(con, records)
    found = rows(
        con,
        "SELECT list(connection || record_id ORDER BY connection), max(method) FILTER (connection <> 'sf') "
        "FROM link WHERE entity = 'account' GROUP BY entity_id ORDER BY 1",
    )
    assert found == [
        (["hs1", "sf001A"], "domain"),
        (["hs2", "sf001B"], "explicit id"),
        (["hs3"], "itself"),
        (["sf001C", "zd9"], "name"),
    ]


def test_a_domain_that_two_accounts_share_joins_nothing_by_itself(con: duckdb.DuckDBPyConnection) -> None:
    records: Records = {
        ("sf", "Account"): [
            account("001A", "Rowan North", Website="rowan.example"),
            account("001B", "Rowan South", Website="rowan.example"),
        ],
        ("hs", "companies"): [
            company("1", name="Rowan south", domain="rowan.example"),
            company("2", name="Rowan", domain="rowan.example"),
        ],
    }
    run(con, records)
    found = dict(rows(con, "SELECT record_id, method FROM link WHERE connection = 'hs'"))
    assert found == {"1": "domain and name", "2": "itself"}


def test_an_entity_keeps_its_id_when_a_better_record_arrives(con: duckdb.DuckDBPyConnection) -> None:
    only = {("hs", "companies"): [company("1", name="Late", domain="late.example")]}
    run(con, only)
    before = rows(con, "SELECT entity_id FROM link")[0][0]
    con.execute("INSERT INTO previous_link SELECT * FROM link")
    run(con, {**only, ("sf", "Account"): [account("001A", "Late Inc", Website="late.example")]})
    assert {r[0] for r in rows(con, "SELECT entity_id FROM link WHERE entity = 'account'")} == {before}


def test_every_record_is_an_entity_or_set_aside_with_a_reason(con: duckdb.DuckDBPyConnection) -> None:
    records: Records = {
        ("sf", "Account"): [account("001A", "A")],
        ("sf", "Opportunity"): [
            {"Id": "006A", "AccountId": "001A", "Amount": "12.50", "IsWon": True},
            {"Id": "006B", "AccountId": "001A", "Amount": "a lot"},
            {"Id": "006C", "AccountId": "001A", "_deleted": True},
        ],
        ("hs", "feedback_submissions"): [
            company("5", hs_survey_type="NPS", hs_value="11", hs_contact_id="7")
        ],
    }
    run(con, records)
    assert rows(con, "SELECT record_id, reason FROM quarantine ORDER BY 1") == [
        ("006B", "Amount is 'a lot', not an amount"),
        ("5", "score is 11.0, outside 0 to 10"),
    ]
    lost = rows(con, "SELECT count(*) FROM seen WHERE records <> deleted + left_out + quarantined + staged")
    assert lost == [(0,)]


def test_circles_and_missing_parents_do_not_stop_anything(con: duckdb.DuckDBPyConnection) -> None:
    records: Records = {
        ("sf", "Account"): [
            account("A", "A", ParentId="C"),
            account("B", "B", ParentId="A"),
            account("C", "C", ParentId="B"),
            account("D", "D", ParentId="nowhere"),
            account("E", "E", ParentId="D"),
        ]
    }
    run(con, records)
    found = rows(con, "SELECT name, depth FROM account ORDER BY 1")
    assert sorted(d for n, d in found if n in "ABC") == [0, 1, 2]
    assert [d for n, d in found if n in "DE"] == [0, 1]


def test_owner_goes_down_the_list_and_passes_over_who_left(con: duckdb.DuckDBPyConnection) -> None:
    users = [
        {"Id": "005A", "Name": "Ann", "Email": "ann@x.example", "IsActive": True},
        {"Id": "005B", "Name": "Bob", "Email": "bob@x.example", "IsActive": False},
    ]

    def subscription(n: str, on: str, **more: Any) -> dict[str, Any]:
        live = {"Status__c": "Active", "Start_Date__c": "2026-01-01", "ARR__c": 10, "Product__c": "P"}
        return {"Id": n, "Account__c": on, **live, **more}

    records: Records = {
        ("sf", "User"): users,
        ("sf", "Account"): [
            account("A", "A", CS_CSM__c="005A"),
            account("B", "B", CS_CSM__c="005B"),
            account("C", "C", ParentId="A"),
        ],
        ("sf", "Subscription__c"): [
            subscription("1", "A", CSM__c="005B"),
            subscription("2", "B"),
            subscription("3", "C"),
        ],
    }
    counted = run(con, records)
    assert counted.customers == 3
    found = dict(
        rows(con, "SELECT a.name, owner_source FROM relationship r JOIN account a USING (account_id)")
    )
    assert found == {"A": "CSM field", "B": None, "C": "CSM of the parent"}
    assert rows(con, "SELECT count(*) FROM unowned") == [(2,)]


def test_files_follow_the_accounts_of_another_system(con: duckdb.DuckDBPyConnection) -> None:
    records: Records = {
        ("sf", "Account"): [account("001A", "A")],
        ("files", "usage"): [
            {
                "crm_id": "001A",
                "metric": "active_users",
                "date": "2026-10-01",
                "grain": "month",
                "value": "7",
            },
            {"__error__": "a column is missing", "__line__": 3},
        ],
    }
    run(con, records, [*SOURCES, FILES])
    assert rows(con, 'SELECT value, account_id IS NOT NULL FROM "usage"') == [(7.0, True)]
    assert rows(con, "SELECT reason FROM quarantine") == [("a column is missing (line 3)",)]


def test_a_typo_in_a_mapping_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "m.yml"
    path.write_text(
        "version: 1\ncrm: x\nread:\n  - object: A\n    entity: account\n    fields:\n      nmae: Name\n"
    )
    with pytest.raises(MappingError) as caught:
        load_mapping(path)
    assert caught.value.place is not None
    assert caught.value.place.line == 7
    assert "name" in caught.value.fix


@pytest.mark.parametrize(
    ("part", "line"),
    [
        (
            "read:\n  - object: A\n    entity: account\n    fields:\n      name:\n        field: N\n        values: {}\n",
            9,
        ),
        (
            "read: []\nwrite:\n  - object: A\n    source: account\n    fields:\n      F:\n        column: band\n        values: {}\n",
            10,
        ),
    ],
)
def test_a_translation_without_values_names_the_line(tmp_path: Path, part: str, line: int) -> None:
    path = tmp_path / "m.yml"
    path.write_text(f"version: 1\ncrm: x\n{part}")
    with pytest.raises(MappingError, match="are empty") as caught:
        load_mapping(path)
    assert caught.value.place is not None
    assert caught.value.place.line == line
    assert caught.value.fix
