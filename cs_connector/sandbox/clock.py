"""The time of a sandbox: it starts at a date, runs as fast as the real one or stands still, and can be moved forward."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

SECOND = timedelta(seconds=1)
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
        return self.move(by)

    def move(
        self, by: timedelta = timedelta(), to: datetime | None = None, *, running: bool | None = None
    ) -> datetime:
        """Forward by a time, or to one; from then on running, standing still, or as before.

        Raises ValueError for a step back, and then changes nothing.
        """
        with self._lock:
            mark = time.monotonic()
            now = self._at(mark)
            new = now + by if to is None else to.astimezone(UTC)
            if new < now:
                raise ValueError(
                    f"it only moves forward, and there it is {now.isoformat(timespec='seconds')}"
                )
            runs = self.running if running is None else running
            self._known = (new, mark if runs else None)
        return self.now()

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
        return base if since is None else base + timedelta(0, mark - since)


class Dates:
    """The date that answers bear, by a clock, as HTTP writes it: it is another one every second."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._known = _lasting(now())

    def text(self) -> str:
        now, known = self._now(), self._known
        if not known[0] <= now < known[1]:
            known = self._known = _lasting(now)
        return known[2]


def _lasting(now: datetime) -> tuple[datetime, datetime, str]:
    """A date, after when and until when it is good."""
    second = now.replace(microsecond=0)
    return second, second + SECOND, format_datetime(second, usegmt=True)
