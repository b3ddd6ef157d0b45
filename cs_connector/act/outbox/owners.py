"""Users for whom a CRM took no task: without a licence or a permission. Known until the configuration or the user changes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from cs_connector.store.rows import put
from cs_connector.store.tables import calls, meta, refused

from .refused import WRITE

_PREFIX = "owns no tasks "


class Unfit(NamedTuple):
    """A user of a connection who got no task, by the change that was refused, and when."""

    connection: str
    key: str
    user: str
    config_hash: str
    at: datetime


_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(Unfit).decode


def learn(db: sa.Connection, connection: str, codes: Collection[str]) -> None:
    """Note whose tasks were refused with one of these codes, while the calls still name them."""
    known = {(unfit.key, unfit.at) for _, unfit in _kept(db)}
    mine = (refused.c.connection == connection) & (refused.c.stage == WRITE)
    query = (
        sa.select(refused.c.key, calls.c.owner_user_id, refused.c.config_hash, refused.c.at)
        .join(calls, calls.c.key == refused.c.name)
        .where(mine, refused.c.code.in_(sorted(codes)), calls.c.owner_user_id.is_not(None))
        .order_by(refused.c.key)
    )
    found = [Unfit(connection, *row) for row in db.execute(query)]
    fresh = [each for each in found if (each.key, each.at) not in known]
    put(db, meta, [(f"{_PREFIX}{each.user} {each.key}", _encode(each).decode()) for each in fresh])


def known(db: sa.Connection, connection: str, config_hash: str) -> dict[str, datetime]:
    """Users for whom a connection took no task under this configuration, and when it last refused one."""
    found: dict[str, datetime] = {}
    for _, unfit in _kept(db):
        if (unfit.connection, unfit.config_hash) == (connection, config_hash):
            found[unfit.user] = max(unfit.at, found.get(unfit.user, unfit.at))
    return found


def forgive(db: sa.Connection, connection: str | None) -> int:
    """Forget it, of one connection or of all; says of how many changes."""
    names = [name for name, unfit in _kept(db) if connection in (None, unfit.connection)]
    db.execute(sa.delete(meta).where(meta.c.name.in_(names)))
    return len(names)


def forget(db: sa.Connection, connection: str, users: Collection[str]) -> None:
    """Let these users of a connection own tasks again."""
    names = [
        name for name, unfit in _kept(db) if (unfit.connection, unfit.user in users) == (connection, True)
    ]
    db.execute(sa.delete(meta).where(meta.c.name.in_(names)))


def _kept(db: sa.Connection) -> Iterator[tuple[str, Unfit]]:
    query = sa.select(meta.c.name, meta.c.value).where(meta.c.name.startswith(_PREFIX)).order_by(meta.c.name)
    yield from ((name, _decode(value)) for name, value in db.execute(query).fetchall())
