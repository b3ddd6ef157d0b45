"""A project for notebooks: entities, metrics and scores as pandas DataFrames.

    import cs_connector
    project = cs_connector.open("acme")
    project.scores().query("entity == 'account' and main")

Every call reads what was last published, and keeps nothing open. Dates and times are datetime64 in UTC, money and numbers
float64, counts whole numbers, yes or no boolean; unknown is NaN, NaT, None or <NA>, never 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cs_connector import registry
from cs_connector.config import open_project
from cs_connector.config.documents import suggest
from cs_connector.errors import UsageError
from cs_connector.measure.meanings import CELL, TABLES, described
from cs_connector.measure.metrics import Metrics, load_metrics
from cs_connector.model import ENTITIES, LINK
from cs_connector.runner import open_engine
from cs_connector.runner.deciding import standing

if TYPE_CHECKING:
    import duckdb
    import pandas as pd


def _none(what: str, name: str, known: list[str]) -> UsageError:
    """The way out is a note, too: a notebook shows those below the headline, and nothing else of an error."""
    fix = suggest(name, known) or f"there are: {', '.join(known)}"
    error = UsageError(f"there is no {what} {name!r}", safe="nothing was read", fix=fix)
    error.add_note(fix)
    return error


class Notebook:
    """What a project knows, as DataFrames. Raises UsageError for what there is not."""

    def __init__(self, root: Path) -> None:
        self._project = open_project(root.resolve(), registry.shipped())

    def entities(self, name: str) -> pd.DataFrame:
        """The newest rows of an entity, by its key: account, person, ticket and so on; `columns` says what they mean."""
        entity = ENTITIES.get(name)
        if entity is None:
            raise _none("entity", name, list(ENTITIES))
        listed = ", ".join(f'"{c.name}"' for c in entity.columns)
        with self._tables() as con:
            return con.execute(f'SELECT {listed} FROM "{name}" ORDER BY "{entity.key}"').df()

    def links(self) -> pd.DataFrame:
        """Which records are which entity: entity_id, entity, connection, object, record_id, method, confidence, evidence."""
        listed = ", ".join(c.name for c in LINK.columns)
        with self._tables() as con:
            return con.execute(f"SELECT {listed} FROM link ORDER BY ALL").df()

    def metrics(self) -> pd.DataFrame:
        """A row for each relationship and day with a column for each metric; units stand in `columns("metrics")`."""
        wide = ", ".join(
            f"max(value) FILTER (metric = '{name}') AS \"{name}\"" for name in self._metrics().by_name
        )
        with self._tables() as con:
            return con.execute(
                f"SELECT relationship_id, account_id, on_date, {wide} FROM metric_value GROUP BY ALL ORDER BY 1, 3"
            ).df()

    def scores(self) -> pd.DataFrame:
        """A row for each relationship, account and group, scorecard and day."""
        listed = ", ".join(name for name, *_ in TABLES["scores"])
        with self._tables() as con:
            return con.execute(f"SELECT {listed} FROM snapshot ORDER BY 1, 2, 3, 5").df()

    def measures(self) -> pd.DataFrame:
        """A row for each measure of a score: metric, value, 0–100 score, weight and contribution."""
        with self._tables() as con:
            return con.execute("SELECT * FROM measure_score ORDER BY relationship_id, on_date, measure").df()

    def columns(self, table: str) -> pd.DataFrame:
        """What the columns of `metrics`, `scores`, `measures`, `links` or an entity are: name, type, unit, meaning."""
        import pandas as pd

        return pd.DataFrame(self._described(table), columns=["column", "type", "unit", "meaning"])

    def _described(self, table: str) -> list[tuple[str, str, str, str]]:
        if table == "metrics":
            listed = self._metrics().by_name.items()
            return [*CELL, *((name, "number", metric.unit, metric.title) for name, metric in listed)]
        if table in TABLES:
            return TABLES[table]
        if table in ENTITIES:
            return described(table)
        raise _none("table", table, ["metrics", *TABLES, *ENTITIES])

    def _metrics(self) -> Metrics:
        return load_metrics([*self._project.shipped, self._project.root])

    @contextmanager
    def _tables(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with closing(open_engine(self._project)) as engine, standing(engine) as con:
            yield con
