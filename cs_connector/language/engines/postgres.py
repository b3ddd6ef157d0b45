"""PostgreSQL over tables that are loaded from the manifest's files, into a schema of their own."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import sqlalchemy as sa
from pyarrow import csv
from sqlglot import exp

from cs_connector.errors import ConfigError, StoreError
from cs_connector.language.executor import connect
from cs_connector.language.lowering import text
from cs_connector.language.lowering.postgres import ALPHABETS
from cs_connector.model import TEXT
from cs_connector.store.views import name as quoted
from cs_connector.store.views import scan

SCHEMA = "cs_connector"
# The built-in one of PostgreSQL 17, then those of the system and of ICU; the first that knows more letters than ASCII.
_COLLATIONS = ("pg_c_utf8", "C.utf8", "C.UTF-8", "en_US.utf8", "und-x-icu", "unicode")
_TYPES = {"DOUBLE": "double precision", TEXT: 'text COLLATE "C"'}
# Of a result, by PostgreSQL's number of the type; decimals as well are numbers to whoever reads it.
_ARROW = {
    16: pa.bool_(), 20: pa.int64(), 23: pa.int32(), 25: pa.string(), 701: pa.float64(), 1043: pa.string(),
    1082: pa.date32(), 1114: pa.timestamp("us"), 1700: pa.float64(),
}  # fmt: skip


class Postgres:
    """A connection for one job. The schema is made if it is not there; what it holds under the same names is replaced.

    Raises StoreError where the server cannot be reached, ConfigError where it cannot lower letters of all alphabets.
    """

    name = "postgres"

    def __init__(self, url: str, schema: str = SCHEMA) -> None:
        self.schema = schema
        address = sa.make_url(url).set(drivername="postgresql+psycopg")
        self._engine = sa.create_engine(address, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        try:
            self._connection = self._engine.connect()
        except sa.exc.OperationalError as error:
            told = str(error.orig).splitlines()[0]
            raise StoreError("PostgreSQL cannot be reached", why=told, safe="nothing was computed") from None
        self._prepare()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()
        self._engine.dispose()

    def load(self, table: str, columns: Mapping[str, str], files: Sequence[Path]) -> None:
        typed = ", ".join(f"{quoted(n)} {_TYPES.get(t, t.lower())}" for n, t in columns.items())
        self._run(f"DROP TABLE IF EXISTS {quoted(table)}")
        self._run(f"CREATE UNLOGGED TABLE {quoted(table)} ({typed})")
        with self._cursor() as cursor, cursor.copy(f"COPY {quoted(table)} FROM STDIN (FORMAT csv)") as copy:
            for batch in _batches(columns, files):
                copy.write(_printed(batch))
        self._run(f"ANALYZE {quoted(table)}")

    def store(self, table: str, tree: exp.Expr) -> None:
        query = text(tree, self.name)
        self._run(f"DROP TABLE IF EXISTS {quoted(table)}")
        self._run(f"CREATE UNLOGGED TABLE {quoted(table)} AS {query}")
        self._run(f"ANALYZE {quoted(table)}")

    def rows(self, tree: exp.Expr) -> pa.Table:
        query = text(tree, self.name)
        with _told(), self._cursor() as cursor:
            cursor.execute(f"SELECT * FROM ({query}) AS q LIMIT 0")
            types = {c.name: _ARROW[c.type_code] for c in cursor.description}
            with cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)") as copy:
                return _read(b"".join(copy), types)

    def _prepare(self) -> None:
        """The schema, first in the path; days and texts as everywhere; what PostgreSQL has not got."""
        self._run(f"CREATE SCHEMA IF NOT EXISTS {quoted(self.schema)}")
        self._run(f"SET search_path = {quoted(self.schema)}")
        self._run("SET TIME ZONE 'UTC'; SET datestyle = 'ISO'; SET jit = off; SET extra_float_digits = 1")
        self._collation()
        for function, of in (("min", "booland_statefunc"), ("max", "boolor_statefunc")):
            made = f"AGGREGATE {function}(boolean) (sfunc = {of}, stype = boolean)"
            self._run(f"CREATE OR REPLACE {made}")

    def _collation(self) -> None:
        found = {str(row[0]) for row in self._connection.exec_driver_sql("SELECT collname FROM pg_collation")}
        if ALPHABETS in found:
            self._run(f"DROP COLLATION IF EXISTS {ALPHABETS}")
        for known in _COLLATIONS:
            if known in found and self._lowers(known):
                self._run(f"CREATE COLLATION {ALPHABETS} FROM {quoted(known)}")
                return
        raise ConfigError(
            "this PostgreSQL knows capitals of ASCII only",
            why=f"it has none of the collations {', '.join(_COLLATIONS)}",
            safe="nothing was computed",
            fix="install a UTF-8 locale on its machine, or use PostgreSQL 17",
        )

    def _lowers(self, collation: str) -> bool:
        try:
            return bool(
                self._connection.exec_driver_sql(
                    f"SELECT lower('Ä' COLLATE {quoted(collation)}) = 'ä'"
                ).scalar()
            )
        except sa.exc.DBAPIError:
            return False

    def _run(self, statement: str) -> None:
        with _told(), self._cursor() as cursor:
            cursor.execute(statement)

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        """Psycopg's own: it copies, and reads no % in a statement."""
        raw: Any = self._connection.connection.driver_connection
        with raw.cursor() as cursor:
            yield cursor


@contextmanager
def _told() -> Iterator[None]:
    """What the server refused, as an error of ours."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        why = str(error).splitlines()[0]
        raise ConfigError("PostgreSQL cannot compute this", why=why, safe="nothing was written") from error


def _batches(columns: Mapping[str, str], files: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    """The rows of the files in these columns. PostgreSQL has no texts with a zero in them."""
    listed = ", ".join(
        f"replace({quoted(n)}, chr(0), '')" if t == TEXT else f"CAST({quoted(n)} AS {t})"
        for n, t in columns.items()
    )
    with connect() as con:
        found = con.sql(f"SELECT {listed} FROM ({scan(con, files, columns)})")
        yield from found.to_arrow_reader(100_000)


def _printed(batch: pa.RecordBatch) -> bytes:
    """As CSV: a NULL is empty, an empty text is in quotes."""
    sink = io.BytesIO()
    csv.write_csv(batch, sink, csv.WriteOptions(include_header=False))
    return sink.getvalue()


def _read(printed: bytes, types: Mapping[str, pa.DataType]) -> pa.Table:
    if not printed:
        return pa.table({name: pa.array([], type_) for name, type_ in types.items()})
    return csv.read_csv(
        io.BytesIO(printed),
        csv.ReadOptions(column_names=list(types)),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(
            column_types=dict(types), null_values=[""], true_values=["t"], false_values=["f"],
            strings_can_be_null=True, quoted_strings_can_be_null=False,
        ),
    )  # fmt: skip
