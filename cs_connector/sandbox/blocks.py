"""Memory for large answers: fresh memory costs more than what is written to it, so it is used again."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

SIZE = 1 << 20
MOST = 64  # that nobody uses


class Blocks:
    """Arrays of bytes."""

    def __init__(self) -> None:
        self._free: list[Any] = []  # the last one was used last
        self._wanted = MOST

    def ready(self) -> None:
        """Have them all at hand from now on: in one piece, which the system can hold in large pages."""
        self._free[:0] = np.ones((self._wanted, SIZE), np.uint8)
        self._wanted = 0

    def take(self, size: int) -> Any:
        """So many bytes or more; whoever takes them gives or lends them."""
        if size <= SIZE:
            return self._free.pop() if self._free else np.empty(SIZE, np.uint8)
        return np.empty(size, np.uint8)

    def give(self, block: Any) -> None:
        if len(block) == SIZE:
            self._free.append(block)
            if len(self._free) > MOST:
                self._shed()

    def _shed(self) -> None:
        """Let go of one that came by itself: of the piece that came as one nothing is free before all of it is."""
        apart = next((at for at, block in enumerate(self._free) if block.base is None), 0)
        del self._free[apart : apart + 1]

    def lend(self, block: Any, size: int) -> memoryview:
        """The first bytes; the block is free again when nobody holds them any more."""
        lent = memoryview(block)[:size]
        weakref.finalize(lent, self.give, block).atexit = False
        return lent
