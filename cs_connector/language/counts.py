"""Rows that pass places in a query are counted while it runs, by the limits that stand there: the plan says how many rows passed each.

A limit that is never reached costs next to nothing, is in nobody's way but filters', and its number tells it from all others.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

import duckdb

COUNTED = "counted rows"  # the alias of what a limit stands on
TABLE = "rows passed"
_FIRST = 4 * 10**18  # more than any table has
_STUDIES, _STEPS = 10**14, 1000


def place(study: str, step: int) -> int:
    """The limit that counts what a step leaves; another one for each step of each study.

    It is less than those of the steps before: an engine leaves out a limit that cannot be reached because of one below it.
    """
    return _last(study) - 2 * step


def came(study: str, step: int) -> int:
    """The limit that counts what comes to a step, where that is not what the one before left: rows meet the dates in between."""
    return _last(study) - 2 * step + 1


def _last(study: str) -> int:
    number = int.from_bytes(sha256(study.encode()).digest()[:8]) % _STUDIES
    return _FIRST + number * _STEPS + _STEPS - 2


@contextmanager
def taken(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[None]:
    """Count what passes while a query runs, and add it to the table TABLE; a query without places is left alone."""
    if f'"{COUNTED}"' not in query:
        yield
        return
    con.execute("SET enable_profiling = 'no_output'")
    try:
        yield
        passed = dict(_passed(json.loads(con.get_profiling_information())["operator"]))
    finally:
        con.execute("PRAGMA disable_profiling")
    con.execute(f'CREATE TEMP TABLE IF NOT EXISTS "{TABLE}"(place BIGINT, rows BIGINT)')
    if passed:
        con.execute(f'INSERT INTO "{TABLE}" VALUES {", ".join(map(str, passed.items()))}')


def read(con: duckdb.DuckDBPyConnection) -> dict[int, int]:
    """How many rows passed each place, in all queries together."""
    con.execute(f'CREATE TEMP TABLE IF NOT EXISTS "{TABLE}"(place BIGINT, rows BIGINT)')
    found = con.execute(f'SELECT place, CAST(sum(rows) AS BIGINT) FROM "{TABLE}" GROUP BY place').fetchall()
    return dict(found)


def _passed(operators: list[Mapping[str, Any]]) -> Iterator[tuple[int, int]]:
    """Each limit once: what is read twice of one query is the same rows."""
    for one in operators:
        limit = one["extra_info"].get("Limit", "") if "LIMIT" in one["name"] else ""
        if limit.isdigit() and int(limit) >= _FIRST:
            yield int(limit), one["intermediate_rows"]
        yield from _passed(one.get("children", []))
