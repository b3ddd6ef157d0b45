"""Fields that we have not written yet: what stands in them, also nothing, is somebody else's word."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import sqlalchemy as sa

from cs_connector.store.tables import written

Begins = Callable[[str, str, str], bool]
"""(connection, object, field) → whether a plan that writes this field begins it: it was never ours."""


def nothing(_connection: str, _object: str, _field: str) -> bool:
    """No field is begun: for a plan that takes back what was written."""
    return False


def never_told(db: sa.Connection, connection: str, name: str, field: str) -> bool:
    """Whether records of a connection were told something by us, and none of an object a value of this field."""
    there = written.c.connection == connection
    fields, key = sa.type_coerce(written.c.fields, sa.Text), f"{msgspec.json.encode(field).decode()}:"
    value = fields.contains(key, autoescape=True) & ~fields.contains(f"{key}null", autoescape=True)
    return _any(db, there) and not _any(db, there & (written.c.object == name) & value)


def _any(db: sa.Connection, where: sa.ColumnElement[bool]) -> bool:
    return db.scalar(sa.select(written.c.record_id).where(where).limit(1)) is not None
