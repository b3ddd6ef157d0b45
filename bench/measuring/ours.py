"""The same metrics by their declarations: `python -m bench.measuring.ours DATA OUT [BUCKET]`.

OUT is a folder with a file a bucket: as when days are kept, nothing of a bucket stays in memory.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

from cs_connector import registry
from cs_connector.language.executor import Connection, connect
from cs_connector.measure import evaluate
from cs_connector.measure.metrics import Metrics, load_metrics
from cs_connector.model import ATTACHMENT, ENTITIES, FEED, LINK

AS_OF = date(2026, 11, 15)
STUDIES = ["answers", "contact", "goals", "invitations", "invoices", "relationship", "tickets", "usage"]


def main(data: Path, out: Path, bucket: int | None = None) -> None:
    out.mkdir(exist_ok=True)
    with connect() as con:
        views(con, data)
        metrics = studied()
        listed = ", ".join(f'"m_{name}"' for name in metrics.by_name)
        count = evaluate.prepare(con, AS_OF, metrics)
        size = bucket or evaluate.at_once(con)
        for low in range(1, count + 1, size):
            evaluate.evaluate(con, metrics, low, low + size)
            con.execute(
                f"COPY (SELECT relationship_id, account_id, today AS on_date, {listed} FROM wide) "
                f"TO '{out}/{low}.parquet' (FORMAT parquet, COMPRESSION zstd)"
            )


def studied() -> Metrics:
    """The shipped metrics that the standard scorecard and its overrides stand on."""
    return Metrics(tuple(s for s in load_metrics(registry.shipped()).sources if s.name in STUDIES))


def views(con: Connection, data: Path, files: str = ".parquet") -> None:
    """A view an entity, over the `files` behind its name."""
    for entity in (*ENTITIES.values(), LINK, FEED, ATTACHMENT):
        con.execute(
            f"CREATE TEMP VIEW \"{entity.name}\" AS SELECT * FROM read_parquet('{data}/{entity.name}{files}')"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *(int(word) for word in sys.argv[3:]))
