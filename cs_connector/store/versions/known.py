"""What the facts hold of some records: of each the newest version, without its payload unless that must be compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from . import came, picked, raw
from .digests import digests
from .sought import Sought

NEVER = int(np.iinfo(np.int64).min)
_SHORT = ("deleted", "known_at", "digest")


class File(NamedTuple):
    """An open file of versions, and when the newest of them became known, in microseconds since 1970; NEVER where there is none."""

    opened: Any
    latest: int


def opened(paths: Sequence[Path]) -> list[File]:
    """The files, from the one with the newest version on."""
    from pyarrow import parquet

    files = [parquet.ParquetFile(path) for path in reversed(paths)]
    every = [File(file, max(_times(file), default=NEVER)) for file in files]
    return sorted(every, key=attrgetter("latest"), reverse=True)


class Known:
    """Arrays by the place of an id among `ids`, which is known by its 64 bits: were there ever another of the same, the record
    would still be written, and only be counted as changed.

    `at`: when the newest version became known, in microseconds since 1970, NEVER where there is none; `deleted`;
    `digest` where `told`; `moved`: whether its stamp is surely another one than that among `stamps`.
    """

    def __init__(self, files: Sequence[File], ids: pa.StringArray, stamps: pa.StringArray) -> None:
        count = len(ids)
        self._hashes, self._which = came.hashes(ids), np.arange(count)
        self._sought = Sought(self._hashes)
        self._stamps, self._stamped = came.hashes(stamps), raw.truths(stamps.is_valid())
        self._files = [file.opened for file in files]
        self.at = np.full(count, NEVER, np.int64)
        self.digest = np.zeros(count, np.uint64)
        self.deleted, self.told, self.moved = (np.zeros(count, np.bool_) for _ in range(3))
        self._file, self._row = np.zeros(count, np.int32), np.zeros(count, np.int64)
        for number, file in enumerate(files):
            if self._left(file.latest):
                self._look(number, file.opened)

    def compare(self, wanted: raw.Array) -> None:
        """Read the payloads of these places, and make the digests that are not told."""
        for number, file in enumerate(self._files):
            begin = 0
            for group in range(file.num_row_groups):
                end = begin + file.metadata.row_group(group).num_rows
                here = wanted & (self._file == number) & (self._row >= begin) & (self._row < end)
                if here.any():
                    self._make(file, group, np.flatnonzero(here), begin)
                begin = end

    def _make(self, file: Any, group: int, places: raw.Array, begin: int) -> None:
        payloads = file.read_row_group(group, columns=["payload"], use_threads=False)["payload"]
        self.digest[places] = digests(payloads.take(picked.numbers(self._row[places] - begin)))
        self.told[places] = True

    def _left(self, latest: int) -> bool:
        """Whether a file up to then may hold a newer version of any. What was found is looked for no more, once it is the half."""
        left = self._which[self.at[self._which] < latest]
        if 2 * len(left) <= len(self._which):
            self._which, self._sought = left, Sought(self._hashes[left])
        return bool(len(left))

    def _look(self, number: int, file: Any) -> None:
        """Note the versions of the ids that are newer than those that were found."""
        there = file.schema_arrow.names
        short = [name for name in (*_SHORT, "stamp") if name in there]
        short += [] if "stamp" in there else ["modified_at"]
        for begin, groups in raw.stretches(file, raw.STRETCH):
            rows, found = self._sought.among(raw.keys(file, groups))
            if len(rows):
                versions = picked.rows(file, groups, short, rows)
                self._note(number, begin + rows, self._which[found], versions.combine_chunks())

    def _note(self, number: int, rows: raw.Array, places: raw.Array, versions: pa.Table) -> None:
        at = _column(versions, "known_at", pa.int64())
        order = np.argsort(at, kind="stable")
        order = order[at[order] > self.at[places[order]]]  # of two of one time the later one is noted last
        here = places[order]
        self.at[here], self.deleted[here] = at[order], _column(versions, "deleted", pa.uint8())[order]
        self.moved[here] = self._moved(versions, places)[order]
        self._file[here], self._row[here] = number, rows[order]
        if "digest" in versions.column_names:
            self.told[here] = raw.truths(versions["digest"].is_valid())[order]
            self.digest[here] = _column(versions, "digest", pa.uint64())[order]
        else:
            self.told[here] = False

    def _moved(self, versions: pa.Table, places: raw.Array) -> raw.Array:
        there: raw.Array
        if "stamp" in versions.column_names:
            there, stamps = raw.truths(versions["stamp"].is_valid()), _column(versions, "stamp", pa.uint64())
        else:  # of a file that is older than the column
            times = versions["modified_at"].combine_chunks()
            there, stamps = raw.truths(times.is_valid()), came.hashes(times)
        moved: raw.Array = (stamps != self._stamps[places]) & there & self._stamped[places]
        return moved


def _times(file: Any) -> Iterator[int]:
    """The latest of each row group, as its file says, or as its rows do."""
    place = file.schema_arrow.names.index("known_at")
    for group in range(file.num_row_groups):
        told = file.metadata.row_group(group).column(place).statistics
        if told and told.has_min_max:
            yield raw.micros(told.max)
        else:
            versions = file.read_row_group(group, columns=["known_at"], use_threads=False)
            yield max(_column(versions, "known_at", pa.int64()).tolist(), default=NEVER)


def _column(table: pa.Table, name: str, kind: pa.DataType) -> raw.Array:
    """As numbers, any where there is none."""
    column = table[name].combine_chunks().cast(kind)
    return np.frombuffer(column.buffers()[1], kind.to_pandas_dtype())[column.offset :][: len(column)]
