"""How far an object was read: its cursor, its feed and the recorded end of its segment move in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple

import sqlalchemy as sa

from cs_connector.errors import FencedOut
from cs_connector.ports import Page

from . import frames
from .tables import cursors, feeds, segments

FULL = 64_000_000  # bytes after which a segment is closed and the next one begun

# what every commit needs is built once: SQLAlchemy takes longer to build a statement than to run it
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


class Where(NamedTuple):
    """Who reads what; `epoch` is that of the lease, 0 without one."""

    run: str
    connection: str
    object: str
    epoch: int = 0


class Growth(NamedTuple):
    """Of a segment: recorded up to byte `begin`, to be recorded up to `end`."""

    id: int
    begin: int
    end: int


@dataclass(slots=True)
class Step:
    """How far the cursor moves with the next commit."""

    cursor: str | None
    records: int = 0
    done: bool = False
    complete_to: datetime | None = None

    def add(self, page: Page | frames.Note, records: int) -> None:
        self.cursor, self.done = page.cursor, page.done
        self.complete_to = page.complete_to or self.complete_to
        self.records += records


def cursor(db: sa.Connection, connection: str, object_name: str) -> str | None:
    """The cursor as it is recorded."""
    return db.scalar(sa.select(cursors.c.cursor).where(_of(cursors, connection, object_name)))


def offset(db: sa.Connection, segment: int) -> int:
    """The byte up to which a segment is recorded."""
    return db.scalar(sa.select(segments.c.offset).where(segments.c.id == segment)) or 0


def mine(db: sa.Connection, where: Where) -> tuple[int, str, int] | None:
    """The open segment of a run: id, path, recorded end."""
    asked = {"of": where.connection, "named": where.object, "by": where.run}
    row = db.execute(_mine, asked).first()
    return (row.id, row.path, row.offset) if row else None


def begin(db: sa.Connection, where: Where, path: str, now: datetime) -> int:
    """Record a new segment, and close every open one of the object: who wrote there was overtaken."""
    close(db, where.connection, where.object)
    row = {**where._asdict(), "path": path, "state": "open", "at": now}
    key = db.execute(segments.insert().values(row)).inserted_primary_key
    return key[0] if key else 0


def close(db: sa.Connection, connection: str, object_name: str) -> None:
    """Let nothing more be recorded in the segments that there are."""
    open_ = _of(segments, connection, object_name) & (segments.c.state == "open")
    db.execute(segments.update().where(open_).values(state="closed"))


def forget(db: sa.Connection, connection: str, object_name: str) -> None:
    """Begin again: nothing that was read after the old cursor may move the new one."""
    close(db, connection, object_name)
    db.execute(cursors.delete().where(_of(cursors, connection, object_name)))


def drop(db: sa.Connection, connection: str, object_name: str) -> None:
    """What was landed and is not folded yet is never looked at again."""
    waiting = _of(segments, connection, object_name) & (segments.c.state != "folded")
    db.execute(segments.delete().where(waiting))


def unfeed(db: sa.Connection, connection: str, object_name: str) -> None:
    """What was read before does not count as complete."""
    db.execute(feeds.delete().where(_of(feeds, connection, object_name)))


def grow(db: sa.Connection, growth: Growth, records: int) -> None:
    """Record more of a segment. Raises FencedOut when somebody else did so, or closed it."""
    then = "closed" if growth.end >= FULL else "open"
    values = {"key": growth.id, "begin": growth.begin, "end": growth.end, "more": records, "then": then}
    if db.execute(_grown, values).rowcount != 1:
        raise FencedOut(
            "another process reads the same object",
            why="it began a segment of its own, or wrote to this run's",
            safe="what this process had not committed was dropped, the cursor was not moved",
            fix="give each process a run of its own, and run one at a time",
        )


def move(db: sa.Connection, where: Where, step: Step, now: datetime) -> None:
    """Move the cursor; the last step of a reading makes the feed complete."""
    values: dict[str, object] = {
        "cursor": step.cursor,
        "run": where.run,
        "epoch": where.epoch,
        "updated_at": now,
    }
    if step.complete_to:
        values["complete_to"] = step.complete_to
    _put(db, cursors, where, values)
    if step.done:
        seen = {"watermark": step.complete_to} if step.complete_to else {}
        _put(db, feeds, where, {"complete": True, **seen})


def _of(table: sa.Table, connection: str, object_name: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.connection == connection, table.c.object == object_name)


@cache
def _moved(table: sa.Table, names: tuple[str, ...]) -> sa.Update:
    here = (table.c.connection == _ask("of"), table.c.object == _ask("named"))
    return table.update().where(*here).values({name: _ask(name) for name in names})


def _put(db: sa.Connection, table: sa.Table, where: Where, values: dict[str, object]) -> None:
    """Update the row or insert it; writers run one at a time, so nothing comes between."""
    update = _moved(table, tuple(values))
    if db.execute(update, {"of": where.connection, "named": where.object, **values}).rowcount == 0:
        row = {"connection": where.connection, "object": where.object, **values}
        db.execute(table.insert().values(row))
