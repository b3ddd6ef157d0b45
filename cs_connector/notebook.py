"""A project for notebooks: entities, metrics and scores as pandas DataFrames.

    import cs_connector
    project = cs_connector.open("acme")
    project.scores().query("entity == 'account' and main")

Every call reads what was last published, and keeps nothing open. Dates and times are datetime64 in UTC, money and numbers
float64, yes or no boolean or object where unknown; unknown is NaN, NaT or None, never 0.
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
from cs_connector.measure.metrics import Metrics, load_metrics
from cs_connector.model import ENTITIES, LINK
from cs_connector.runner import open_engine
from cs_connector.runner.deciding import standing

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

_SCORES = {
    "entity": "relationship, account or group",
    "entity_id": "its id",
    "scorecard": "the scorecard by which it was judged",
    "main": "the scorecard in force for it, not one that is looked at beside",
    "on_date": "the day that it is about: as_of, and the month ends before it",
    "score": "0 to 100 as published; unknown where too little is known",
    "band": "green, yellow, red or unknown",
    "uncapped": "the score before caps and rounding",
    "coverage": "share of the weight that is known, 0 to 1",
    "low": "the score if all that is unknown were worst",
    "high": "the score if all that is unknown were best",
    "published": "known, or carried where an old value holds the score down",
    "cap": "the lowest cap that holds",
    "override": "the name of that cap",
}


class Notebook:
    """What a project knows, as DataFrames. Raises UsageError for what there is not."""

    def __init__(self, root: Path) -> None:
        self._project = open_project(root.resolve(), registry.shipped())

    def entities(self, name: str) -> pd.DataFrame:
        """The newest rows of an entity, by its key: account, person, ticket and so on; `columns` says what they mean."""
        entity = ENTITIES.get(name)
        if entity is None:
            fix = suggest(name, ENTITIES) or f"there are: {', '.join(ENTITIES)}"
            raise UsageError(f"there is no entity {name!r}", safe="nothing was read", fix=fix)
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
        with self._tables() as con:
            return con.execute(f"SELECT {', '.join(_SCORES)} FROM snapshot ORDER BY 1, 2, 3, 5").df()

    def measures(self) -> pd.DataFrame:
        """A row for each measure of a score: metric, value, 0–100 score, weight and contribution."""
        with self._tables() as con:
            return con.execute("SELECT * FROM measure_score ORDER BY relationship_id, on_date, measure").df()

    def columns(self, table: str) -> pd.DataFrame:
        """What the columns of `metrics`, `scores` or an entity are: name, type, unit, meaning."""
        import pandas as pd

        return pd.DataFrame(self._described(table), columns=["column", "type", "unit", "meaning"])

    def _described(self, table: str) -> list[tuple[str, str, str, str]]:
        if table == "metrics":
            listed = self._metrics().by_name.items()
            return [(name, "number", metric.unit, metric.title) for name, metric in listed]
        if table == "scores":
            return [(name, "", "", meaning) for name, meaning in _SCORES.items()]
        if table in ENTITIES:
            return [(c.name, c.type, "", "") for c in ENTITIES[table].columns]
        known = ["metrics", "scores", *ENTITIES]
        fix = suggest(table, known) or f"there are: {', '.join(known)}"
        raise UsageError(f"there is no table {table!r}", safe="nothing was read", fix=fix)

    def _metrics(self) -> Metrics:
        return load_metrics([*self._project.shipped, self._project.root])

    @contextmanager
    def _tables(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with closing(open_engine(self._project)) as engine, standing(engine) as con:
            yield con
