"""Rows of Python as a table.

They go as parameters: pyarrow would import pandas where it is installed, which takes longer than a small run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import duckdb

_MOST = 50_000  # rows that go at once


def fill(
    con: duckdb.DuckDBPyConnection, name: str, shape: Mapping[str, str], rows: Iterable[Sequence[object]]
) -> None:
    """Make the temporary table `name` of rows with the columns of `shape`, a type each."""
    columns = ", ".join(f"{column} {type_}" for column, type_ in shape.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name}({columns})")
    given = ", ".join(f"unnest(CAST(? AS {type_}[]))" for type_ in shape.values())
    rest = iter(rows)
    while some := list(islice(rest, _MOST)):
        con.execute(
            f"INSERT INTO {name} SELECT {given}", [list(values) for values in zip(*some, strict=True)]
        )
