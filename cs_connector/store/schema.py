"""Which version of the tables a store has, and how it gets to this program's."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import sqlalchemy as sa

from cs_connector.errors import StoreError, StoreTooNew

if TYPE_CHECKING:  # to look at a store that is up to date needs none of it
    from alembic.config import Config

_VERSION = sa.table("alembic_version", sa.column("version_num"))


def head() -> str:
    """The revision that this program works with."""
    return revisions()[-1]


def revisions() -> list[str]:
    """Every revision, oldest first: a file each, in the order of their names."""
    names = (file.name for file in files("cs_connector.store.migrations.versions").iterdir())
    return sorted(name.partition("_")[0] for name in names if name[:1].isdigit())


def current(connection: sa.Connection) -> str | None:
    """The revision of a store; None for an empty one."""
    if not sa.inspect(connection).has_table(_VERSION.name):
        return None
    found: str | None = connection.scalar(sa.select(_VERSION.c.version_num))
    return found


def empty(engine: sa.Engine) -> bool:
    with engine.connect() as connection:
        return not sa.inspect(connection).has_table("alembic_version")


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Migrate inside the caller's transaction: after a kill the store is as it was. Raises StoreTooNew."""
    from alembic import command

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
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "cs_connector.store:migrations")
    return config
