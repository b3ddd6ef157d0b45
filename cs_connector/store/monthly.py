"""Datasets with a file a month: one whose rows are what they were stays, so that who reads closed months reads what changed."""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import duckdb

from . import views
from .facts import Facts

LEAST = 1_000_000  # rows: with fewer a dataset is one file, as a file of a month would be too small to be worth one
_KNOWN = "known_at"  # when rows were published: no part of what they say


def stage(
    facts: Facts,
    con: duckdb.DuckDBPyConnection,
    dataset: str,
    query: str,
    day: str | None = None,
    least: int = LEAST,
) -> list[Path]:
    """Files with the rows of a query, to be published in the place of all of a dataset: one file, or where there are many rows one a
    month, of which those that are live already and hold the month as it is are taken as they are.

    `day` is SQL for the day of a row; rows without one, or with an odd one, have a file of their own. Rows of a file are ordered by
    `account_id`.
    """
    if day is None or _count(con, query) < least:
        return [_written(con, facts.stage(dataset), query)]
    live = {path.name.rpartition("-")[0]: path for path in facts.files(dataset)}
    found = []
    for month, name in _months(con, query, day):
        rows = f"SELECT * FROM ({query}) WHERE {_within(day, month)} ORDER BY account_id"
        new = facts.stage(dataset)
        found.append(live.get(name) or _written(con, new.with_name(f"{name}-{new.name}"), rows))
    return found


def _count(con: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(con.execute(f"SELECT count(*) FROM ({query})").fetchall()[0][0])


def _within(day: str, month: date | None) -> str:
    """Said of the day itself: so parts of a table that have no such rows are not read."""
    if month is None:
        return f"({_usual(day)}) IS NOT TRUE"
    after = (month + timedelta(days=31)).replace(day=1)
    return f"{day} >= DATE '{month}' AND {day} < DATE '{after}'"


def _usual(day: str) -> str:
    """Others are mistakes, and may be no dates of Python."""
    return f"{day} >= DATE '1900-01-01' AND {day} < DATE '2100-01-01'"


def _months(con: duckdb.DuckDBPyConnection, query: str, day: str) -> list[tuple[date | None, str]]:
    """Each month, with a name that stands for the month, the columns and the rows, whatever their order."""
    columns = [
        (name, kind) for name, kind, *_ in con.execute(f"DESCRIBE {query}").fetchall() if name != _KNOWN
    ]
    month = f"CASE WHEN {_usual(day)} THEN CAST(date_trunc('month', {day}) AS DATE) END"
    hashed = f"SELECT {month} AS month, hash({', '.join(views.name(name) for name, _ in columns)}) AS h FROM ({query})"
    rows = con.execute(
        f"SELECT month, count(*), bit_xor(h), sum(h) FROM ({hashed}) GROUP BY month ORDER BY month"
    )
    named = []
    for first, *told in rows.fetchall():
        digest = sha256(repr((duckdb.__version__, columns, told)).encode()).hexdigest()[:24]
        named.append((first, f"{first or 'undated'}-{digest}"))
    return named


def _written(con: duckdb.DuckDBPyConnection, path: Path, query: str) -> Path:
    con.execute(f"COPY ({query}) TO {views.text(str(path))} (FORMAT parquet, COMPRESSION zstd)")
    return path
