"""The time of a sandbox: it starts at a date, runs as fast as the real one or stands still, and can be moved forward."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

_moment: ContextVar[datetime | None] = ContextVar("_moment", default=None)


class SandboxClock:
    """Times are aware, in UTC, and never go back."""

    def __init__(self, start: datetime) -> None:
        self._lock = threading.Lock()
        # The time at a reading of the host's monotonic clock; without a reading the time stands still.
        self._known: tuple[datetime, float | None] = (start.astimezone(UTC), time.monotonic())

    def now(self) -> datetime:
        return _moment.get() or self._at(time.monotonic())

    @property
    def running(self) -> bool:
        return self._known[1] is not None

    def advance(self, by: timedelta) -> datetime:
        """Move forward. Raises ValueError for a step back."""
        if by < timedelta():
            raise ValueError("the sandbox clock only moves forward")
        with self._lock:
            mark = time.monotonic()
            self._known = (self._at(mark) + by, mark if self.running else None)
        return self.now()

    def set(self, to: datetime) -> datetime:
        """Move forward to a time. Raises ValueError for one that is over."""
        by = to - self._at(time.monotonic())
        if by < timedelta():
            raise ValueError(f"the sandbox clock only moves forward, and it is {self.now().isoformat()} there")
        return self.advance(by)

    def freeze(self) -> None:
        """Stand still; the time can still be moved."""
        with self._lock:
            self._known = (self._at(time.monotonic()), None)

    def run(self) -> None:
        """Go on as fast as the real time."""
        with self._lock:
            mark = time.monotonic()
            self._known = (self._at(mark), mark)

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """What is done in this block happens at that time, also when the clock has moved past it."""
        token = _moment.set(moment)
        try:
            yield
        finally:
            _moment.reset(token)

    def _at(self, mark: float) -> datetime:
        base, since = self._known
        return base if since is None else base + timedelta(seconds=mark - since)
