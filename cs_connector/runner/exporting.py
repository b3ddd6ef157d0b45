"""The canonical export: what "the same bytes" means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

import duckdb

from cs_connector.errors import UsageError
from cs_connector.model import ENTITIES
from cs_connector.unify.sql import literal

from .asking import scored_on
from .deciding import standing
from .engine import Engine
from .known import known


def export(engine: Engine, directory: Path, format_: str, day: date | None = None) -> Iterator[Path]:
    """Write one file an entity, `scores`, `links` and `records`; rows in the order of their keys.

    With `day` only the scores of that date. A file is whole or not there.
    """
    _format(format_)
    with standing(engine) as con:
        where = f"WHERE on_date = {literal(scored_on(con, day).isoformat())}" if day else ""
        queries = {name: f'SELECT * EXCLUDE (known_at) FROM "{name}" ORDER BY 1' for name in sorted(ENTITIES)}
        queries["scores"] = (
            f"SELECT * EXCLUDE (known_at) FROM snapshot {where} ORDER BY entity, entity_id, scorecard, on_date"
        )
        queries["links"] = "SELECT * EXCLUDE (known_at) FROM link ORDER BY ALL"
        queries["records"] = _records(engine, engine.latest(con))
        yield from _written(con, directory, format_, queries)


def _format(name: str) -> None:
    if name not in ("csv", "parquet"):
        raise UsageError(f"{name!r} is not a format", safe="nothing was written", fix="use csv or parquet")


def _written(
    con: duckdb.DuckDBPyConnection, directory: Path, format_: str, queries: Mapping[str, str]
) -> Iterator[Path]:
    directory.mkdir(parents=True, exist_ok=True)
    how = "FORMAT csv, HEADER" if format_ == "csv" else "FORMAT parquet, COMPRESSION zstd"
    for name, query in queries.items():
        path = directory / f"{name}.{format_}"
        half = path.with_name(f".{path.name}.half")
        con.execute(f"COPY ({query}) TO {literal(str(half))} ({how})")
        half.replace(path)
        yield path


def as_known(engine: Engine, directory: Path, format_: str, day: date) -> Iterator[Path]:
    """Write one file an entity and `links` as they were known on a day: what was computed of them then is not made again."""
    _format(format_)
    with known(engine, day) as con:
        queries = {name: f'SELECT * FROM "{name}" ORDER BY 1' for name in sorted(ENTITIES)}
        queries["links"] = "SELECT * FROM link ORDER BY ALL"
        yield from _written(con, directory, format_, queries)


def _records(engine: Engine, latest: Callable[[str, str], str]) -> str:
    parts = []
    for source in engine.sources():
        for name in source.mapping.objects():
            view = latest(source.connection, name)
            parts.append(
                f"SELECT {literal(source.connection)} AS connection, {literal(name)} AS object, id, modified_at, "
                f"deleted FROM {view}"
            )
    return " UNION ALL ".join(parts) + " ORDER BY connection, object, id"
