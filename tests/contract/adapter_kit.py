"""What the tests of the adapters share: a login store in memory, and a clock that never waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cs_connector.ports import Adapter, Page, RawRecord, Read, Surroundings
from cs_connector.sandbox.clock import SandboxClock

START = datetime(2026, 11, 20, 9, tzinfo=UTC)


class MemoryTokens:
    """Keeps logins; `saved` lists what was saved, in order."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self.saved: list[dict[str, Any]] = []

    def load(self, connection: str) -> dict[str, Any] | None:
        return self.kept.get(connection)

    def save(self, connection: str, token: Mapping[str, Any]) -> None:
        self.kept[connection] = dict(token)
        self.saved.append(dict(token))

    @contextmanager
    def lock(self, connection: str) -> Iterator[None]:
        yield


class QuickClock:
    """A sandbox's clock: waiting moves it. `slept` lists the waits of at least a second."""

    def __init__(self, clock: SandboxClock | None = None) -> None:
        self._clock = clock or SandboxClock(START)
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        if seconds >= 1:
            self.slept.append(seconds)
        self._clock.advance(timedelta(seconds=max(0.0, seconds)))


@dataclass
class Around:
    """Surroundings of one connection, and its parts."""

    connection: str
    clock: QuickClock = field(default_factory=QuickClock)
    tokens: MemoryTokens = field(default_factory=MemoryTokens)

    @property
    def lent(self) -> Surroundings:
        return Surroundings(self.connection, self.clock, self.tokens)


def read_all(adapter: Adapter, name: str, fields: Sequence[str] = (), cursor: str | None = None) -> Reading:
    return Reading(list(adapter.read(Read(name, tuple(fields), cursor))))


@dataclass(frozen=True)
class Reading:
    pages: list[Page]

    @property
    def records(self) -> dict[str, RawRecord]:
        return {r.id: r for page in self.pages for r in page.records}

    @property
    def cursor(self) -> str:
        return self.pages[-1].cursor

    @property
    def last(self) -> Page:
        return self.pages[-1]
