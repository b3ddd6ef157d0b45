"""Hashes that are looked for among many others."""

from __future__ import annotations

from typing import Any

import numpy as np

from .came import Numbers

# How many bits of a hash make its place in a table: at least, and more than would just number them.
_LEAST, _SPARE = 16, 5


class Sought:
    """Few of the others pass a table of bits, and only they are searched for."""

    def __init__(self, hashes: Numbers) -> None:
        self._order = np.argsort(hashes)
        self._sorted = hashes[self._order]
        self._shift = np.uint64(64 - max(_LEAST, len(hashes).bit_length() + _SPARE))
        self._bits = np.zeros(1 << (64 - int(self._shift)), np.bool_)
        self._bits[self._places(hashes)] = True

    def among(self, every: Numbers) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Where one of them is, and which of them that is."""
        rows = np.flatnonzero(self._bits[self._places(every)])
        here = every[rows]
        places = np.minimum(np.searchsorted(self._sorted, here), max(0, len(self._sorted) - 1))
        same = self._sorted[places] == here
        return rows[same], self._order[places[same]]

    def _places(self, hashes: Numbers) -> np.ndarray[Any, Any]:
        return (hashes >> self._shift).view(np.intp)
