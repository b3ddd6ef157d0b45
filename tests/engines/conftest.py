"""DuckDB, a PostgreSQL server and a Spark session with the same company, once for all tests of this folder."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pyarrow as pa
import pytest
from sqlglot import exp

from cs_connector.errors import ConfigError
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

Running = Mapping[str, Engine]
STRICT = os.environ.get("CS_CONNECTOR_STRICT") == "1"
# what a short run needs; what is compiled and how is left as it is
QUICK = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.sql.adaptive.enabled": "false",
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


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("company")
    return {**company.write(folder), **cases.write(folder)}


@pytest.fixture(scope="session")
def fill(
    files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Engine], None]]:
    """Gives an engine all that is read here."""
    with connect(threads=1) as con:
        for name, path in files.items():
            views.attach(con, name, [path], {})
        evaluate.prepare(con, company.AS_OF, metrics())

        def filled(engine: Engine) -> None:
            folder = tmp_path_factory.mktemp(engine.name)
            elsewhere.load(engine, con, metrics(), lambda name: [files[name]], folder)
            others = {e.name: {c.name: c.type for c in e.columns} for e in ENTITIES.values()} | cases.TABLES
            for name, columns in others.items():
                engine.load(name, columns, [files[name]])

        yield filled


@pytest.fixture(scope="session")
def running(fill: Callable[[Engine], None]) -> Iterator[Running]:
    """All engines, by name."""
    with (
        connect(threads=1) as con,
        _started(_postgres(), "PostgreSQL") as postgres,
        _started(_spark(), "Spark") as spark,
    ):
        engines = (Duck(con), postgres, spark)
        for engine in engines:
            fill(engine)
        yield {engine.name: engine for engine in engines}


@contextmanager
def _postgres() -> Iterator[Engine]:
    with server() as url, Postgres(url) as engine:
        yield engine


@contextmanager
def _spark() -> Iterator[Engine]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with local(1, "1g", **QUICK) as engine:
            yield engine


@contextmanager
def _started(starting: AbstractContextManager[Engine], called: str) -> Iterator[Engine]:
    """A missing engine is a failure in a strict run."""
    try:
        engine = starting.__enter__()
    except (ConfigError, ImportError, OSError) as error:
        if STRICT:
            raise
        pytest.skip(f"no {called}: {error}")
    try:
        yield engine
    finally:
        starting.__exit__(None, None, None)
