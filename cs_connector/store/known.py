"""What the facts hold of some records: of each the newest version, without its payload unless that must be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from . import came, raw

NEVER = int(np.iinfo(np.int64).min)
_SHORT = ("deleted", "known_at", "digest")


def digest(payload: bytes) -> int:
    """64 bits that stand for a payload: the second half of its MD5, as DuckDB's md5_number_lower says it."""
    return int.from_bytes(hashlib.md5(payload, usedforsecurity=False).digest()[8:], "little")


class Known:
    """Arrays by the place of an id among `ids`, which is known by its 64 bits: were there ever another of the same, the record
    would still be written, and only be counted as changed.

    `at`: when the newest version became known, in microseconds since 1970, NEVER where there is none; `deleted`;
    `digest` where `told`; `moved`: whether its stamp is surely another one than that among `stamps`.
    """

    def __init__(self, files: Sequence[Path], ids: pa.StringArray, stamps: pa.StringArray) -> None:
        from pyarrow import parquet

        count = len(ids)
        self._sought = came.Sought(came.hashes(ids))
        self._stamps, self._stamped = came.hashes(stamps), raw.truths(stamps.is_valid())
        self._files = [parquet.ParquetFile(path) for path in files]
        self.at = np.full(count, NEVER, np.int64)
        self.digest = np.zeros(count, np.uint64)
        self.deleted, self.told, self.moved = (np.zeros(count, np.bool_) for _ in range(3))
        self._file, self._row = np.zeros(count, np.int32), np.zeros(count, np.int64)
        for number, file in enumerate(self._files):
            self._look(number, file)

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
        texts = payloads.take(numbers(self._row[places] - begin)).to_pylist()
        self.digest[places] = [digest(text.encode()) for text in texts]
        self.told[places] = True

    def _look(self, number: int, file: Any) -> None:
        """Note every version of the ids, the newer ones over the older ones."""
        there = file.schema_arrow.names
        short = [name for name in (*_SHORT, "stamp") if name in there]
        short += [] if "stamp" in there else ["modified_at"]
        for begin, groups in raw.stretches(file, raw.STRETCH):
            rows, places = self._sought.among(raw.keys(file, groups))
            if len(rows):
                versions = file.read_row_groups(groups, columns=short, use_threads=False).take(numbers(rows))
                self._note(number, begin + rows, places, versions.combine_chunks())

    def _note(self, number: int, rows: raw.Array, places: raw.Array, versions: pa.Table) -> None:
        at = _column(versions, "known_at", pa.int64())
        order = np.argsort(at, kind="stable")
        order = order[at[order] >= self.at[places[order]]]
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


def last(files: Sequence[Path]) -> int:
    """When the newest of all versions became known, in microseconds since 1970; NEVER where there is none."""
    from pyarrow import parquet

    return max((max(_times(parquet.ParquetFile(path)), default=NEVER) for path in files), default=NEVER)


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


def numbers(each: raw.Array) -> pa.Int64Array:
    """pa.array would import pandas where it is installed."""
    return pa.Array.from_buffers(
        pa.int64(), len(each), [None, pa.py_buffer(np.ascontiguousarray(each, np.int64))]
    )


def _column(table: pa.Table, name: str, kind: pa.DataType) -> raw.Array:
    """As numbers, any where there is none."""
    column = table[name].combine_chunks().cast(kind)
    return np.frombuffer(column.buffers()[1], kind.to_pandas_dtype())[column.offset :][: len(column)]
