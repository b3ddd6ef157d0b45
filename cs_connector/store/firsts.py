"""The first fold of an object: nothing is known of it, so all is written as it came, a row group at a time."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from . import came, raw

Pages = Callable[[], Iterable[pa.RecordBatch]]


class Firsts:
    """`pages` gives the landed records, in the order of their arrival, as often as it is called.

    After `write`: how many were `read`, how many of them are `stale` (came again later), and how many of those that
    count are `deleted`.
    """

    def __init__(self, pages: Pages, known_at: datetime) -> None:
        self._pages, self._known_at = pages, raw.micros(known_at)
        self._hashes = array("Q")
        self.read = self.stale = self.deleted = 0

    def write(self, target: Path) -> None:
        """Write each record once, as it came last. What is kept in memory is eight bytes a record."""
        raw.write(target, map(self._counted, raw.groups(self._pages())))
        self.read = len(self._hashes)
        twice = came.twice(self._hashes)
        if len(twice):
            stale = came.stale(self._pages(), twice)
            self.stale = len(stale)
            self.deleted = 0
            raw.write(target, map(self._counted, raw.groups(came.without(self._pages(), stale))))

    def _counted(self, group: pa.Table) -> pa.Table:
        for ids in group["id"].chunks:
            self._hashes.frombytes(came.hashes(ids).tobytes())
        self.deleted += sum(chunk.true_count for chunk in group["deleted"].chunks)
        return raw.shaped(group, self._known_at)
