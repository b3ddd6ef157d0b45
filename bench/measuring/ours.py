"""The same metrics by their declarations: `python -m bench.measuring.ours DATA OUT [BUCKET]`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from cs_connector import registry
from cs_connector.health.job import BUCKET
from cs_connector.language.executor import Connection, connect
from cs_connector.measure import evaluate
from cs_connector.measure.metrics import Metrics, load_metrics
from cs_connector.model import ATTACHMENT, ENTITIES, FEED, LINK

AS_OF = date(2026, 11, 15)
STUDIES = ["answers", "contact", "goals", "invitations", "invoices", "relationship", "tickets", "usage"]


def main(data: Path, out: Path, bucket: int = BUCKET) -> None:
    with connect() as con:
        views(con, data)
        metrics = studied()
        count = evaluate.prepare(con, AS_OF, metrics)
        for low in range(1, count + 1, bucket):
            evaluate.evaluate(con, metrics, low, low + bucket)
            evaluate.keep(con, metrics, low == 1)
        con.execute(f"COPY metric_wide TO '{out}' (FORMAT parquet, COMPRESSION zstd)")


def studied() -> Metrics:
    """The shipped metrics that the standard scorecard and its overrides stand on."""
    return Metrics(tuple(s for s in load_metrics(registry.shipped()).sources if s.name in STUDIES))


def views(con: Connection, data: Path) -> None:
    for entity in (*ENTITIES.values(), LINK, FEED, ATTACHMENT):
        con.execute(
            f"CREATE TEMP VIEW \"{entity.name}\" AS SELECT * FROM read_parquet('{data}/{entity.name}.parquet')"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *(int(word) for word in sys.argv[3:]))
