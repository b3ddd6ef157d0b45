"""Notes of adapters: a few words, kept for their next life."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from .state import State
from .tables import notes


class StoreNotes:
    """The notes of one connection; each is safe once `keep` returns."""

    def __init__(self, state: State, connection: str) -> None:
        self._state, self._connection = state, connection

    def keep(self, name: str, value: str) -> None:
        row = {"connection": self._connection, "name": name, "value": value, "at": self._state.clock.now()}
        with self._state.begin() as db:
            db.execute(notes.delete().where(self._mine(name)))
            db.execute(notes.insert().values(row))

    def read(self, name: str) -> str | None:
        with self._state.read() as db:
            return db.scalar(sa.select(notes.c.value).where(self._mine(name)))

    def names(self) -> Sequence[str]:
        with self._state.read() as db:
            mine = notes.c.connection == self._connection
            return list(db.scalars(sa.select(notes.c.name).where(mine).order_by(notes.c.name)))

    def drop(self, name: str) -> None:
        with self._state.begin() as db:
            db.execute(notes.delete().where(self._mine(name)))

    def _mine(self, name: str) -> sa.ColumnElement[bool]:
        return (notes.c.connection == self._connection) & (notes.c.name == name)
