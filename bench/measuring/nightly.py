"""The same metrics night after night, over facts that are published: `python -m bench.measuring.nightly publish|score|show DATA STORE OUT [DAY]`.

`publish` is what unify leaves: entities with a file a month. With a DAY, everything that came until that day comes; what came later is left
out, so that the next night brings one day of it.
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path

from cs_connector.health.job import BUCKET
from cs_connector.language.apply import day_of
from cs_connector.language.executor import connect, sql
from cs_connector.measure import evaluate
from cs_connector.measure.days import Days
from cs_connector.measure.months import Months
from cs_connector.model import ATTACHMENT, ENTITIES, FEED, LINK
from cs_connector.store import monthly
from cs_connector.store.store import Store

from .ours import AS_OF, studied, views

TABLES = (*ENTITIES, LINK.name, FEED.name, ATTACHMENT.name)


class Still:
    def now(self) -> datetime:
        return datetime(2026, 11, 15, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        del seconds


def publish(data: Path, store: Store, until: date) -> None:
    """The rows that are dated until a day, those of a month in a file of its own."""
    with connect() as con:
        views(con, data)
        paths = {}
        for name in TABLES:
            day = day_of(name) if name in ENTITIES else None
            here = f" WHERE coalesce(CAST({sql(day.tree)} AS DATE) <= DATE '{until}', TRUE)" if day else ""
            query, dataset = f'SELECT * FROM "{name}"{here}', f"entity/{name}"
            paths[dataset] = monthly.stage(store.facts, con, dataset, query, sql(day.tree) if day else None)
        store.facts.publish("unify", replace=paths)


def score(store: Store, as_of: date) -> None:
    """The metrics of every relationship at every date, bucket by bucket as they are scored; what was measured is published."""
    with connect() as con:
        for name in TABLES:
            store.facts.attach(con, f"entity/{name}", name, {})
        months, days = Months(store.facts, "score"), Days(store.facts, "score", least=0)
        metrics = days.under(months.under(studied()))
        count = evaluate.prepare(con, as_of, metrics)
        for low in range(1, count + 1, BUCKET):
            evaluate.evaluate(con, metrics, low, low + BUCKET)
        days.keep(con)
        print(f"{months.told}; {days.round.told if days.round else 'nothing kept'}")


def show(store: Store, out: Path) -> None:
    """Write what is stored of all days into one file."""
    names = [n for n in store.facts.datasets("days/") if n.rsplit("/", 1)[1][0].isdigit()]
    files = [str(path) for name in names for path in store.facts.files(name)]
    with connect() as con:
        con.execute(
            f"COPY (SELECT * FROM read_parquet({files})) TO '{out}' (FORMAT parquet, COMPRESSION zstd)"
        )


def main(what: str, data: Path, folder: Path, out: Path, day: date = AS_OF) -> None:
    with Store(folder, None, Still()) as store:
        if what == "publish":
            publish(data, store, day)
        elif what == "score":
            score(store, day)
        else:
            show(store, out)


if __name__ == "__main__":
    what, *places = sys.argv[1:5]
    main(what, *map(Path, places), *map(date.fromisoformat, sys.argv[5:]))  # type: ignore[arg-type]
