"""After a kill: whole pages that were written and not committed are committed, what is left of another is cut."""

from __future__ import annotations

from typing import BinaryIO

import sqlalchemy as sa

from cs_connector.errors import StoreError
from cs_connector.ports import Clock

from . import frames, progress
from .files import Files
from .progress import Growth, Step, Where
from .state import State
from .tables import segments


def recover(state: State, files: Files, clock: Clock) -> int:
    """Put the segments right that killed processes left; returns the bytes cut.

    A segment that a living process is writing is left alone. Raises StoreError when a file lost what was recorded.
    """
    with state.read() as db:
        live = db.execute(sa.select(segments.c.id, segments.c.path).where(segments.c.state != "folded"))
        found = live.all()
    return sum(_mend(state, files, clock, row.id, row.path) for row in found)


def _mend(state: State, files: Files, clock: Clock, segment: int, path: str) -> int:
    with state.read() as db:
        recorded = progress.offset(db, segment)
    size = files.size(path) or 0
    if size < recorded:
        raise _lost(path, size, recorded)
    if size == recorded:
        return 0
    try:
        file = files.hold(path)
    except StoreError:
        return 0
    with file:  # all is looked at again: it may have changed before we had the lock
        files.sync(file)
        end = _roll(state, clock, segment, file)
        size = files.size(path) or 0
        files.append(file, end, b"")
        files.sync(file)
    return size - end


def _roll(state: State, clock: Clock, segment: int, file: BinaryIO) -> int:
    """Commit the pages that go on from where the cursor still is; returns the recorded end.

    An overtaken process is not helped: whoever reads the object after it begins a segment, which closes this one.
    """
    with state.begin() as db:
        row = db.execute(sa.select(segments).where(segments.c.id == segment)).one()
        if row.state != "open":
            return int(row.offset)
        step = Step(progress.cursor(db, row.connection, row.object))
        end = _follow(file, row.offset, step)
        if end > row.offset:
            progress.grow(db, Growth(segment, row.offset, end), step.records)
            where = Where(row.run, row.connection, row.object, row.epoch)
            progress.move(db, where, step, clock.now())
    return end


def _follow(file: BinaryIO, begin: int, step: Step) -> int:
    """Take the step that the pages from byte `begin` on make; returns the end of the last whole one."""
    end, records = begin, 0
    for note, beyond in frames.notes(file, begin):
        if note.before != step.cursor:
            break
        records += note.records
        if not note.more:
            step.add(note, records)
            end, records = beyond, 0
    return end


def _lost(path: str, size: int, recorded: int) -> StoreError:
    return StoreError(
        "a segment file lost its end",
        why=f"{path} has {size} bytes, {recorded} were recorded",
        safe="published facts are not affected",
        fix="read its object from the beginning, cs-connector sync --anew CONNECTION.OBJECT, or restore the last backup",
    )
