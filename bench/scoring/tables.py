"""The floor of scoring: read what it reads and write what it writes. `python -m bench.scoring.tables BASE MADE OUT`."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.scan import _sum
from cs_connector.language.executor import connect

from .ours import LIMIT, WRITTEN

READ = ("account", "relationship", "metric")


def main(base: Path, made: Path, out: Path) -> int:
    """Gives the number of rows that were written."""
    rows = 0
    with connect(LIMIT, out / "spill") as con:
        for name in READ:
            source = f"read_parquet('{base}/{name}.parquet')"
            columns = con.execute(f"DESCRIBE FROM {source}").fetchall()
            con.execute(
                f"SELECT {', '.join(_sum(column, kind) for column, kind, *_ in columns)} FROM {source}"
            ).fetchall()
        for name in WRITTEN:
            found = con.execute(
                f"COPY (FROM read_parquet('{made}/{name}/*.parquet')) TO '{out}/{name}.parquet' (FORMAT parquet, COMPRESSION zstd)"
            ).fetchone()
            rows += found[0] if found else 0
    return rows


if __name__ == "__main__":
    sys.stdout.write(f"{main(*map(Path, sys.argv[1:]))}\n")
