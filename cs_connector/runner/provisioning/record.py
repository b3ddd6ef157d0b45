"""What we have put into an org: on record before it is sent, and confirmed when the CRM has said yes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import sqlalchemy as sa

from cs_connector.act.face import Key, Made, key
from cs_connector.ports import Piece
from cs_connector.runner.engine import Engine
from cs_connector.store.leases import check
from cs_connector.store.tables import provisioned

ASKED, MADE = "asked", "made"


class Record:
    """The pieces of one connection in one org; another org under the same name has a record of its own."""

    def __init__(self, engine: Engine, connection: str, org_id: str) -> None:
        self._engine, self._connection, self._org_id = engine, connection, org_id
        self._mine = (provisioned.c.connection == connection) & (provisioned.c.org_id == org_id)

    def read(self) -> dict[Key, Made]:
        with self._engine.store.state.read() as db:
            rows = db.execute(sa.select(provisioned).where(self._mine).order_by(provisioned.c.id)).all()
        return {(r.kind, r.name): Made(Piece(r.kind, r.name, r.body, r.part), r.id) for r in rows}

    def ask(self, pieces: Iterable[Piece]) -> None:
        """New pieces are about to be sent: should no answer come, they are known as ours all the same."""
        self._put(pieces, ASKED)

    def confirm(self, pieces: Iterable[Piece]) -> None:
        self._put(pieces, MADE)

    def drop(self, pieces: Iterable[Piece]) -> None:
        with self._engine.store.state.begin() as db:
            self._held(db)
            for piece in pieces:
                db.execute(sa.delete(provisioned).where(self._is(piece)))

    def _put(self, pieces: Iterable[Piece], state: str) -> None:
        """Each keeps the place in the order of making that it had."""
        with self._engine.store.state.begin() as db:
            self._held(db)
            names = db.execute(sa.select(provisioned.c.kind, provisioned.c.name).where(self._mine))
            known = {(kind, name) for kind, name in names}
            for piece in pieces:
                values = {
                    **asdict(piece), "state": state, "run": self._engine.run, "at": self._engine.clock.now(),
                }  # fmt: skip
                if key(piece) in known:
                    db.execute(sa.update(provisioned).where(self._is(piece)).values(values))
                else:
                    place = {"connection": self._connection, "org_id": self._org_id}
                    db.execute(sa.insert(provisioned).values({**place, **values}))

    def _is(self, piece: Piece) -> sa.ColumnElement[bool]:
        return self._mine & (provisioned.c.kind == piece.kind) & (provisioned.c.name == piece.name)

    def _held(self, db: sa.Connection) -> None:
        """Raises FencedOut when another process has taken over meanwhile."""
        if self._engine.lease:
            check(db, self._engine.lease)
