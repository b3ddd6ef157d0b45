"""Stores for tests: over SQLite and over a PostgreSQL that is started once."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from cs_connector.ports import Page, RawRecord
from cs_connector.store.store import Store

_NUMBERS = count()


class HandClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 2, 6, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def pass_days(self, days: float) -> None:
        self.at += timedelta(days=days)


def record(key: object, payload: str = "{}", *, deleted: bool = False, at: str | None = None) -> RawRecord:
    return RawRecord(str(key), at, deleted, payload.encode())


def page(*records: RawRecord, cursor: str = "c", done: bool = False, to: datetime | None = None) -> Page:
    return Page(records, cursor, done, to)


@contextmanager
def server() -> Iterator[str]:
    """The address of a PostgreSQL of our own."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="pg") as folder:
        warnings.simplefilter("ignore")
        import pgserver

        # As root it makes a user of its own, by a tool that a short PATH does not find.
        os.environ["PATH"] = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
        running = pgserver.get_server(folder)
        try:
            running.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
            yield running.get_uri()
        finally:
            running.cleanup()


def database(uri: str) -> str:
    """The address of a new, empty schema on the server."""
    name = f"store_{os.getpid()}_{next(_NUMBERS)}"
    engine = sa.create_engine(uri.replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {name}"))
    engine.dispose()
    return f"{uri}&options=-csearch_path%3D{name}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    try:
        starting = server()
        uri = starting.__enter__()
    except Exception as error:
        if os.environ.get("CS_CONNECTOR_STRICT") == "1":
            raise
        pytest.skip(f"no PostgreSQL server could be started: {error}")
    try:
        yield uri
    finally:
        starting.__exit__(None, None, None)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.slow])])
def url(request: pytest.FixtureRequest) -> str | None:
    """None for SQLite in the folder of the store."""
    if request.param == "sqlite":
        return None
    return database(request.getfixturevalue("postgres"))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store(tmp_path: Path, url: str | None, clock: HandClock) -> Iterator[Store]:
    with Store(tmp_path / "store", url, clock) as opened:
        yield opened
