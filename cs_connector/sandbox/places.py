"""Where the records of a page lie and what stands around them, for the next time that it is asked for."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Generic, TypeVar

P = TypeVar("P")
MOST = 10_000  # pages; all are forgotten when there are more


class Places(Generic[P]):
    """A place is good for one state of what it was found in; it takes little room, and reading it little time."""

    def __init__(self) -> None:
        self._held: dict[Hashable, tuple[Any, P]] = {}

    def find(self, key: Hashable, state: Any) -> P | None:
        known = self._held.get(key)
        return known[1] if known is not None and known[0] == state else None

    def keep(self, key: Hashable, state: Any, place: P) -> None:
        if len(self._held) >= MOST:
            self._held.clear()
        self._held[key] = state, place

    def forget(self) -> None:
        self._held.clear()
