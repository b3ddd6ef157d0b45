"""The floor of unify: read the Parquet files of what it reads once, and write them again."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from cs_connector.language.executor import connect


def main(folder: Path, datasets: Mapping[str, Sequence[str]]) -> int:
    """`datasets`: name → files. Gives the number of rows."""
    rows = 0
    with connect(memory_limit="1GB", temp_directory=folder) as con:
        for number, (_, files) in enumerate(sorted(datasets.items())):
            path = folder / f"again{number}.parquet"
            query = f"SELECT * FROM read_parquet({list(files)}, union_by_name = true)"
            found = con.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)").fetchall()
            rows += found[0][0]
    return rows


if __name__ == "__main__":
    place = Path(sys.argv[1])
    sys.stdout.write(f"{main(place.parent, json.loads(place.read_text()))}\n")
