"""What the engine lends an adapter, without an engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from cs_connector.ports import Clock, Notes, Surroundings, TokenStore

START = datetime(2026, 11, 20, 9, tzinfo=UTC)


class FixedClock:
    """Stands still until it is moved; sleeping moves it."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=max(0.0, seconds))


class MemoryTokens:
    """Keeps logins as long as it lives; `saved` lists every save in order."""

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
        del connection
        yield


class MemoryNotes:
    """Keeps notes as long as it lives."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def keep(self, name: str, value: str) -> None:
        self.kept[name] = value

    def read(self, name: str) -> str | None:
        return self.kept.get(name)

    def names(self) -> Sequence[str]:
        return sorted(self.kept)

    def drop(self, name: str) -> None:
        self.kept.pop(name, None)


def surroundings(
    connection: str = "test",
    clock: Clock | None = None,
    tokens: TokenStore | None = None,
    notes: Notes | None = None,
) -> Surroundings:
    """Surroundings for one connection; what is not given is fresh and in memory."""
    lent = (clock or FixedClock(), tokens or MemoryTokens())
    return Surroundings(connection, *lent, notes=notes or MemoryNotes())
