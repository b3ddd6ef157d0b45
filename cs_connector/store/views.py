"""Views of DuckDB over the files of a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb


def attach(
    con: duckdb.DuckDBPyConnection, view: str, paths: Sequence[Path], columns: Mapping[str, str]
) -> None:
    create(con, view, scan(con, paths, columns))


def create(con: duckdb.DuckDBPyConnection, view: str, query: str) -> None:
    con.execute(f"CREATE OR REPLACE TEMP VIEW {name(view)} AS {query}")


def scan(con: duckdb.DuckDBPyConnection, paths: Sequence[Path], columns: Mapping[str, str]) -> str:
    """A query over the files; columns that none of them has are null."""
    if not paths:
        return f"SELECT {_nulls(columns)} WHERE false"
    files = ", ".join(text(str(path)) for path in paths)
    source = f"SELECT * FROM read_parquet([{files}], union_by_name = true)"
    if not columns:
        return source
    found = {row[0].lower() for row in con.execute(f"DESCRIBE {source}").fetchall()}
    missing = {n: t for n, t in columns.items() if n.lower() not in found}
    return f"SELECT *, {_nulls(missing)} FROM ({source})" if missing else source


def name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _nulls(columns: Mapping[str, str]) -> str:
    return ", ".join(f"CAST(NULL AS {type_}) AS {name(column)}" for column, type_ in columns.items())
