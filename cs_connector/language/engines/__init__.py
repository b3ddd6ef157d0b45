"""Other engines than DuckDB: a company's PostgreSQL or Spark, with the tables of a project, for the same trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa
from sqlglot import exp


class Engine(Protocol):
    """Where trees can run. Tables are named as in the trees; their types are those of the model.

    `name` is that of the lowering. `load` makes the rows of Parquet files a table: columns that no file has are NULL.
    `store` keeps the rows of a tree as a table; `rows` gives them. All raise ConfigError for a tree with a part that the
    engine has no lowering for, and for one that it refuses to run.
    """

    name: str

    def load(self, table: str, columns: Mapping[str, str], files: Sequence[Path]) -> None: ...

    def store(self, table: str, tree: exp.Expr) -> None: ...

    def rows(self, tree: exp.Expr) -> pa.Table: ...
