"""Objects that are to be read from the beginning, such as one of which a file of the store is damaged."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from cs_connector.config import Project
from cs_connector.config.documents import suggest
from cs_connector.errors import UsageError
from cs_connector.runner.engine import LEASE
from cs_connector.store.leases import hold, release
from cs_connector.store.store import Store
from cs_connector.store.tables import cursors, segments
from cs_connector.transport.clock import SystemClock


def forget(project: Project, names: Sequence[str]) -> None:
    """Forget how far they were read; `names` are connection.object. What is published stays.

    The store is not put right before, as it is for all else: that is what may be impossible.
    Raises UsageError for an object of which nothing was read, and AlreadyRunning.
    """
    store = Store(project.state, project.url, SystemClock())
    try:
        lease = hold(store.state, LEASE, SystemClock())
        try:
            known = _known(store)
            _check(names, known)
            for name in names:
                store.landing.restart(*known[name])
        finally:
            release(store.state, lease)
    finally:
        store.close()


def _known(store: Store) -> dict[str, tuple[str, str]]:
    """Every object of which something was read, by its name on the command line."""
    with store.state.read() as db:
        rows = {
            (row.connection, row.object)
            for table in (cursors, segments)
            for row in db.execute(sa.select(table.c.connection, table.c.object).distinct())
        }
    return {f"{connection}.{name}": (connection, name) for connection, name in rows}


def _check(names: Sequence[str], known: dict[str, tuple[str, str]]) -> None:
    for name in names:
        if name not in known:
            fix = suggest(name, known) or "say it as CONNECTION.OBJECT"
            raise UsageError(f"nothing was read that is called {name}", safe="nothing was changed", fix=fix)
