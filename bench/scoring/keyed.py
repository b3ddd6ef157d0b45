"""The floor of a question: find the same rows by their key. `python -m bench.scoring.keyed KEYED.json` says its CPU seconds.

KEYED has the files of each dataset, and the accounts; nothing but DuckDB is loaded, and that is not counted.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb


def main(files: dict[str, list[str]], accounts: list[str]) -> float:
    began = time.process_time()
    where = f"account_id IN ({', '.join('?' * len(accounts))})"
    with duckdb.connect(config={"threads": 2}) as con:
        for paths in files.values():
            con.execute(f"FROM read_parquet(?) WHERE {where}", [paths, *accounts]).fetchall()
    return time.process_time() - began


if __name__ == "__main__":
    sys.stdout.write(f"{main(*json.loads(Path(sys.argv[1]).read_text()))}\n")
