"""The calls of a connection, shared by all processes: their pace, pauses, and the part kept for people."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from cs_connector.errors import QuotaExhausted

from .state import State
from .tables import limits

if TYPE_CHECKING:
    from cs_connector.ports import Clock

AHEAD = timedelta(seconds=3)  # for which a busy process leases calls
GLANCE = 0.25  # seconds after which a process looks again at what others wrote
LONGEST = timedelta(minutes=5)  # a longer pause ends the run
DAY = 86_400.0  # seconds: no vendor counts for longer, so that a longer pause is a slip
SKEW = timedelta(minutes=1)  # by which the clocks of two machines may differ
FRESH = timedelta(minutes=5)  # how long the vendor's word on the day is believed
# built once: SQLAlchemy takes longer to build a statement than to run it
_ask = sa.bindparam
_here = (limits.c.connection == _ask("of"), limits.c.bucket == _ask("named"))
_found = sa.select(limits).where(*_here)
_DAY, _PAUSE = "", "pause"  # the buckets that hold the day's allowance and the pause


class SharedMeter:
    """`reserve` is the share of the day's calls that is left to people (0–1)."""

    def __init__(self, state: State, connection: str, clock: Clock, reserve: float = 0.2) -> None:
        self._state, self._connection, self._clock, self._reserve = state, connection, clock, reserve
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._paused: datetime | None = None
        self._day: tuple[int, int] | None = None
        self._day_at = clock.now()
        self._said: tuple[int, int] | None = None

    def bucket(self, name: str, rate: float, burst: int) -> SharedBucket:
        return SharedBucket(self._state, (self._connection, name), self._clock, rate, burst)

    def ready(self) -> None:
        """Wait for the end of a pause. Raises QuotaExhausted for a long one, and where what is left is kept for people."""
        with self._lock:
            self._look()
            until = self._paused
        now = self._clock.now()
        if until and until - now > LONGEST:
            raise self._long(until)
        if until:
            self._clock.sleep((until - now).total_seconds())
            self._paused = None
        if self._day and _fresh(self._day_at, now) and self._day[1] < self._day[0] * self._reserve:
            raise self._kept(*self._day)

    def pause(self, seconds: float) -> None:
        now = self._clock.now()
        values = {"paused_until": now + timedelta(seconds=min(seconds, DAY)), "heard_at": now}
        with self._state.begin() as db:
            held = _pause(_row(db, self._connection, _PAUSE), now)
            if held is None or held < values["paused_until"]:
                _put(db, self._connection, _PAUSE, values)

    def heard(self, allowed: int, left: int) -> None:
        """Kept in the store when it tells something new: a hundredth of the day, or the border of the reserve."""
        self._day, self._day_at = (allowed, left), self._clock.now()
        if self._said and self._said[0] == allowed and self._same(self._said[1], left, allowed):
            return
        self._said = (allowed, left)
        values = {"allowed": allowed, "left": left, "heard_at": self._day_at}
        with self._state.begin() as db:
            _put(db, self._connection, _DAY, values)

    def _same(self, before: int, after: int, allowed: int) -> bool:
        border = allowed * self._reserve
        return abs(before - after) < allowed / 100 and (before < border) == (after < border)

    def _look(self) -> None:
        if time.monotonic() - self._looked < GLANCE:
            return
        self._looked = time.monotonic()
        with self._state.read() as db:
            day, paused = _row(db, self._connection, _DAY), _row(db, self._connection, _PAUSE)
        self._paused = _pause(paused, self._clock.now())
        if self._day is None and day:
            self._day, self._day_at = (day.allowed, day.left), day.heard_at

    def _long(self, until: datetime) -> QuotaExhausted:
        return QuotaExhausted(
            f"{self._connection} asked for a pause until {until:%Y-%m-%d %H:%M} UTC",
            why="it said so to this process or to another one of this project",
            fix="run again after that",
            resets_at=until.isoformat(timespec="minutes"),
        )

    def _kept(self, allowed: int, left: int) -> QuotaExhausted:
        until = self._clock.now() + timedelta(hours=24)
        return QuotaExhausted(
            f"{left:,} of the {allowed:,} calls of the day of {self._connection} are left: they are kept for people",
            why=f"the last {self._reserve:.0%} is never used (connections.{self._connection}.reserve)",
            fix=f"run again later, {until:%Y-%m-%d %H:%M} UTC at the latest, or make the reserve smaller",
            resets_at=until.isoformat(timespec="minutes"),
        )


class SharedBucket:
    """Calls are leased from the store for some time ahead, first for a few and then for up to three seconds, and made in
    steps of half the burst. What is leased and not used in its time is lost.
    """

    def __init__(self, state: State, key: tuple[str, str], clock: Clock, rate: float, burst: int) -> None:
        if rate <= 0 or burst < 1:
            raise ValueError("a limit needs a rate above 0 and a burst of at least 1")
        self._state, self._key, self._clock = state, key, clock
        self._depth, self._step = timedelta(seconds=burst / rate), max(1, burst // 2)
        self._time = timedelta(seconds=1 / rate) * self._step  # of one step
        self._steps, self._most = 1, max(1, int(AHEAD / self._time))  # of a lease
        self._ready = 0
        self._free = self._until = clock.now() - self._depth
        self._lock = threading.Lock()

    def take(self) -> None:
        with self._lock:
            wait = 0.0 if self._ready else self._next()
            self._ready -= 1
        self._clock.sleep(wait)

    def _next(self) -> float:
        """Seconds until the next step may be made."""
        now = self._clock.now()
        free = self._later(self._free, now) + self._time
        if free > self._later(self._until, now):
            free = self._lease(now) + self._time
        self._free, self._ready = free, self._step
        return max(0.0, (free - self._depth - now).total_seconds())

    def _lease(self, now: datetime) -> datetime:
        """From when the bucket is ours: it is free at a time that every lease moves on."""
        with self._state.begin() as db:
            row = _row(db, *self._key)
            begin = self._later(row.free_at, now) if row and row.free_at else now
            busy = now - self._until < self._depth
            self._steps = min(self._steps * 2, self._most) if busy else 1
            self._until = begin + self._time * self._steps
            _put(db, *self._key, {"free_at": self._until})
        return begin

    def _later(self, free: datetime, now: datetime) -> datetime:
        """When a bucket is free that was said to be at `free`, perhaps by a clock that was put right since."""
        return now if free - now > self._depth + LONGEST else max(now, free)


def _fresh(at: datetime, now: datetime) -> bool:
    """Heard a moment ago, and not by a clock that was ahead."""
    return -SKEW <= now - at < FRESH


def _pause(row: Any, now: datetime) -> datetime | None:
    """Until when a pause lasts that is not over, and that no clock wrote that was ahead."""
    return row.paused_until if row and row.heard_at - SKEW <= now < row.paused_until else None


def _row(db: sa.Connection, connection: str, bucket: str) -> Any:
    return db.execute(_found, {"of": connection, "named": bucket}).one_or_none()


@cache
def _changed(names: tuple[str, ...]) -> sa.Update:
    return limits.update().where(*_here).values({name: _ask(name) for name in names})


def _put(db: sa.Connection, connection: str, bucket: str, values: dict[str, Any]) -> None:
    changed = _changed(tuple(values))
    if db.execute(changed, {"of": connection, "named": bucket, **values}).rowcount == 0:
        db.execute(limits.insert().values(connection=connection, bucket=bucket, **values))
