"""64 bits that stand for a payload, where somebody needed them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from . import raw


@dataclass(frozen=True, slots=True)
class Digests:
    """Of some records, those that are `told`."""

    values: raw.Array
    told: raw.Array

    @classmethod
    def none(cls, count: int) -> Self:
        return cls(np.zeros(count, np.uint64), np.zeros(count, np.bool_))

    def put(self, which: raw.Array, values: raw.Array) -> None:
        """Tell these."""
        self.values[which], self.told[which] = values, True

    def column(self, begin: int, end: int) -> pa.UInt64Array:
        """Those of the records from one place to another, null where they are not told."""
        known = raw.bits(self.told[begin:end])
        return pa.Array.from_buffers(pa.uint64(), end - begin, [known, pa.py_buffer(self.values[begin:end])])


def digests(payloads: pa.Array | pa.ChunkedArray) -> raw.Array:
    """The second half of the MD5 of each payload, as DuckDB's md5_number_lower says it."""
    texts = payloads.cast(pa.binary()).to_pylist()
    halves = b"".join([hashlib.md5(text, usedforsecurity=False).digest() for text in texts])
    return np.frombuffer(halves, "<u8")[1::2]
