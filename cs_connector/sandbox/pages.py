"""Answers with many records, for the next time that they are asked for: the bytes that were sent, or where they lie."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Generic, TypeVar

from .wire import Body

P = TypeVar("P")
MOST_PLACES = 10_000  # pages; all are forgotten when there are more


class Pages:
    """A page is good for one state of what it was made from. `most` is in bytes, all pages together."""

    def __init__(self, most: int = 64_000_000) -> None:
        self._most, self._size = most, 0
        self._held: dict[Hashable, tuple[Any, Body]] = {}

    def find(self, key: Hashable, state: Any) -> Body | None:
        known = self._held.get(key)
        return known[1] if known is not None and known[0] == state else None

    def keep(self, key: Hashable, state: Any, page: Body) -> None:
        """When there is no room, what is there stays: whoever reads it all again finds a part of it."""
        before = self._held.pop(key, None)
        self._size -= 0 if before is None else _size(before[1])
        size = _size(page)
        if self._size + size > self._most:
            self._held = {old: kept for old, kept in self._held.items() if kept[0] == state}
            self._size = sum(_size(kept[1]) for kept in self._held.values())
        if self._size + size <= self._most:
            self._held[key] = state, page
            self._size += size

    def forget(self) -> None:
        self._held, self._size = {}, 0


class Places(Generic[P]):
    """Where the records of a page lie and what stands around them; good for one state of what it was found in."""

    def __init__(self) -> None:
        self._held: dict[Hashable, tuple[Any, P]] = {}

    def find(self, key: Hashable, state: Any) -> P | None:
        known = self._held.get(key)
        return known[1] if known is not None and known[0] == state else None

    def keep(self, key: Hashable, state: Any, place: P) -> None:
        if len(self._held) >= MOST_PLACES:
            self._held.clear()
        self._held[key] = state, place

    def forget(self) -> None:
        self._held.clear()


def _size(page: Body) -> int:
    """The memory that it holds: a view holds all that it is a part of."""
    return memoryview(page.obj).nbytes if isinstance(page, memoryview) else len(page)
