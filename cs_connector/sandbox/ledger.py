"""Every mutation that the simulated CRMs accepted: the judge in every test of reliability."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Any

from .clock import SandboxClock

_actor: ContextVar[str] = ContextVar("_actor", default="api")


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted mutation: only the fields that were named, as they were and as they are.

    `by` says who it was: a client of the api, or a user of the CRM.
    """

    n: int
    at: str
    crm: str
    object: str
    id: str
    action: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    by: str = "api"


class Ledger:
    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def write(
        self,
        crm: str,
        object_name: str,
        record_id: str,
        action: str,
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
    ) -> None:
        """Add an entry; `crm` is the simulator's name, `action` create, update, delete or merge."""
        with self._lock:
            at = self._clock.now().isoformat(timespec="milliseconds")
            n = len(self._entries) + 1
            self._entries.append(
                Entry(n, at, crm, object_name, record_id, action, before, after, _actor.get())
            )

    @contextmanager
    def by(self, actor: str) -> Iterator[None]:
        """What is written in this block was done by `actor`."""
        token = _actor.set(actor)
        try:
            yield
        finally:
            _actor.reset(token)

    def entries(self, after: int = 0) -> list[dict[str, Any]]:
        """Entries numbered above `after`, oldest first."""
        with self._lock:
            return [asdict(e) for e in self._entries[after:]]

    def replace(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Be as it was when these were its entries (a restored snapshot)."""
        with self._lock:
            self._entries[:] = [Entry(**e) for e in entries]

    def __len__(self) -> int:
        return len(self._entries)
