"""Every mutation that the simulated CRMs accepted: the judge in every test of reliability."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .clock import SandboxClock


@dataclass(frozen=True, slots=True)
class Entry:
    """One accepted mutation: only the fields that the request named, as they were and as they are."""

    n: int
    at: str
    crm: str
    object: str
    id: str
    action: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


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
            self._entries.append(Entry(n, at, crm, object_name, record_id, action, before, after))

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
