"""Pages as they arrive: each is written at once; cursor and offset follow for several, in one transaction."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO
from uuid import uuid4

from cs_connector.errors import FencedOut
from cs_connector.ports import Clock, Page

from . import frames, leases, progress, recovery
from .drafts import Draft
from .files import Files, folder, stage
from .leases import Lease
from .progress import Growth, Step, Where
from .state import State

GROUP = 16_000_000  # bytes that may wait for a commit
GROUP_S = 1.0  # seconds that they may


@dataclass(slots=True)
class _Segment:
    """A segment being written, locked: up to `begin` it is recorded, up to `end` written."""

    id: int
    where: Where
    lease: Lease | None
    file: BinaryIO
    begin: int
    end: int
    step: Step
    encoder: frames.Encoder = field(default_factory=frames.Encoder)
    since: float = field(default_factory=time.monotonic)

    @property
    def full(self) -> bool:
        return self.end >= progress.FULL

    @property
    def due(self) -> bool:
        late = time.monotonic() - self.since > GROUP_S
        return self.step.done or self.full or self.end - self.begin > GROUP or late


class Landing:
    """A page outlives this process once it is appended, and the power once it is committed."""

    def __init__(self, state: State, files: Files, clock: Clock) -> None:
        self._state, self._files, self._clock = state, files, clock
        self._open: _Segment | None = None
        self._draft: Draft | None = None

    def append(self, lease: Lease | None, run: str, connection: str, object_name: str, page: Page) -> None:
        """Keep a page. It is committed with others: when enough wait, after a second, or when it is the last.

        Raises FencedOut when the lease was lost, StoreError when the disk or the database fails.
        """
        where = Where(run, connection, object_name, lease.epoch if lease else 0)
        if self._open and self._open.where != where:
            self.leave()
        if self._open is None and not page.records:
            self._skip(lease, where, page)
            return
        segment = self._open = self._open or self._segment(lease, where)
        segment.end = self._written(segment, page)
        segment.step.add(page, len(page.records))
        if segment.due:
            self.commit()

    def commit(self) -> None:
        """Make what was appended last, and move the cursor past it, both or neither.

        Raises FencedOut when the lease was lost: then what was not committed is dropped.
        """
        segment = self._open
        if segment is None:
            return
        try:
            if segment.end > segment.begin:
                self._settle(segment)
        except FencedOut:
            self._drop(segment)
            raise
        finally:
            if segment.end > segment.begin or segment.full:
                self._release()

    @contextmanager
    def stretch(self) -> Iterator[None]:
        """What is appended in this block is committed when it ends, also where the reading breaks off."""
        try:
            yield
        finally:
            self.commit()

    def leave(self) -> None:
        """Commit, and let go of the segment, so that it can be folded."""
        try:
            self.commit()
        finally:
            self._release()

    def close(self) -> None:
        """What is not committed is found by the next process, as after a kill."""
        self._release()
        self._discard()

    def draft(self, connection: str, object_name: str) -> Draft | None:
        """What a first fold of the object would write, made on the way; whoever asks for it has to use or discard it."""
        found = self._draft
        if found is None or (found.where.connection, found.where.object) != (connection, object_name):
            return None
        self._draft = None
        return found

    def cursor(self, connection: str, object_name: str) -> str | None:
        """Where to go on reading; None for the beginning."""
        self.commit()
        with self._state.read() as db:
            return progress.cursor(db, connection, object_name)

    def reset(self, connection: str, object_name: str) -> None:
        """Read this object from the beginning next time."""
        self.leave()
        with self._state.begin() as db:
            progress.forget(db, connection, object_name)
            progress.unfeed(db, connection, object_name)

    def restart(self, connection: str, object_name: str) -> None:
        """The same, and what was landed and is not folded yet is let go: it may be damaged."""
        self.reset(connection, object_name)
        with self._state.begin() as db:
            progress.drop(db, connection, object_name)

    def again(self, connection: str, object_name: str) -> None:
        """The same, and what was read before counts as complete meanwhile."""
        self.leave()
        with self._state.begin() as db:
            progress.forget(db, connection, object_name)

    def recover(self) -> int:
        """Commit the whole pages that a killed process left, cut the rest; returns the bytes cut."""
        return recovery.recover(self._state, self._files, self._clock)

    def _written(self, segment: _Segment, page: Page) -> int:
        """Append a page to the segment, and to the draft if there is one; the new end."""
        end, draft = segment.end, self._draft
        try:
            for frame in segment.encoder.frames(draft.through(page) if draft else page, segment.step.cursor):
                end = self._files.append(segment.file, end, frame)
        except BaseException:
            self._discard()  # half a page may be in it
            raise
        if draft:
            draft.reached(segment.id, end)
        return end

    def _skip(self, lease: Lease | None, where: Where, page: Page) -> None:
        """Move the cursor past a page without records."""
        step = Step(None)
        step.add(page, 0)
        with self._state.begin() as db:
            if lease:
                leases.check(db, lease)
            progress.move(db, where, step, self._clock.now())

    def _segment(self, lease: Lease | None, where: Where) -> _Segment:
        """The open segment of this run, or a new one: recorded before its file exists, so that no file is unknown."""
        path = f"segments/{folder(where.connection)}/{folder(where.object)}/{uuid4().hex}.seg"
        with self._state.begin() as db:
            if lease:
                leases.check(db, lease)
            found = progress.mine(db, where)
            id_, path, end = found or (progress.begin(db, where, path, self._clock.now()), path, 0)
            step = Step(progress.cursor(db, where.connection, where.object))
        self._follow(where, id_, end, step.cursor)
        return _Segment(id_, where, lease, self._files.hold(path), end, end, step)

    def _follow(self, where: Where, segment: int, end: int, cursor: str | None) -> None:
        """Go on with the draft, or begin one with a reading; in the middle of one there is none."""
        if self._draft and self._draft.goes_on(where, segment, end):
            return
        self._discard()
        if cursor is None and end == 0:
            target = stage(self._files, f"raw/{where.connection}/{where.object}")
            self._draft = Draft(target, where, self._state.clock.now())

    def _discard(self) -> None:
        if self._draft:
            self._draft.firsts.discard()
            self._draft = None

    def _settle(self, segment: _Segment) -> None:
        self._files.sync(segment.file)
        with self._state.begin() as db:
            if segment.lease:
                leases.check(db, segment.lease)
            progress.grow(db, Growth(segment.id, segment.begin, segment.end), segment.step.records)
            progress.move(db, segment.where, segment.step, self._clock.now())
        segment.begin, segment.since = segment.end, time.monotonic()
        segment.step = Step(segment.step.cursor)

    def _drop(self, segment: _Segment) -> None:
        """Cut what a process that was overtaken wrote, so that nobody takes it for a killed one's."""
        with self._state.read() as db:
            recorded = progress.offset(db, segment.id)
        self._files.append(segment.file, recorded, b"")

    def _release(self) -> None:
        if self._open:
            self._open.file.close()
            self._open = None
