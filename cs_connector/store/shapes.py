"""The mapped fields of each object as its CRM last described them: field → type.

A field that is not what it was has both: `double>string`, or `double>` where it is gone. One that was never described has
an empty type.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from .state import State
from .tables import shapes

Shape = dict[str, str]
_CHANGED = ">"


def kept(state: State, connection: str) -> dict[str, Shape]:
    """Every object's shape as it was last kept."""
    with state.read() as db:
        rows = db.execute(sa.select(shapes).where(shapes.c.connection == connection))
        return {row.object: dict(row.fields) for row in rows}


def keep(state: State, connection: str, found: Mapping[str, Shape], at: datetime) -> None:
    with state.begin() as db:
        for name, fields in found.items():
            here = (shapes.c.connection == connection) & (shapes.c.object == name)
            values = {"fields": fields, "seen_at": at}
            if db.execute(shapes.update().where(here).values(values)).rowcount == 0:
                db.execute(shapes.insert().values(connection=connection, object=name, **values))


def unknown(state: State, connection: str) -> dict[str, frozenset[str]]:
    """The fields of each object that cannot be believed now: gone, or of another kind than they were."""
    every = kept(state, connection)
    lost = {
        name: frozenset(field for field in shape if changed(shape[field])) for name, shape in every.items()
    }
    return {name: fields for name, fields in lost.items() if fields}


def changed(type_: str) -> tuple[str, str] | None:
    """What a changed field was and is, the second empty where it is gone; None for one that is as it was."""
    before, mark, now = type_.partition(_CHANGED)
    return (before, now) if mark else None


def turned(before: str, now: str) -> str:
    """The mark of a field that was `before` and is `now`."""
    return f"{before}{_CHANGED}{now}"


def first(type_: str) -> str:
    """The type that a field had when it was first seen."""
    return type_.partition(_CHANGED)[0]
