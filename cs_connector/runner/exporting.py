"""The canonical export: what "the same bytes" means."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cs_connector.errors import UsageError
from cs_connector.model import ENTITIES

from .deciding import standing
from .engine import Engine


def export(engine: Engine, directory: Path, format_: str) -> Iterator[Path]:
    """Write one file an entity, `scores`, `links` and `records`; rows in the order of their keys."""
    if format_ not in ("csv", "parquet"):
        raise UsageError(f"{format_!r} is not a format", safe="nothing was written", fix="use csv or parquet")
    directory.mkdir(parents=True, exist_ok=True)
    with standing(engine) as con:
        queries = {name: f'SELECT * EXCLUDE (known_at) FROM "{name}" ORDER BY 1' for name in sorted(ENTITIES)}
        queries["scores"] = (
            "SELECT * EXCLUDE (known_at) FROM snapshot ORDER BY entity, entity_id, scorecard, on_date"
        )
        queries["links"] = "SELECT * EXCLUDE (known_at) FROM link ORDER BY ALL"
        queries["records"] = _records(engine, engine.latest(con))
        for name, query in queries.items():
            path = directory / f"{name}.{format_}"
            how = "FORMAT csv, HEADER" if format_ == "csv" else "FORMAT parquet, COMPRESSION zstd"
            quoted = str(path).replace("'", "''")
            con.execute(f"COPY ({query}) TO '{quoted}' ({how})")
            yield path


def _records(engine: Engine, latest: object) -> str:
    parts = []
    for source in engine.sources():
        for name in source.mapping.objects():
            view = latest(source.connection, name)  # type: ignore[operator]
            parts.append(
                f"SELECT '{source.connection}' AS connection, '{name}' AS object, id, modified_at, deleted FROM {view}"
            )
    return " UNION ALL ".join(parts) + " ORDER BY connection, object, id"
