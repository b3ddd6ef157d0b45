"""The time of a sandbox: it starts at a date, runs as fast as the real one, and can be moved forward."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


class SandboxClock:
    def __init__(self, start: datetime) -> None:
        self._start = start.astimezone(UTC)
        self._began = time.monotonic()
        self._moved = timedelta()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The time, aware, in UTC; it never goes back."""
        return self._start + self._moved + timedelta(seconds=time.monotonic() - self._began)

    def advance(self, by: timedelta) -> datetime:
        """Move forward. Raises ValueError for a step back."""
        if by < timedelta():
            raise ValueError("the sandbox clock only moves forward")
        with self._lock:
            self._moved += by
        return self.now()
