"""The changes of one plan, in the order of writing, frozen, and with a digest that `apply` computes again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import duckdb
from pyarrow.parquet import ParquetFile

from cs_connector.unify.sql import literal

HEALTH = ("changed_on",)
STAMPS = (*HEALTH, "due_on", "last_run", "run")  # what moves with the day on which it is tried
SAID = (
    "score", "band", "trend", "change_3m", "reason", "driver", "next_step", "cap_text", "coverage", "band_since",
)  # fmt: skip

LISTED = '[{"f":"VARCHAR","c":"VARCHAR","a":"VARCHAR","b":"VARCHAR"}]'
"""The type of `fields` in `plan_change`: c is our column, f their field, a what it holds and b what it will."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One record to change: `fields` is a list of (name, from, to)."""

    connection: str
    object: str
    source: str
    key: str
    action: str
    key_field: str | None
    record_id: str | None
    fields: tuple[tuple[str, str | None, str | None], ...]
    associate: tuple[tuple[str, str], ...]
    reason: str

    @property
    def values(self) -> dict[str, str | None]:
        return {name: to for name, _from, to in self.fields}


# accounts before their relationships, these before snapshots and tasks; what is deleted goes then, the other way round, and
# the heartbeat last: it says that all of that was done; an installation's first one goes before all, so that others see it
_RANK = "list_position(['account', 'relationship', 'snapshot', 'call'], source)"
_ORDERED = (
    "SELECT connection, object, source, key, action, key_field, record_id, fields, associate, reason FROM plan_change "
    f"ORDER BY CASE WHEN source = 'heartbeat' THEN if(record_id IS NULL, 0, 200) WHEN action = 'delete' THEN 100 - coalesce({_RANK}, 4) ELSE coalesce({_RANK}, 4) END, "
    "connection, object, key"
)


def changes(con: duckdb.DuckDBPyConnection) -> Iterator[Planned]:
    """The planned changes in the order of writing: a stable one."""
    cursor = con.execute(_ORDERED)
    while rows := cursor.fetchmany(5000):
        yield from map(_planned, rows)


def freeze(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Keep the changes in a file, so that writing them needs none of the tables that they came from."""
    path.parent.mkdir(parents=True, exist_ok=True)
    con.execute(
        f"COPY ({_ORDERED}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 5000)"
    )


def thaw(path: Path) -> Iterator[Planned]:
    """The changes of a frozen file, a few at a time."""
    with ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=1000):
            yield from (_planned(tuple(row.values())) for row in batch.to_pylist())


def _planned(row: Sequence[Any]) -> Planned:
    fields = tuple((f["f"], f["a"], f["b"]) for f in json.loads(row[7]))
    associate = tuple((str(a), str(b)) for a, b in json.loads(row[8])) if row[8] else ()
    connection, name, source, key, action, key_field, record_id = row[:7]
    reason = row[9] or ""
    return Planned(connection, name, source, key, action, key_field, record_id, fields, associate, reason)


def digest(changes: Iterable[Planned], *judged: object) -> str:
    """A digest of everything that will be sent, and of what the plan is judged by: any JSON values."""
    total = hashlib.sha256()
    for part in (judged, *map(astuple, changes)):
        total.update(json.dumps(part, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    return total.hexdigest()
