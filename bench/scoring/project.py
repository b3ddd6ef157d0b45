"""A project whose store holds a base and its scores, with the records that metrics stand on: laid there, not read from any CRM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import duckdb

from bench.measuring.data import TABLES
from cs_connector.measure.metrics import Metrics
from cs_connector.model import ATTACHMENT, ENTITIES, FEED, LINK
from cs_connector.store.store import Store
from cs_connector.store.views import text
from cs_connector.transport.clock import SystemClock

from . import AS_OF
from .base import MEMORY, write

FEWER = {"usage": ("range(10) b(k)", "range(2) b(k)"), "ticket": ("range(100 *", "range(20 *")}
BEHIND = ("person", "usage", "ticket", "survey_response", "invoice", "activity", "goal")
SCORES = {name: f"health/{name}" for name in ("measure", "snapshot", "contradiction", "scorecard", "outline")}
CONNECTIONS = "version: 1\nconnections:\n  crm:\n    adapter: files\n"
BOOK = 500  # accounts of an owner
KEPT = (AS_OF, AS_OF.replace(day=1) - timedelta(days=1))  # days whose scores are kept as they were known then
LATER = ("measure", "snapshot", "scorecard")  # what is kept of them
CODEC = "(FORMAT parquet, COMPRESSION zstd)"


def lay(root: Path, base: Path, made: Path, accounts: int, metrics: Metrics) -> None:
    """Make the project. Rows of an account lie side by side, as `unify` and `score` publish them."""
    root.mkdir(parents=True)
    (root / "cs-connector.yml").write_text(CONNECTIONS)
    config = {"threads": 2, "memory_limit": MEMORY, "temp_directory": str(root / "spill")}
    with (
        Store(root / ".cs-connector", None, SystemClock()) as store,
        duckdb.connect(config=config) as con,
    ):
        for name in BEHIND:
            query = TABLES[name].replace(*FEWER.get(name, ("", ""))).replace("{accounts}", str(accounts))
            write(con, base, ENTITIES[name], accounts, query)
        named: dict[str, list[Path]] = {}
        for dataset, query in [*_facts(base, metrics, accounts), *_scores(made)]:
            path = store.facts.stage(dataset)
            path.parent.mkdir(parents=True, exist_ok=True)
            con.execute(f"COPY ({query}) TO {text(str(path))} {CODEC}")
            named.setdefault(dataset, []).append(path)
        store.facts.publish("bench", replace=named)


def _facts(base: Path, metrics: Metrics, accounts: int) -> Iterator[tuple[str, str]]:
    """Datasets of entities, records and metrics, with their rows; each account has one owner of so many that all have a book."""
    owners = max(accounts // BOOK, 1)
    owned = {
        "relationship": f"SELECT * REPLACE ('usr_' || hash(account_id) % {owners} AS owner_user_id) FROM ({_entity(base, 'relationship')})",
        "user": f"""SELECT * EXCLUDE (n) REPLACE ('usr_' || n AS user_id, 'Owner ' || n AS name)
            FROM range({owners}) AS u(n) LEFT JOIN ({_entity(base, "user")}) ON TRUE""",
    }
    for name in (*ENTITIES, LINK.name, FEED.name, ATTACHMENT.name):
        yield f"entity/{name}", owned.get(name) or _entity(base, name)
    for name in (*BEHIND, "account"):
        yield "unify/record", _records(base, name)
    yield "measure/metric", _metrics(base, metrics)


def _scores(made: Path) -> Iterator[tuple[str, str]]:
    """Datasets of scores, as they are now and as they were known."""
    for name, dataset in SCORES.items():
        for part in sorted((made / name).glob("*.parquet")):
            yield dataset, f"FROM read_parquet('{part}')"
            for day in KEPT if name in LATER else ():
                where = "" if name == "scorecard" else f"WHERE on_date = DATE '{day}'"
                yield f"history/{day}/{name}", f"FROM read_parquet('{part}') {where}"


def _entity(base: Path, name: str) -> str:
    """What has no rows in the base is empty."""
    path = base / f"{name}.parquet"
    if path.exists():
        return f"SELECT *, now()::TIMESTAMP AS known_at FROM read_parquet('{path}')"
    entity = {**ENTITIES, LINK.name: LINK, FEED.name: FEED, ATTACHMENT.name: ATTACHMENT}[name]
    listed = ", ".join(f'NULL::{c.type} AS "{c.name}"' for c in entity.columns)
    return f"SELECT {listed}, now()::TIMESTAMP AS known_at WHERE FALSE"


def _records(base: Path, name: str) -> str:
    """A record of one system for each row."""
    key = ENTITIES[name].key
    given = {
        "entity_id": key, "entity": f"'{name}'", "connection": "'crm'", "object": f"'{name}s'",
        "record_id": f"substr({key}, 5)", "method": "'id'", "confidence": "1::DOUBLE",
    }  # fmt: skip
    listed = ", ".join(f'{given.get(c.name, "NULL")}::{c.type} AS "{c.name}"' for c in LINK.columns)
    return f"SELECT account_id, {listed} FROM read_parquet('{base}/{name}.parquet')"


def _metrics(base: Path, metrics: Metrics) -> str:
    names: Iterable[str] = metrics.by_name
    each = ", ".join(f"'{name}'" for name in names), ", ".join(f'"m_{name}"' for name in names)
    return f"""SELECT relationship_id, account_id, metric, on_date, value, value IS NOT NULL AS known FROM (
        SELECT relationship_id, account_id, on_date, unnest([{each[0]}]) AS metric, unnest([{each[1]}]) AS value
        FROM read_parquet('{base}/metric.parquet'))"""
