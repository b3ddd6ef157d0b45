"""The same metrics of a company of any size, in files of a bucket each: `python -m bench.measuring.volume DATA OUT`.

OUT is a folder. Nothing stays in memory from one bucket to the next, as in a run.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cs_connector.health.job import BUCKET
from cs_connector.language.executor import connect
from cs_connector.measure import evaluate

from .ours import AS_OF, studied, views


def main(data: Path, out: Path) -> None:
    out.mkdir(exist_ok=True)
    with connect() as con:
        views(con, data, "/*.parquet")
        metrics = studied()
        evaluate.prepare(con, AS_OF, metrics)
        for low, high in evaluate.buckets(con, BUCKET):
            evaluate.evaluate(con, metrics, low, high)
            evaluate.keep(con, metrics, first=True)
            con.execute(f"COPY metric_wide TO '{out}/{low}.parquet' (FORMAT parquet, COMPRESSION zstd)")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
