"""Which version of the tables a store has, and how it gets to this program's."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from cs_connector.errors import StoreError, StoreTooNew


def head() -> str:
    """The revision that this program works with."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def revisions() -> list[str]:
    """Every revision, oldest first."""
    return [r.revision for r in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]


def current(connection: sa.Connection) -> str | None:
    """The revision of a store; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def empty(engine: sa.Engine) -> bool:
    with engine.connect() as connection:
        return not sa.inspect(connection).has_table("alembic_version")


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Migrate inside the caller's transaction: after a kill the store is as it was. Raises StoreTooNew."""
    _refuse_newer(current(connection))
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def check(connection: sa.Connection) -> None:
    found = current(connection)
    _refuse_newer(found)
    if found != head():
        raise StoreError(
            "the store was written by an older cs-connector",
            why=f"its tables are at {found}, this program needs {head()}",
            safe="nothing was read or changed",
            fix="make a backup, then run: cs-connector migrate",
        )


def newer(found: str) -> StoreTooNew:
    return StoreTooNew(
        "the store was written by a newer cs-connector",
        why=f"its tables are at {found}, which this program does not know",
        safe="nothing was read or changed",
        fix="install the newer cs-connector again, or restore a backup made with this one",
    )


def _refuse_newer(found: str | None) -> None:
    if found is not None and found not in revisions():
        raise newer(found)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "cs_connector.store:migrations")
    return config
