"""A later fold of an object: what was landed is compared with what is known, a part of it at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from cs_connector.transport.records import flags

from . import came, raw
from .digests import Digests, digests
from .known import NEVER, Known, opened

PART = 150_000  # records that are looked up at once: what is kept of them in memory is about a hundred bytes each

Pages = Callable[[], Iterable[pa.RecordBatch]]


class Laters:
    """`pages` gives the landed records, in the order of their arrival, as often as it is called; `files` hold the versions
    that are known.

    After `compare`: how many were `read`, how many records are `new`, `changed`, and `deleted`, and by how much the
    living became more.
    """

    def __init__(self, pages: Pages, files: Sequence[Path], now: datetime) -> None:
        self._pages, self._files = pages, opened(files)
        # later than anything known, so that the newest version of a record is never in doubt
        self._known_at = max(raw.micros(now), max((file.latest for file in self._files), default=NEVER) + 1)
        self._picked = np.zeros(0, np.bool_)  # of every record that counts, whether it is written
        self._digests = Digests.none(0)  # of those that are
        self._stale: list[int] = []
        self.read = self.new = self.changed = self.deleted = self.born = 0

    def compare(self) -> None:
        self._stale = self._again()
        judged = [self._judged(_Part(part)) for part in _parts(self._current())]
        sure, forced, deleted, held = map(np.concatenate, zip(*judged, strict=True))
        made = self._made(~sure)
        other = forced | (made != held)
        self.deleted += int((other & ~forced & deleted).sum())
        self.changed += int((other & ~forced & ~deleted).sum())
        self._picked = sure.copy()
        self._picked[~sure] = other
        self._digests = Digests.none(int(self._picked.sum()))
        self._digests.put(~sure[self._picked], made[other])

    def write(self, target: Path) -> None:
        """Write the records that are new or other than they were known."""
        raw.write(target, self._rows())

    def _again(self) -> list[int]:
        """The numbers of the records that come again: of several versions the last counts."""
        every = came.Hashes()
        for page in self._pages():
            every.add(came.hashes(page.column(0)))
        self.read, twice = len(every), every.twice()
        return came.stale(self._pages(), twice) if len(twice) else []

    def _current(self) -> Iterable[pa.RecordBatch]:
        return came.without(self._pages(), self._stale) if self._stale else self._pages()

    def _judged(self, part: _Part) -> _Judged:
        known = Known(self._files, part.ids, part.stamps)
        there = known.at != NEVER
        turned = there & (known.deleted != part.deleted)
        # a record that lives on with another stamp is another version
        moved = there & known.moved & ~known.told & ~part.deleted
        sure = moved | ~there & ~part.deleted
        known.compare(there & ~turned & ~sure & ~known.told)
        forced = (turned | ~there) & ~sure
        picked = sure | forced
        gone = picked & part.deleted
        self.deleted += int(gone.sum())
        self.new += int((picked & ~gone & ~there).sum())
        self.changed += int((picked & ~gone & there).sum())
        self.born += int((picked & ~part.deleted).sum()) - int((picked & there & ~known.deleted).sum())
        return _Judged(sure, forced[~sure], part.deleted[~sure], known.digest[~sure])

    def _made(self, wanted: raw.Array) -> raw.Array:
        """What the payloads of these records come to."""
        found, begin = [np.zeros(0, np.uint64)], 0
        for page in self._current() if wanted.any() else ():
            here = wanted[begin : begin + page.num_rows]
            begin += page.num_rows
            if here.any():
                found.append(digests(page.filter(flags(here.tolist())).column("payload")))
        return np.concatenate(found)

    def _rows(self) -> Iterator[pa.Table]:
        begin = 0
        for group in raw.groups(self._chosen()):
            end = begin + group.num_rows
            yield raw.shaped(group, self._known_at, self._digests.column(begin, end))
            begin = end

    def _chosen(self) -> Iterator[pa.RecordBatch]:
        begin = 0
        for page in self._current():
            here = self._picked[begin : begin + page.num_rows]
            begin += page.num_rows
            if here.all():
                yield page
            elif here.any():
                yield page.filter(flags(here.tolist()))


class _Judged(NamedTuple):
    """Of some records, which are `sure` to be living ones that are new or have another stamp: nobody looks at their payloads.

    Of each other one: whether it is other than it was known, whatever its payload (`forced`), whether it is `deleted`, and
    what the known payload came to (`held`).
    """

    sure: raw.Array
    forced: raw.Array
    deleted: raw.Array
    held: raw.Array


class _Part:
    """Some of the records: their columns, without the payloads."""

    def __init__(self, pages: Sequence[pa.RecordBatch]) -> None:
        table = pa.Table.from_batches(pages).combine_chunks()
        self.ids, self.stamps = (table[name].combine_chunks() for name in ("id", "modified_at"))
        self.deleted = np.asarray(table["deleted"].to_pylist(), np.bool_)


def _parts(pages: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    part: list[pa.RecordBatch] = []
    rows = 0
    for page in pages:
        part.append(_bare(page))
        rows += page.num_rows
        if rows >= PART:
            yield part
            part, rows = [], 0
    if part:
        yield part


def _bare(page: pa.RecordBatch) -> pa.RecordBatch:
    """The columns without the payloads. With nothing behind them they are copied: as they are they would keep the whole page."""
    short = [pa.concat_arrays([column, column.slice(0, 0)]) for column in page.columns[:-1]]
    return pa.RecordBatch.from_arrays(short, names=page.schema.names[:-1])
