"""DuckDB, a PostgreSQL server and a Spark session, all with the same company."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from sqlglot import exp

from cs_connector.language.engines import Engine
from cs_connector.language.engines.postgres import Postgres
from cs_connector.language.engines.spark import local
from cs_connector.language.executor import Connection, connect
from cs_connector.language.lowering import text
from cs_connector.measure import elsewhere, evaluate
from cs_connector.model import ENTITIES
from cs_connector.store import views
from tests.conftest_store import server

from . import cases, company
from .shipped import metrics

# A short run: a compiler would cost more than it saves, of Java's code as of Spark's own.
QUICK = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


class Duck:
    """DuckDB, as the others are."""

    name = "duckdb"

    def __init__(self, con: Connection) -> None:
        self.con = con

    def load(self, table: str, columns: Mapping[str, str], files: Sequence[Path]) -> None:
        views.attach(self.con, table, files, columns)

    def store(self, table: str, tree: exp.Expr) -> None:
        self.con.execute(f'CREATE OR REPLACE TEMP TABLE "{table}" AS {text(tree)}')

    def rows(self, tree: exp.Expr) -> pa.Table:
        return self.con.sql(text(tree)).to_arrow_table()


@contextmanager
def engines(folder: Path) -> Iterator[dict[str, Engine]]:
    """All of them, by name. Raises what a missing one raises."""
    with connect(threads=1) as con, server() as url, Postgres(url) as postgres, _spark() as spark:
        running: tuple[Engine, ...] = (Duck(con), postgres, spark)
        _fill(running, folder)
        yield {engine.name: engine for engine in running}


@contextmanager
def _spark() -> Iterator[Engine]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with local(1, "1g", **QUICK) as engine:
            yield engine


def _fill(running: Sequence[Engine], folder: Path) -> None:
    files = {**company.write(folder), **cases.write(folder)}
    others = {e.name: {c.name: c.type for c in e.columns} for e in ENTITIES.values()} | cases.TABLES
    with connect(threads=1) as con:
        for name, path in files.items():
            views.attach(con, name, [path], {})
        evaluate.begin(con, company.AS_OF, metrics())
        for engine in running:
            (made := folder / engine.name).mkdir()
            elsewhere.load(engine, con, metrics(), lambda name: [files[name]], made)
            for name, columns in others.items():
                engine.load(name, columns, [files[name]])
