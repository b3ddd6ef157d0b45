"""Pages as they arrive: on disk first, then cursor and offset in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from uuid import uuid4

import sqlalchemy as sa

from cs_connector.errors import FencedOut, StoreError
from cs_connector.ports import Clock, Page

from . import frames, leases
from .files import Files, folder
from .leases import Lease
from .state import State
from .tables import cursors, feeds, segments

FULL = 64_000_000  # bytes after which a segment is closed and the next one begun

# what every page needs is built once: SQLAlchemy takes longer to build a statement than to run it
_ask = sa.bindparam
_mine = sa.select(segments.c.id, segments.c.path, segments.c.offset).where(
    segments.c.connection == _ask("of"),
    segments.c.object == _ask("named"),
    segments.c.run == _ask("by"),
    segments.c.state == "open",
)
_grown = (
    segments.update()
    .where(segments.c.id == _ask("key"), segments.c.offset == _ask("begin"), segments.c.state == "open")
    .values(offset=_ask("end"), state=_ask("then"), records=segments.c.records + _ask("more"))
)


@dataclass(frozen=True, slots=True)
class _Segment:
    id: int
    path: str
    offset: int


class Landing:
    def __init__(self, state: State, files: Files, clock: Clock) -> None:
        self._state, self._files, self._clock = state, files, clock

    def append(self, lease: Lease | None, run: str, connection: str, object_name: str, page: Page) -> None:
        """Keep a page and move the cursor past it, both or neither.

        Raises FencedOut when the lease was lost, StoreError when the disk or the database fails.
        """
        where = (run, connection, object_name)
        if not page.records:
            with self._state.begin() as db:
                self._move(db, lease, where, page)
            return
        segment = self._segment(lease, where)
        with self._files.hold(segment.path) as file:
            end = self._files.append(file, segment.offset, frames.encode(page.records))
            with self._state.begin() as db:
                self._grow(db, segment, end, len(page.records))
                self._move(db, lease, where, page)

    def cursor(self, connection: str, object_name: str) -> str | None:
        """Where to go on reading; None for the beginning."""
        with self._state.read() as db:
            return db.scalar(sa.select(cursors.c.cursor).where(_of(cursors, connection, object_name)))

    def reset(self, connection: str, object_name: str) -> None:
        """Read this object from the beginning next time."""
        with self._state.begin() as db:
            db.execute(cursors.delete().where(_of(cursors, connection, object_name)))
            db.execute(feeds.delete().where(_of(feeds, connection, object_name)))

    def again(self, connection: str, object_name: str) -> None:
        """The same, and what was read before counts as complete meanwhile."""
        with self._state.begin() as db:
            db.execute(cursors.delete().where(_of(cursors, connection, object_name)))

    def recover(self) -> int:
        """Cut what a killed process wrote but did not record; returns the bytes cut.

        A segment that a living process is writing is left alone.
        """
        with self._state.read() as db:
            live = db.execute(sa.select(segments.c.id, segments.c.path).where(segments.c.state != "folded"))
            found = live.all()
        return sum(self._cut(row.id, row.path) for row in found)

    def _cut(self, id_: int, path: str) -> int:
        offset = self._offset(id_)
        size = self._files.size(path) or 0
        if size < offset:
            raise _lost(path, size, offset)
        if size == offset:
            return 0
        try:
            file = self._files.hold(path)
        except StoreError:
            return 0
        with file:  # the offset is read again: it may have grown before we had the lock
            offset = self._offset(id_)
            self._files.append(file, offset, b"")
        return size - offset

    def _offset(self, id_: int) -> int:
        with self._state.read() as db:
            return db.scalar(sa.select(segments.c.offset).where(segments.c.id == id_)) or 0

    def _segment(self, lease: Lease | None, where: tuple[str, str, str]) -> _Segment:
        run, connection, object_name = where
        with self._state.read() as db:
            row = db.execute(_mine, {"of": connection, "named": object_name, "by": run}).first()
        if row is None:
            return self._begin(lease, where)
        return _Segment(row.id, row.path, row.offset)

    def _begin(self, lease: Lease | None, where: tuple[str, str, str]) -> _Segment:
        """Record a segment before its file exists, so that no file is ever unknown."""
        run, connection, object_name = where
        path = f"segments/{folder(connection)}/{folder(object_name)}/{uuid4().hex}.seg"
        epoch = lease.epoch if lease else 0
        row = {"connection": connection, "object": object_name, "run": run, "path": path, "state": "open"}
        with self._state.begin() as db:
            if lease:
                leases.check(db, lease)
            insert = segments.insert().values(**row, epoch=epoch, at=self._clock.now())
            key = db.execute(insert).inserted_primary_key
        return _Segment(key[0] if key else 0, path, 0)

    def _grow(self, db: sa.Connection, segment: _Segment, end: int, records: int) -> None:
        values = {
            "key": segment.id,
            "begin": segment.offset,
            "end": end,
            "more": records,
            "then": "closed" if end >= FULL else "open",
        }
        if db.execute(_grown, values).rowcount != 1:
            raise FencedOut(
                "another process wrote to this run's segment",
                safe="this page was dropped, the cursor was not moved",
                fix="give each process a run of its own",
            )

    def _move(self, db: sa.Connection, lease: Lease | None, where: tuple[str, str, str], page: Page) -> None:
        run, connection, object_name = where
        if lease:
            leases.check(db, lease)
        epoch = lease.epoch if lease else 0
        values = {"cursor": page.cursor, "run": run, "epoch": epoch, "updated_at": self._clock.now()}
        if page.complete_to:
            values["complete_to"] = page.complete_to
        _put(db, cursors, connection, object_name, values)
        if page.done:
            seen = {"watermark": page.complete_to} if page.complete_to else {}
            _put(db, feeds, connection, object_name, {"complete": True, **seen})


def _of(table: sa.Table, connection: str, object_name: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.connection == connection, table.c.object == object_name)


@cache
def _moved(table: sa.Table, names: tuple[str, ...]) -> sa.Update:
    here = (table.c.connection == _ask("of"), table.c.object == _ask("named"))
    return table.update().where(*here).values({name: _ask(name) for name in names})


def _put(
    db: sa.Connection, table: sa.Table, connection: str, object_name: str, values: dict[str, object]
) -> None:
    """Update the row or insert it; writers run one at a time, so nothing comes between."""
    update = _moved(table, tuple(values))
    if db.execute(update, {"of": connection, "named": object_name, **values}).rowcount == 0:
        db.execute(table.insert().values(connection=connection, object=object_name, **values))


def _lost(path: str, size: int, offset: int) -> StoreError:
    return StoreError(
        "a segment file lost its end",
        why=f"{path} has {size} bytes, {offset} were recorded",
        safe="published facts are not affected",
        fix="restore the last backup, or reset the cursor of this object to read it again",
    )
