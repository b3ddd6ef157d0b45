"""What we have put into an org: on record before it is sent, and confirmed when the CRM has said yes.

Every change that a CRM took has its row in the audit, written in the transaction that puts it on record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from cs_connector.act.face import Key, Made, key
from cs_connector.ports import Piece
from cs_connector.runner.engine import Engine
from cs_connector.store.audit import Audit, Entry
from cs_connector.store.leases import check
from cs_connector.store.tables import provisioned

# what was sent and has no answer yet: a new piece, another form of one, its removal
ASKED, CHANGING, GOING, MADE = "asked", "changing", "going", "made"


@dataclass(frozen=True, slots=True)
class Open:
    """A piece whose last change has no answer on record, and the run that sent it."""

    made: Made
    state: str
    run: str


class Record:
    """The pieces of one connection in one org; another org under the same name has a record of its own."""

    def __init__(self, engine: Engine, connection: str, org_id: str) -> None:
        self._engine, self._connection, self._org_id = engine, connection, org_id
        self._mine = (provisioned.c.connection == connection) & (provisioned.c.org_id == org_id)

    def read(self) -> dict[Key, Made]:
        return {(r.kind, r.name): _made(r) for r in self._rows()}

    def unanswered(self) -> dict[Key, Open]:
        return {(r.kind, r.name): Open(_made(r), r.state, r.run) for r in self._rows() if r.state != MADE}

    def ask(self, pieces: Iterable[Piece]) -> None:
        """New pieces are about to be sent: should no answer come, they are known as ours all the same."""
        self._put(pieces, ASKED)

    def mark(self, pieces: Sequence[Piece], state: str) -> None:
        """What is about to be sent of pieces that are on record, or that nothing is; their bodies stay as they are there."""
        if pieces:
            with self._engine.store.state.begin() as db:
                self._held(db)
                self._mark(db, pieces, state)

    def confirm(self, pieces: Iterable[Piece], entries: Sequence[Entry] = ()) -> None:
        """They are in the CRM as they were asked for; `entries` are the rows of the audit for it."""
        self._put(pieces, MADE, entries)

    def drop(self, pieces: Iterable[Piece], entries: Sequence[Entry] = ()) -> None:
        """They are not in the CRM any more, or were never taken."""
        with self._engine.store.state.begin() as db:
            self._held(db)
            for piece in pieces:
                db.execute(sa.delete(provisioned).where(self._is(piece)))
            self._tell(db, self._engine.run, entries)

    def settle(
        self, late: Mapping[str, Sequence[Entry]], there: Sequence[Piece], gone: Sequence[Piece]
    ) -> None:
        """Nothing is unanswered any more: `late` are the rows of the audit for what earlier runs had sent, by run."""
        with self._engine.store.state.begin() as db:
            self._held(db)
            self._mark(db, there, MADE)
            self._mark(db, gone, ASKED)
            for run, entries in sorted(late.items()):
                self._tell(db, run, entries)

    def _rows(self) -> Sequence[Any]:
        with self._engine.store.state.read() as db:
            return db.execute(sa.select(provisioned).where(self._mine).order_by(provisioned.c.id)).all()

    def _put(self, pieces: Iterable[Piece], state: str, entries: Sequence[Entry] = ()) -> None:
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
            self._tell(db, self._engine.run, entries)

    def _mark(self, db: sa.Connection, pieces: Iterable[Piece], state: str) -> None:
        values = {"state": state, "run": self._engine.run, "at": self._engine.clock.now()}
        for piece in pieces:
            db.execute(sa.update(provisioned).where(self._is(piece)).values(values))

    def _tell(self, db: sa.Connection, run: str, entries: Sequence[Entry]) -> None:
        """What we declare names nobody, so nothing of it is hidden."""
        Audit().append(db, self._engine.clock.now(), run, entries)

    def _is(self, piece: Piece) -> sa.ColumnElement[bool]:
        return self._mine & (provisioned.c.kind == piece.kind) & (provisioned.c.name == piece.name)

    def _held(self, db: sa.Connection) -> None:
        """Raises FencedOut when another process has taken over meanwhile."""
        if self._engine.lease:
            check(db, self._engine.lease)


def _made(row: Any) -> Made:
    return Made(Piece(row.kind, row.name, row.body, row.part), row.id)
