"""Metrics on another engine than DuckDB: entities from the manifest's files, and the little that is prepared here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from sqlglot import exp

from cs_connector.errors import ConfigError
from cs_connector.language.compiler import Part
from cs_connector.language.engines import Engine
from cs_connector.language.executor import Connection
from cs_connector.measure.metrics import BASE, Metrics, Source, values
from cs_connector.model import ATTACHMENT, DATE, ENTITIES, TEXT
from cs_connector.store.views import text

Files = Callable[[str], Sequence[Path]]
"""The Parquet files of an entity."""

_SCOPE = {"r": "INTEGER", **{name: type_ for name, type_ in BASE.items() if name != "today"}}
_FED = {"account_id": TEXT, "entity": TEXT, "on_date": DATE}
_PREPARED: Mapping[str, Mapping[str, str]] = {
    "scope": _SCOPE,
    "grid": {"on_date": DATE},
    "feed_complete": _FED,
    "feed_broken": _FED,
    "attachment": {c.name: c.type for c in ATTACHMENT.columns},
}


def load(engine: Engine, con: Connection, metrics: Metrics, files: Files, folder: Path) -> None:
    """Give an engine what the metrics read; `evaluate.begin` has been called on `con`, `folder` is free to write to."""
    read = {
        table.name
        for source in metrics.sources
        for _, tree in queries(source)
        for table in tree.find_all(exp.Table)
    }
    for name in sorted(read & ENTITIES.keys()):
        engine.load(name, {c.name: c.type for c in ENTITIES[name].columns}, files(name))
    for name, columns in _PREPARED.items():
        engine.load(name, columns, [_written(con, name, columns, folder)])


def compute(engine: Engine, source: Source) -> pa.Table:
    """`r`, `today` and a column a metric. Raises ConfigError for what the engine cannot run, by name."""
    portable(source, engine.name)
    *before, (_, last) = queries(source)
    for table, tree in before:
        engine.store(table, tree)
    return engine.rows(last)


def portable(source: Source, engine: str) -> None:
    """Raises ConfigError for a study that cannot leave this process."""
    if local(source):
        raise ConfigError(
            f"{source.name} cannot run on {engine}",
            why="a Python step runs in this process only",
            safe="nothing was computed",
            fix="compute it with DuckDB, or say the step in other steps",
        )


def local(source: Source) -> bool:
    """Whether a Python step binds it, or a study that it uses, to this process."""
    return bool(source.plan and source.plan.python) or any(local(other) for other in source.used)


def queries(source: Source) -> list[tuple[str, exp.Select]]:
    """What runs, each query with the table that its rows go to; the last one, with none, gives the metrics."""
    return [*((part.table, part.rows.query) for part in _kept(source)), ("", values(source))]


def _kept(source: Source) -> list[Part]:
    """The parts whose rows are a table before the metrics are computed, those of studies that this one uses first."""
    others = [part for other in source.used for part in _kept(other)]
    parts = source.plan.parts if source.plan else ()
    return others + [part for part in parts if part.whole or part is not parts[-1]]


def _written(con: Connection, name: str, columns: Mapping[str, str], folder: Path) -> Path:
    """A table of this process as a file."""
    path = folder / f"{name}.parquet"
    listed = ", ".join(f'CAST("{column}" AS {type_}) AS "{column}"' for column, type_ in columns.items())
    made = "scored" if name == "scope" else name
    con.execute(f"COPY (SELECT {listed} FROM {made}) TO {text(str(path))} (FORMAT parquet)")
    return path
