"""The first fold of an object: nothing is known of it, so all is written as it came, a row group at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from . import came, raw

Pages = Callable[[], Iterable[pa.RecordBatch]]


class Firsts:
    """Writes each record to `target` once, as it came last. What is kept in memory is eight bytes a record.

    After `finish`: how many were `read`, how many of them are `stale` (came again later), and how many of those that
    count are `deleted`.
    """

    def __init__(self, target: Path, known_at: datetime) -> None:
        self.target, self._known_at = target, raw.micros(known_at)
        self._hashes = came.Hashes()
        self._group = raw.Group()
        self._file: Any = None
        self.read = self.stale = self.deleted = 0

    def add(self, page: pa.RecordBatch) -> None:
        """Take the next landed records, in the order of their arrival, with their payloads as bytes or as text."""
        if self._group.add(page):
            self._flush()

    def finish(self, pages: Pages) -> None:
        """Close the file. `pages` gives the same records, as often as it is called."""
        if self._group.rows or self._file is None:
            self._flush()
        self._file.close()
        self.read, twice = len(self._hashes), self._hashes.twice()
        if len(twice):
            stale = came.stale(pages(), twice)
            self.stale = len(stale)
            self.deleted = 0
            raw.write(self.target, map(self._counted, raw.groups(came.without(pages(), stale))))

    def discard(self) -> None:
        """Leave nothing behind."""
        if self._file is not None:
            self._file.close()
            self.target.unlink(missing_ok=True)

    def _flush(self) -> None:
        if self._file is None:
            self._file = raw.writer(self.target)
        if self._group.rows:
            raw.put(self._file, self._counted(self._group.taken()))

    def _counted(self, group: pa.Table) -> pa.Table:
        self.deleted += sum(chunk.true_count for chunk in group["deleted"].chunks)
        rows = raw.shaped(raw.legible(group), self._known_at)
        self._hashes.add(np.frombuffer(rows["key"].chunk(0).buffers()[1], np.uint64))
        return rows
