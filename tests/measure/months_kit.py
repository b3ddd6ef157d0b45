"""A company whose facts come, change and go from day to day, and its metrics with and without what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from cs_connector.language.executor import Connection, connect
from cs_connector.measure.metrics import BASE, Metrics, load_metrics
from cs_connector.measure.months import Brought, Months
from cs_connector.model import ATTACHMENT, ENTITIES
from cs_connector.store import monthly
from cs_connector.store.store import Store
from tests.measure.kit import fill

DATED = {"usage": "on_date", "ticket": "opened_at"}
STUDIES = {
    "used": """
version: 1
steps:
  - fetch: usage
  - filter: coalesce(value, 0) >= 0
  - derive: {double: value * 2}
  - aggregate:
      by: [metric]
      every: {of: on_date, grain: month, last: 3}
      totals:
        total: {take: sum, of: double}
        told: {take: count}
        spread: {take: stddev, of: value}
        half: {take: median, of: value}
        last: {take: newest, of: value, by: on_date}
  - aggregate:
      totals:
        total: {take: sum, of: total}
        told: {take: sum, of: told, where: back = 1}
        spread: {take: avg, of: spread}
        half: {take: max, of: half}
        last: {take: min, of: last}
metrics:
  used: {title: Used, value: total}
  told: {title: Told, value: told}
  spread: {title: Spread, value: spread}
  half: {title: Half, value: half}
  newest: {title: Newest, value: last}
""",
    "asked": """
version: 1
steps:
  - fetch: ticket
  - aggregate:
      every: {of: opened_at, grain: quarter, zone: Asia/Tokyo}
      totals: {asked: {take: count}}
  - aggregate:
      totals:
        asked: {take: sum, of: asked, where: back <= 2}
metrics:
  asked: {title: Asked, value: asked}
""",
}


def studies(folder: Path, **texts: str) -> Metrics:
    """The metrics of some texts."""
    (folder / "metrics").mkdir(exist_ok=True)
    for name, text in (texts or STUDIES).items():
        (folder / "metrics" / f"{name}.yml").write_text(text)
    return load_metrics([folder])


@dataclass
class Company:
    """Rows by their keys, relationships (account, product) by theirs, and which row is about which relationship."""

    today: date = date(2026, 5, 10)
    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: {"usage": {}, "ticket": {}})
    relationships: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    attached: set[tuple[str, str, str]] = field(default_factory=set)

    def use(self, key: str, account: str, day: date, value: float | None, product: str | None = None) -> None:
        self.rows["usage"][key] = {
            "usage_id": key, "account_id": account, "product": product, "metric": "x", "on_date": day, "value": value,
        }  # fmt: skip

    @contextmanager
    def tables(self) -> Iterator[Connection]:
        with connect("500MB", threads=1) as con:
            for entity in (ENTITIES["usage"], ENTITIES["ticket"], ATTACHMENT):
                fill(con, entity, list(self.rows.get(entity.name, {}).values()))
            for each in sorted(self.attached):
                con.execute("INSERT INTO attachment VALUES (?, ?, ?, 'rule')", list(each))
            con.execute(
                "CREATE TABLE grid AS SELECT ? AS on_date UNION ALL SELECT DATE '2026-03-31'", [self.today]
            )
            listed = ", ".join(f'"{name}" {type_}' for name, type_ in BASE.items() if name != "today")
            con.execute(f"CREATE TABLE scored(r INTEGER, {listed})")
            for r, (key, (account, product)) in enumerate(sorted(self.relationships.items()), 1):
                con.execute(
                    "INSERT INTO scored (r, relationship_id, account_id, product) VALUES (?, ?, ?, ?)",
                    [r, key, account, product],
                )
            yield con

    def publish(self, store: Store, con: Connection, least: int) -> None:
        """Unify has run: with a file a month from `least` rows on."""
        paths = {}
        for name in ("usage", "ticket", "attachment"):
            paths[f"entity/{name}"] = monthly.stage(
                store.facts, con, f"entity/{name}", f'SELECT * FROM "{name}"', DATED.get(name), least
            )
        store.facts.publish("unify", replace=paths)


@dataclass
class Nights:
    """Run after run over one store, with metrics that are read once."""

    store: Store
    metrics: Metrics
    least: int = 0

    def __post_init__(self) -> None:
        self.months = Months(self.store.facts, "run", least=0, bucket=2)
        self.over = self.months.under(self.metrics)

    def run(self, town: Company) -> tuple[Rows, Rows, list[Brought]]:
        """What the metrics come to from all facts, and over what is kept; and what was made again."""
        self.months.told.clear()
        with town.tables() as con:
            town.publish(self.store, con, self.least)
            self.over.ready(con, town.today)
            con.execute("CREATE OR REPLACE TEMP TABLE scope AS SELECT * FROM scored")
            return _rows(con, self.metrics), _rows(con, self.over), list(self.months.told)


Rows = list[tuple[Any, ...]]


def _rows(con: Connection, metrics: Metrics) -> Rows:
    found: Rows = []
    for source in metrics.sources:
        found += [
            (source.name, *row)
            for row in con.execute(f"SELECT * FROM ({source.query}) ORDER BY ALL").fetchall()
        ]
    return found
