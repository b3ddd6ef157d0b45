"""The state store: small rows, transactions, SQLite by default and PostgreSQL by URL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from cs_connector.errors import StoreError

from . import guard, schema
from .tables import meta

if TYPE_CHECKING:
    from cs_connector.ports import Clock

_WRITER = 7_410_221  # the advisory lock that makes writers on PostgreSQL wait for each other
_TAKE_TURN = sa.text("SELECT set_config('lock_timeout', :patience, true), pg_advisory_xact_lock(:writer)")
_OURS = (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.DataError, sa.exc.NotSupportedError)
_PATIENCE = 60_000  # milliseconds to wait for another process
_BUSY = "55P03"  # what PostgreSQL calls it when they are over
_FULL = 4_000_000  # bytes of WAL before it is folded back
_CACHE = 65_536  # KiB of pages in memory: a batch of 20,000 changes touches as much, and what does not fit is written twice


class State:
    """An open state store; an empty one is set up on opening.

    Writers run one at a time on both databases, so a value read in `begin()` stays true to its end.
    """

    def __init__(self, url: str, clock: Clock, revision: str = "head") -> None:
        """`revision` is what an empty store is set up with: only restoring an old backup needs another."""
        self.url = _driven(sa.make_url(url))
        self.clock = clock
        self.engine = self._open()
        self._mine = threading.local()
        try:
            with explained():
                if schema.empty(self.engine):
                    self.migrate(revision)
        except BaseException:
            self.engine.dispose()
            raise

    @property
    def file(self) -> Path | None:
        """The database file, if there is one."""
        lite = self.url.get_backend_name() == "sqlite" and self.url.database
        return Path(lite) if lite else None

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """A write transaction: committed at the end, rolled back on an error."""
        with self._once(), self._turn(), explained(), self._writer.begin() as connection:
            if self.file is None:
                connection.execute(_TAKE_TURN, {"patience": str(_PATIENCE), "writer": _WRITER})
            yield connection
        self._tidy()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one moment of the store and writes nothing."""
        with explained(), self._reader.begin() as connection:
            yield connection

    def migrate(self, revision: str = "head") -> None:
        """Bring the tables up to this program. Safe to repeat, and to run twice at once."""
        with self.begin() as connection:
            schema.upgrade(connection, revision)

    def check(self) -> None:
        """Raises StoreTooNew for a store of a newer program, StoreError for one of an older."""
        with self.read() as connection:
            schema.check(connection)

    def get(self, name: str) -> str | None:
        """A value of `meta`."""
        with self.read() as connection:
            return connection.scalar(sa.select(meta.c.value).where(meta.c.name == name))

    def scrub(self) -> None:
        """Leave no erased byte in the write-ahead log."""
        if self.file:
            self._checkpoint()

    def close(self) -> None:
        with self._turn():
            self.engine.dispose()

    def _open(self) -> sa.Engine:
        if self.file is None:
            # a server that was started again, or a firewall, ends connections that lie idle
            return sa.create_engine(self.url, pool_pre_ping=True)
        guard.refuse_network(self.file)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(self.url, connect_args={"timeout": _PATIENCE / 1000})
        sa.event.listen(engine, "connect", _settle)
        sa.event.listen(engine, "begin", _start)
        return engine

    @cached_property
    def _writer(self) -> sa.Engine:
        return self.engine.execution_options(writes=True)

    @cached_property
    def _reader(self) -> sa.Engine:
        level = {} if self.file else {"isolation_level": "REPEATABLE READ"}
        return self.engine.execution_options(**level)

    @contextmanager
    def _once(self) -> Iterator[None]:
        """A thread that waited for itself would wait for ever."""
        if getattr(self._mine, "writing", False):
            raise RuntimeError("begin() inside begin(): pass the connection on instead")
        self._mine.writing = True
        try:
            yield
        finally:
            self._mine.writing = False

    def _turn(self) -> Any:
        if self.file and guard.risky():
            return guard.alone(self.file.with_name(self.file.name + ".lock"))
        return nullcontext()

    def _tidy(self) -> None:
        """Do what automatic checkpoints would, where they are off because they are not safe."""
        if self.file and guard.risky():
            log = self.file.with_name(self.file.name + "-wal")
            if log.exists() and log.stat().st_size > _FULL:
                self._checkpoint(patience=0)

    def _checkpoint(self, patience: int = _PATIENCE) -> None:
        """Move the log into the database, waiting at most `patience` milliseconds for readers."""
        with self._turn(), self.engine.connect() as connection:
            raw = connection.connection.cursor()
            raw.execute(f"PRAGMA busy_timeout={patience}")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            raw.execute(f"PRAGMA busy_timeout={_PATIENCE}")
            raw.close()


def _driven(url: sa.URL) -> sa.URL:
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    return url


def _settle(connection: Any, _record: object) -> None:
    """Set up a new SQLite connection; transactions are ours to start."""
    connection.isolation_level = None
    cursor = connection.cursor()
    for setting in (
        f"busy_timeout={_PATIENCE}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"cache_size=-{_CACHE}",
    ):
        cursor.execute(f"PRAGMA {setting}")
    if guard.risky():
        cursor.execute("PRAGMA wal_autocheckpoint=0")
    cursor.close()


def _start(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def explained() -> Iterator[None]:
    """Say in plain words when the database cannot be used; programming errors stay themselves.

    An error without a statement is one of connecting, whatever the driver calls it.
    """
    try:
        yield
    except sa.exc.DatabaseError as error:
        if getattr(error.orig, "sqlstate", "") == _BUSY:
            raise guard.busy() from error
        if isinstance(error, _OURS) and error.statement is not None:
            raise
        raise StoreError(
            "the state store cannot be used",
            why=str(error.orig).strip().partition("\n")[0],
            safe="what was committed before is kept; this step was not",
            fix="check the disk space, the rights on the file and, for PostgreSQL, that the server is up and store.url says what it should",
        ) from error
