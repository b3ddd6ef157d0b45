"""Scores of customers by their metrics: `python -m bench.scoring.ours BASE OUT [metrics]` writes what a run publishes."""

from __future__ import annotations

import sys
from pathlib import Path

from cs_connector import health, registry
from cs_connector.health import basis, job, outline
from cs_connector.health.scorecard import Definitions
from cs_connector.language.executor import Connection, connect
from cs_connector.measure import evaluate, parts
from cs_connector.measure.metrics import Metrics
from cs_connector.model import ATTACHMENT, FEED, LINK

from . import AS_OF

WRITTEN = {
    "measure": "SELECT * FROM measure_score",
    "snapshot": "SELECT * FROM snapshot ORDER BY account_id",
    "contradiction": "SELECT * FROM contradiction ORDER BY account_id",
    "scorecard": "SELECT * FROM scorecard",
    "outline": "SELECT * FROM outline",
}
LIMIT = "800MB"


def main(base: Path, out: Path, *more: str) -> int:
    """Gives the number of relationships. With `metrics` they are written, too, in the shape of the store."""
    written = WRITTEN | ({"metric": "SELECT * FROM metric_value"} if more else {})
    definitions = health.load_definitions(registry.shipped())
    with connect(LIMIT, out / "spill") as con:
        _views(con, base)
        evaluate.begin(con, AS_OF, Metrics(()))
        job.begin(con, definitions)
        cards: set[str] = set()
        buckets = evaluate.buckets(con, job.BUCKET)
        for number, (low, high) in enumerate(buckets):
            _load(con, low, high, definitions)
            used = job.judge(con, definitions, last=(low, high) == buckets[-1])
            basis.publish(con, definitions, used - cards)
            outline.publish(con, definitions, used - cards)
            cards |= used
            for name, query in written.items():
                _write(con, query, out / name / f"{number:04}.parquet")
    return buckets[-1][1] - 1


def _views(con: Connection, base: Path) -> None:
    for name in ("account", "relationship", "metric"):
        con.execute(f"CREATE TEMP VIEW {name} AS FROM read_parquet('{base}/{name}.parquet')")
    for entity in (LINK, FEED, ATTACHMENT):
        columns = ", ".join(f"{c.name} {c.type}" for c in entity.columns)
        con.execute(f"CREATE TEMP TABLE {entity.name} ({columns})")


def _load(con: Connection, low: int, high: int, definitions: Definitions) -> None:
    """Metrics of a bucket as if they had just been measured."""
    parts.scoped(con, low, high)
    listed = ", ".join(f'"m_{name}"' for name in definitions.metrics.by_name)
    evaluate.widen(
        con,
        f"SELECT s.r, m.on_date AS today, {listed} FROM metric AS m JOIN scope AS s USING (account_id, relationship_id)",
    )


def _write(con: Connection, query: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    con.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")


if __name__ == "__main__":
    sys.stdout.write(f"{main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])}\n")
