"""Memory for large answers: fresh memory costs more than what is written to it, so it is used again."""

from __future__ import annotations

import weakref
from collections import deque
from typing import Any

import numpy as np

SIZE = 1 << 20
MOST = 64  # that nobody uses


class Rooms:
    """Arrays of bytes."""

    def __init__(self) -> None:
        self._free: deque[Any] = deque()  # the last one was used last

    def ready(self) -> None:
        """Have them all at hand from now on."""
        self._free.extendleft(np.ones(SIZE, np.uint8) for _ in range(len(self._free), MOST))

    def take(self, size: int) -> Any:
        """So many bytes or more; whoever takes them gives or lends them."""
        if size <= SIZE:
            return self._free.pop() if self._free else np.empty(SIZE, np.uint8)
        return np.empty(size, np.uint8)

    def give(self, room: Any) -> None:
        if len(room) == SIZE and len(self._free) < MOST:
            self._free.append(room)

    def lend(self, room: Any, size: int) -> memoryview:
        """The first bytes; the room is free again when nobody holds them any more."""
        lent = memoryview(room)[:size]
        weakref.finalize(lent, self.give, room).atexit = False
        return lent

    def copy(self, page: bytes | bytearray | memoryview) -> memoryview:
        """The same in a room for long, so that the one that it is in can be used again while it is in the cache."""
        room = self._free.popleft() if self._free and len(page) <= SIZE else self.take(len(page))
        memoryview(room)[: len(page)] = page
        return self.lend(room, len(page))
