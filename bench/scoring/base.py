"""Customers with their metrics, as Parquet in the shapes of the store; the same bytes for the same size.

Nothing is drawn: every value comes from a hash of its keys. Rows of an account lie side by side, as the store keeps them.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from bench.measuring.data import TABLES, drawn
from cs_connector.measure.evaluate import grid
from cs_connector.measure.metrics import Metrics
from cs_connector.model import ENTITIES, Entity

from . import AS_OF

MEMORY = "1GB"
RANGES = {
    "days": 300,
    "share": 1,
    "ratio": 1.4,
    "of 10": 10,
    "of 5": 5,
    "of 4": 4,
    "points": 100,
    "tickets": 9,
    "": 1,
}
WHOLE = ("days", "of 10", "of 4", "points", "tickets", "months", "people", "invitations", "")
RARE = ("notice", "leaving", "promoter", "first_value_open")  # yes or no, and mostly no
UNKNOWN = 8  # of 100 metrics of a relationship
ID = "left(md5({0}::VARCHAR), 16)"  # of sixteen characters that say nothing, as the product gives


def make(folder: Path, accounts: int, metrics: Metrics) -> int:
    """Write `account`, `relationship` (three for two accounts) and `metric`, a row a relationship and date; gives the rows."""
    folder.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(
        config={"threads": 2, "memory_limit": MEMORY, "temp_directory": str(folder / "spill")}
    ) as con:
        write(con, folder, ENTITIES["account"], accounts)
        write(con, folder, ENTITIES["relationship"], accounts)
        con.execute(f"CREATE VIEW relationship AS FROM read_parquet('{folder}/relationship.parquet')")
        days = ", ".join(f"(DATE '{day}')" for day in grid(AS_OF))
        listed = ", ".join(
            f'{_value(name, metrics.by_name[name].unit)} AS "m_{name}"' for name in metrics.by_name
        )
        con.execute(
            f"""COPY (SELECT relationship_id, account_id, d.on_date, {listed} FROM relationship AS n, (VALUES {days}) AS d(on_date)
            ORDER BY account_id, relationship_id, on_date) TO '{folder}/metric.parquet' (COMPRESSION zstd)"""
        )
        return sum(count(con, folder / f"{name}.parquet") for name in ("account", "relationship", "metric"))


def write(
    con: duckdb.DuckDBPyConnection, folder: Path, entity: Entity, accounts: int, query: str = ""
) -> None:
    """One entity, its rows sorted by account; those of `bench.measuring.data` unless a query says them."""
    made = query or TABLES[entity.name].replace("{accounts}", str(accounts))
    given = {c[0] for c in con.execute(f"DESCRIBE {made}").fetchall()}
    listed = ", ".join(f'{_column(c.name, given)}::{c.type} AS "{c.name}"' for c in entity.columns)
    order = "account_id, 1" if entity.column("account_id") else "1"
    con.execute(
        f"COPY (SELECT * FROM (SELECT {listed} FROM ({made})) ORDER BY {order}) TO '{folder}/{entity.name}.parquet' (COMPRESSION zstd)"
    )


def count(con: duckdb.DuckDBPyConnection, path: Path) -> int:
    found = con.execute("SELECT sum(num_rows) FROM parquet_file_metadata($1)", [str(path)]).fetchone()
    return int(found[0]) if found else 0


def _column(name: str, given: set[str]) -> str:
    """Ids of the data are numbers in words; those of the product say nothing, and stand in no order."""
    if name not in given:
        return "NULL"
    hashed = name.endswith("_id") and name != "owner_user_id"
    quoted = f'"{name}"'
    return f"left({quoted}, 4) || {ID.format(quoted)}" if hashed else quoted


def _value(name: str, unit: str) -> str:
    """A level of the relationship that wavers from month to month."""
    seed = sum(ord(letter) * 31**place for place, letter in enumerate(name[:6])) % 99991
    level, now = drawn("relationship_id", salt=seed), drawn("relationship_id", "d.on_date", salt=seed)
    if name in RARE:
        exact = f"({level} > 0.97)::INTEGER"
    else:
        exact = f"{RANGES.get(unit, 6)} * (0.8 * {level} + 0.2 * {now})"
        exact = f"floor({exact})" if unit in WHOLE else f"round({exact}, 4)"
    return f"CASE WHEN hash(relationship_id, {seed}) % 100 >= {UNKNOWN} THEN {exact} END::DOUBLE"
