"""How fast one process may call one connection."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cs_connector.ports import Bucket, Clock, Surroundings


def bucket(around: Surroundings, name: str, rate: float, burst: int) -> Bucket:
    """A limit of a connection: shared where the engine lends a meter, else of this process alone."""
    return around.meter.bucket(name, rate, burst) if around.meter else TokenBucket(rate, burst, around.clock)


class TokenBucket:
    """At most `burst` calls at once and `rate` calls a second over time; waiting goes by the clock."""

    def __init__(self, rate: float, burst: int, clock: Clock) -> None:
        if rate <= 0 or burst < 1:
            raise ValueError("a limit needs a rate above 0 and a burst of at least 1")
        self._rate, self._burst, self._clock = rate, burst, clock
        self._tokens = float(burst)
        self._filled: datetime | None = None
        self._lock = threading.Lock()

    def take(self) -> None:
        """Use one call, waiting for it if need be."""
        self._clock.sleep(self._owed())

    def _owed(self) -> float:
        """Book one call and say how many seconds to wait for it (a later caller queues behind)."""
        with self._lock:
            now = self._clock.now()
            passed = (now - self._filled).total_seconds() if self._filled else 0.0
            self._tokens = min(self._burst, self._tokens + max(0.0, passed) * self._rate)
            self._filled = now
            self._tokens -= 1
            return max(0.0, -self._tokens / self._rate)
