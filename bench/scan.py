"""The floor of scoring: read the same columns of the same Parquet files once, and add them up."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

Tables = dict[str, tuple[list[str], dict[str, str]]]


def main(tables: Tables) -> int:
    """`tables`: name → (files, column → type). Gives the number of rows."""
    rows = 0
    with duckdb.connect() as con:
        for files, columns in tables.values():
            sums = ", ".join(_sum(name, kind) for name, kind in columns.items())
            found = con.execute(f"SELECT count(*), {sums} FROM read_parquet($1)", [files]).fetchone()
            rows += found[0] if found else 0
    return rows


def _sum(name: str, kind: str) -> str:
    """Something that cannot be answered from the statistics of a file."""
    if kind == "VARCHAR":
        return f'sum(strlen("{name}"))'
    if kind == "BOOLEAN":
        return f'count_if("{name}")'
    return f'sum(epoch("{name}"))' if kind in ("DATE", "TIMESTAMP") else f'sum("{name}")'


if __name__ == "__main__":
    sys.stdout.write(f"{main(json.loads(Path(sys.argv[1]).read_text()))}\n")
