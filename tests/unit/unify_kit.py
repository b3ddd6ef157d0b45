"""Records of four systems in the maps that ship, and a database that they are unified in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import duckdb
import pytest

from cs_connector import registry
from cs_connector.unify import Source, load_mapping
from cs_connector.unify.population import Customers
from cs_connector.unify.run import FeedMark, read, unify
from cs_connector.unify.source import Latest

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


def latest(con: duckdb.DuckDBPyConnection, records: Records) -> Latest:
    def view(connection: str, name: str) -> str:
        table = f"raw_{connection}_{name}"
        con.execute(
            f'CREATE OR REPLACE TABLE "{table}"(id VARCHAR, modified_at VARCHAR, deleted BOOLEAN, payload VARCHAR)'
        )
        for row in records.get((connection, name), []):
            told, deleted = {k: v for k, v in row.items() if k != "_deleted"}, bool(row.get("_deleted"))
            key = str(row.get("Id") or row.get("id") or json.dumps(told, sort_keys=True))
            con.execute(f'INSERT INTO "{table}" VALUES (?, ?, ?, ?)', [key, None, deleted, json.dumps(told)])
        return f'"{table}"'

    return view


def staged(con: duckdb.DuckDBPyConnection, records: Records) -> str:
    """The digest of what is read."""
    return read(con, SOURCES, latest(con, records))


def run(
    con: duckdb.DuckDBPyConnection,
    records: Records,
    sources: list[Source] | None = None,
    customers: Customers | None = None,
) -> Any:
    con.execute(
        "CREATE TABLE IF NOT EXISTS previous_link(entity_id VARCHAR, entity VARCHAR, connection VARCHAR, "
        "object VARCHAR, record_id VARCHAR, method VARCHAR, confidence DOUBLE, evidence VARCHAR)"
    )
    feeds = [FeedMark("sf", "Case", True, datetime(2026, 11, 25, 8))]
    read(con, sources or SOURCES, latest(con, records))
    return unify(con, sources or SOURCES, feeds, customers or Customers(version=1), AS_OF, None)


def rows(con: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return con.execute(sql).fetchall()


def account(record_id: str, name: str, **more: Any) -> dict[str, Any]:
    return {"Id": record_id, "Name": name, **more}


def subscription(record_id: str, on: str, **more: Any) -> dict[str, Any]:
    live = {"Status__c": "Active", "Start_Date__c": "2026-01-01", "ARR__c": 10, "Product__c": "P"}
    return {"Id": record_id, "Account__c": on, **live, **more}


def company(record_id: str, **properties: Any) -> dict[str, Any]:
    return {"id": record_id, "properties": properties, "archived": False}
