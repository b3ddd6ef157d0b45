"""The records of a page as Arrow columns: made without a tuple of each record, and kept as they are."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence, Sized
from functools import cached_property
from itertools import accumulate
from typing import Any, overload

import msgspec
import numpy as np
import pyarrow as pa

from cs_connector.ports import RawRecord

SHAPE = pa.schema(
    [("id", pa.string()), ("modified_at", pa.string()), ("deleted", pa.bool_()), ("payload", pa.binary())]
)
_LARGEST = 1 << 31


class Records(Sequence[RawRecord]):
    """Reads like a list of records."""

    def __init__(self, batches: Iterable[pa.RecordBatch], count: int | None = None) -> None:
        """`batches` have the columns of SHAPE; those that are made while one goes through them come with their `count`."""
        self.batches, self._count = batches, count

    @cached_property
    def _held(self) -> list[pa.RecordBatch]:
        return list(self.batches)

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(batch.num_rows for batch in self._held))

    @classmethod
    def of(
        cls,
        ids: Sequence[str],
        stamps: Sequence[str | None] | pa.Array,
        deleted: Iterable[bool],
        payloads: Sequence[bytes] | Sequence[msgspec.Raw],
    ) -> Records:
        """One sequence a column; payloads may be slices of the answer, stamps an array of texts."""
        columns = [
            texts(ids),
            stamps if isinstance(stamps, pa.Array) else maybe(stamps),
            flags(deleted),
            binaries(payloads),
        ]
        return cls([pa.RecordBatch.from_arrays(columns, schema=SHAPE)] if ids else [])

    def __len__(self) -> int:
        if self._count is not None:
            return self._count
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, at: int) -> RawRecord: ...

    @overload
    def __getitem__(self, at: slice) -> list[RawRecord]: ...

    def __getitem__(self, at: int | slice) -> RawRecord | list[RawRecord]:
        if isinstance(at, slice):
            return [self[n] for n in range(len(self))[at]]
        at = range(len(self))[at]
        which = bisect_right(self._ends, at)
        within = at - self._ends[which]  # from the end
        return RawRecord(*(column[within].as_py() for column in self._held[which].columns))


def flags(values: Iterable[int]) -> pa.Array:
    """Yes or no, as truths or as bytes of 1 and 0; pa.array would import pandas where it is installed."""
    made = bytes(values)
    return pa.Array.from_buffers(pa.bool_(), len(made), [None, _bits(made)])


def binaries(values: Sequence[bytes] | Sequence[msgspec.Raw]) -> pa.BinaryArray:
    """Bytes; they may be slices of an answer."""
    return _blocks(pa.binary(), values, b"".join(values))


def even(rows: np.ndarray[Any, np.dtype[np.uint8]]) -> pa.StringArray:
    """Texts of one length, each a row of ASCII."""
    count, length = rows.shape
    ends = pa.py_buffer(np.arange(count + 1, dtype=np.int32) * np.int32(length))
    return pa.Array.from_buffers(pa.string(), count, [None, ends, pa.py_buffer(rows)])


def texts(values: Sequence[str], known: pa.Buffer | None = None) -> pa.Array:
    """Texts; ids and times are ASCII, so that one encoding for all of them will do."""
    whole = "".join(values)
    if whole.isascii():
        return _blocks(pa.string(), values, whole.encode(), known)
    encoded = [value.encode() for value in values]
    return _blocks(pa.string(), encoded, b"".join(encoded), known)


def maybe(values: Sequence[str | None]) -> pa.Array:
    """Texts that may be missing."""
    if None not in values:
        return texts(values)  # type: ignore[arg-type]
    known = _bits(bytes(value is not None for value in values))
    return texts([value or "" for value in values], known)


def _bits(each: bytes) -> pa.Buffer:
    return pa.py_buffer(np.packbits(np.frombuffer(each, np.uint8), bitorder="little"))


def _blocks(
    kind: pa.DataType, values: Sequence[Sized], data: bytes, known: pa.Buffer | None = None
) -> pa.Array:
    """`data` is all the values, one behind the other."""
    if len(data) >= _LARGEST:
        raise OverflowError("a page has less than 2 GB")
    ends = np.zeros(len(values) + 1, np.int32)
    np.cumsum(np.fromiter(map(len, values), np.int32, len(values)), out=ends[1:])
    return pa.Array.from_buffers(kind, len(values), [known, pa.py_buffer(ends), pa.py_buffer(data)])
