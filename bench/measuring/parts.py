"""The same company as it lies after many runs: files of some accounts each, the rows of an account side by side.

However large it is, no more than a part of it is in memory while it is written.
"""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from cs_connector.model import ATTACHMENT, ENTITIES, FEED, LINK, Entity

from .data import ROWS, TABLES, listed

PART = 25_000  # accounts
_EACH = re.compile(r"range\((?:(\d+) \* )?\{accounts\}( // 2)?\) (\w)\((\w)\)")


def make(folder: Path, accounts: int) -> int:
    """Write `<entity>/<first account>.parquet` for every entity; gives the rows."""
    rows = 0
    with duckdb.connect(config={"threads": 2, "memory_limit": "6GB"}) as con:
        for entity in (*ENTITIES.values(), LINK, FEED, ATTACHMENT):
            made = TABLES.get(entity.name, "SELECT 1 WHERE FALSE")
            (folder / entity.name).mkdir()
            step = PART if _EACH.search(made) else accounts
            for low in range(0, accounts, step):
                some = _within(made, low, min(low + step, accounts)).replace("{accounts}", str(accounts))
                rows += _write(con, entity, some, folder / entity.name / f"{low:09}.parquet")
    return rows


def _within(made: str, low: int, high: int) -> str:
    """The rows of the accounts from one number to another: rows go round all accounts, time after time."""

    def some(found: re.Match[str]) -> str:
        times, half, table, name = found.groups()
        most = f"{times or 1} * {{accounts}}{half or ''}"
        each = f"SELECT lap * {{accounts}} + one FROM range({times or 1}) l(lap), range({low}, {high}) o(one)"
        return f"({each} WHERE lap * {{accounts}} + one < {most}) {table}({name})"

    return _EACH.sub(some, made)


def _write(con: duckdb.DuckDBPyConnection, entity: Entity, made: str, path: Path) -> int:
    order = " ORDER BY account_id" if any(c.name == "account_id" for c in entity.columns) else ""
    query = f"SELECT {listed(con, entity, made)} FROM ({made}){order}"
    done = con.execute(f"COPY ({query}) TO '{path}' (COMPRESSION zstd, ROW_GROUP_SIZE {ROWS})").fetchone()
    return int(done[0]) if done else 0
