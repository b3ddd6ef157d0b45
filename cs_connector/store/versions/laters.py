"""A later fold of an object: what was landed is compared with what is known, a part of it at a time."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from cs_connector.transport.records import flags

from . import came, raw
from .known import NEVER, Known, digests, opened

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
        self._picked: list[raw.Array] = []  # of every record that counts, whether it is written
        self._digests = array("Q")  # of those that are
        self._stale: list[int] = []
        self.read = self.new = self.changed = self.deleted = self.born = 0

    def compare(self) -> None:
        self._stale = self._again()
        for part in _parts(self._current()):
            self._judge(_Part(part))

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

    def _judge(self, part: _Part) -> None:
        known = Known(self._files, part.ids, part.stamps)
        there = known.at != NEVER
        turned = there & (known.deleted != part.deleted)
        # a record that lives on with another stamp is another version
        moved = there & known.moved & ~known.told & ~part.deleted
        known.compare(there & ~turned & ~moved & ~known.told)
        other = known.told & (known.digest != part.digests)
        picked = ~there | turned | moved | other
        gone = picked & part.deleted
        self.deleted += int(gone.sum())
        self.new += int((picked & ~gone & ~there).sum())
        self.changed += int((picked & ~gone & there).sum())
        self.born += int((picked & ~part.deleted).sum()) - int((picked & there & ~known.deleted).sum())
        self._picked.append(picked)
        self._digests.frombytes(part.digests[picked].tobytes())

    def _rows(self) -> Iterator[pa.Table]:
        begin = 0
        for group in raw.groups(self._chosen()):
            end = begin + group.num_rows
            made = pa.py_buffer(self._digests[begin:end])
            digests = pa.Array.from_buffers(pa.uint64(), group.num_rows, [None, made])
            yield raw.shaped(group, self._known_at, digests)
            begin = end

    def _chosen(self) -> Iterator[pa.RecordBatch]:
        picked, begin = np.concatenate(self._picked), 0
        for page in self._current():
            here = picked[begin : begin + page.num_rows]
            begin += page.num_rows
            if here.all():
                yield page
            elif here.any():
                yield page.filter(flags(here.tolist()))


class _Part:
    """Some of the records: their columns, without the payloads."""

    def __init__(self, pages: Sequence[tuple[pa.RecordBatch, raw.Array]]) -> None:
        batches, digests = zip(*pages, strict=True)
        table = pa.Table.from_batches(batches).combine_chunks()
        self.ids, self.stamps = (table[name].combine_chunks() for name in ("id", "modified_at"))
        self.deleted = np.asarray(table["deleted"].to_pylist(), np.bool_)
        self.digests = np.concatenate(digests)


def _parts(pages: Iterable[pa.RecordBatch]) -> Iterator[list[tuple[pa.RecordBatch, raw.Array]]]:
    part: list[tuple[pa.RecordBatch, raw.Array]] = []
    rows = 0
    for page in pages:
        part.append(_bare(page))
        rows += page.num_rows
        if rows >= PART:
            yield part
            part, rows = [], 0
    if part:
        yield part


def _bare(page: pa.RecordBatch) -> tuple[pa.RecordBatch, raw.Array]:
    """The columns without the payloads, and what these come to."""
    *short, payload = page.columns
    made = digests(payload.cast(pa.binary()).to_pylist())
    # with nothing behind them they are copied: as they are they would keep the whole page in memory
    copied = [pa.concat_arrays([column, column.slice(0, 0)]) for column in short]
    return pa.RecordBatch.from_arrays(copied, names=page.schema.names[:-1]), made
