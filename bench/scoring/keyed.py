"""The floor of a question: find the same rows by their key. `python -m bench.scoring.keyed KEYED.json ACCOUNT` says its CPU seconds.

KEYED has the files of each dataset; nothing but DuckDB is loaded, and that is not counted.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb


def main(files: dict[str, list[str]], account: str) -> float:
    began = time.process_time()
    with duckdb.connect(config={"threads": 2}) as con:
        for paths in files.values():
            con.execute("FROM read_parquet($1) WHERE account_id = $2", [paths, account]).fetchall()
    return time.process_time() - began


if __name__ == "__main__":
    sys.stdout.write(f"{main(json.loads(Path(sys.argv[1]).read_text()), sys.argv[2])}\n")
