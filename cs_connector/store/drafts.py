"""The file of a first fold, written while its pages are landed: what was just read need not be read from the disk again.

A draft holds nothing that is not landed too. Whatever goes wrong, it is thrown away and the fold reads the segments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from cs_connector.ports import Page
from cs_connector.transport.records import Records

from . import frames
from .progress import Where
from .versions.firsts import Firsts


class Draft:
    """Of the pages of one reading from its beginning."""

    def __init__(self, target: Path, where: Where, now: datetime) -> None:
        self.where, self.firsts = where, Firsts(target, now)
        self._ends: dict[int, int] = {}

    def through(self, page: Page) -> Page:
        """The same page; its records are taken while one goes through them."""
        batches = map(self._taken, frames.batches(page.records))
        return replace(page, records=Records(batches, len(page.records)))

    def reached(self, segment: int, end: int) -> None:
        """All that is in a segment up to this byte was taken."""
        self._ends[segment] = end

    def goes_on(self, where: Where, segment: int, begin: int) -> bool:
        """Whether what is written to a segment from this byte on comes right after what was taken."""
        return self.where == where and self._ends.get(segment, 0) == begin

    def holds(self, landed: Mapping[int, int]) -> bool:
        """Whether just this was taken: segments and their ends."""
        return self._ends == landed

    def _taken(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        self.firsts.add(batch)
        return batch
