"""Owners whose tasks the CRM refuses, for want of a licence or a permission: others get those."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import duckdb

from cs_connector import registry
from cs_connector.act.outbox import owners
from cs_connector.runner.engine import Engine


def learn(engine: Engine, con: duckdb.DuckDBPyConnection) -> None:
    """Note the owners on whose account tasks were refused since; forget those who were read as changed. Reads `link`."""
    home = engine.home()
    if home is None:
        return
    kind = engine.project.settings.connections[home].adapter
    with engine.store.state.begin() as db:
        owners.learn(db, home, registry.adapter(kind).capabilities.owners)
    known = _known(engine)
    if changed := {user for user in sorted(known) if _changed(engine, con, home, user, known[user])}:
        with engine.store.state.begin() as db:
            owners.forget(db, home, changed)


def users(engine: Engine) -> frozenset[str]:
    """Those who get no task now."""
    return frozenset(_known(engine))


def notes(engine: Engine) -> Iterator[str]:
    """That there are some. Who they are is said where their tasks were refused."""
    known = _known(engine)
    if known:
        whom = "1 user" if len(known) == 1 else f"{len(known):,} users"
        yield (
            f"{engine.home()} refused tasks of {whom} who may not own them, for want of a licence or a permission: they go "
            "to the next in line, at last to tasks.fallback_owner; once that is mended: cs-connector quarantine retry"
        )


def _known(engine: Engine) -> Mapping[str, datetime]:
    home = engine.home()
    if home is None:
        return {}
    with engine.store.state.read() as db:
        return owners.known(db, home, engine.config_hash())


def _changed(engine: Engine, con: duckdb.DuckDBPyConnection, home: str, user: str, since: datetime) -> bool:
    """Whether somebody changed a user, and that was read."""
    records = "SELECT DISTINCT object, record_id FROM link WHERE entity = 'user' AND connection = ? AND entity_id = ?"
    latest = engine.latest(con)
    return any(
        con.execute(
            f"SELECT 1 FROM {latest(home, name)} WHERE id = ? AND known_at > ?",
            [record, since.replace(tzinfo=None)],
        ).fetchone()
        for name, record in con.execute(records, [home, user]).fetchall()
    )
