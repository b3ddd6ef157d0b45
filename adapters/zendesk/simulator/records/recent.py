"""What records were before their latest changes, for those who still see them so: exports and the search index."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from cs_connector.sandbox.clock import SandboxClock

from .table import Key, Record


class _Change(NamedTuple):
    at: float
    noun: str
    key: Key
    before: Record | None


class Recent:
    """`commit_lag` and `search_lag` are in seconds; without either nothing is remembered."""

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._changes: deque[_Change] = deque()
        self.commit_lag = 0.0
        self.search_lag = 0.0

    def note(self, noun: str, key: Key, before: Record | None) -> None:
        longest = max(self.commit_lag, self.search_lag)
        if not longest:
            return
        now = self._now()
        while self._changes and self._changes[0].at <= now - longest:
            self._changes.popleft()
        self._changes.append(_Change(now, noun, key, before))

    def uncommitted(self, noun: str) -> dict[Key, Record | None]:
        """Records whose change exports do not show yet, as they still show them; None where they do not."""
        return self._unseen(noun, self.commit_lag)

    def unindexed(self, noun: str) -> dict[Key, Record | None]:
        return self._unseen(noun, self.search_lag)

    def forget(self) -> None:
        self._changes.clear()

    def snapshot(self) -> tuple[float, float, list[tuple[float, str, Key, Record | None]]]:
        return self.commit_lag, self.search_lag, [tuple(change) for change in self._changes]

    def restore(self, state: tuple[float, float, list[tuple[float, str, Key, Record | None]]]) -> None:
        self.commit_lag, self.search_lag, changes = state
        self._changes = deque(_Change(*change) for change in changes)

    def _unseen(self, noun: str, lag: float) -> dict[Key, Record | None]:
        found: dict[Key, Record | None] = {}
        if lag:
            since = self._now() - lag
            for change in self._changes:
                if change.noun == noun and change.at > since:
                    found.setdefault(change.key, change.before)
        return found

    def _now(self) -> float:
        return self._clock.now().timestamp()
