"""What the engine lends an adapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class Clock(Protocol):
    """The one source of time."""

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait; in a sandbox project the sandbox's clock is moved instead."""
        ...


class TokenStore(Protocol):
    """Keeps what a login gave, encrypted; saved before it is used."""

    def load(self, connection: str) -> dict[str, Any] | None: ...

    def save(self, connection: str, token: Mapping[str, Any]) -> None: ...

    def lock(self, connection: str) -> AbstractContextManager[None]:
        """One process at a time renews a login: load, renew and save inside."""
        ...


class Bucket(Protocol):
    """A number of calls in a time."""

    def take(self) -> None:
        """Use one call, waiting for it if need be."""
        ...


class Meter(Protocol):
    """The calls of one connection, shared by every process that works with the same store."""

    def bucket(self, name: str, rate: float, burst: int) -> Bucket:
        """At most `burst` calls at once and `rate` calls a second over time."""
        ...

    def ready(self) -> None:
        """Wait while the CRM asked for a pause. Raises QuotaExhausted when the rest of the day is kept for people."""
        ...

    def pause(self, seconds: float) -> None:
        """The CRM asked for a pause: nobody calls before it is over."""
        ...

    def heard(self, allowed: int, left: int) -> None:
        """What the CRM said of the day's calls."""
        ...


class Notes(Protocol):
    """A few words that an adapter leaves for its next life, such as the job that it waits for; safe once `keep` returns."""

    def keep(self, name: str, value: str) -> None: ...

    def read(self, name: str) -> str | None: ...

    def names(self) -> Sequence[str]:
        """Every name under which something is kept, in order."""
        ...

    def drop(self, name: str) -> None:
        """Forget it; nothing happens if it is not there."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the engine lends an adapter.

    Without a meter it paces its calls for itself alone; without notes it cannot go on with a job of a life before.
    """

    connection: str
    clock: Clock
    tokens: TokenStore
    meter: Meter | None = None
    notes: Notes | None = None
