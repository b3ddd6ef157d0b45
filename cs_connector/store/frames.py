"""A page on disk: length, checksum, and the records as a compressed Arrow batch."""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import BinaryIO

import pyarrow as pa
import zstandard

from cs_connector.errors import StoreError
from cs_connector.ports import RawRecord

SHAPE = pa.schema(
    [("id", pa.string()), ("modified_at", pa.string()), ("deleted", pa.bool_()), ("payload", pa.binary())]
)
_HEAD = struct.Struct("<II")  # length of the body, its crc32
_LEVEL = 1
_NUMBERS = {"B": pa.uint8(), "q": pa.int64()}
_LARGEST = 1 << 31


def encode(records: Sequence[RawRecord]) -> bytes:
    ids, stamps, deleted, payloads = zip(*records, strict=True) if records else ((), (), (), ())
    columns = [
        _strings(ids),
        _strings(stamps if None not in stamps else [stamp or "" for stamp in stamps], _known(stamps)),
        numbers("B", deleted).cast(pa.bool_()),
        _blocks(pa.binary(), list(map(len, payloads)), b"".join(payloads)),
    ]
    batch = pa.RecordBatch.from_arrays(columns, schema=SHAPE).serialize()
    body = zstandard.ZstdCompressor(level=_LEVEL).compress(batch)
    return _HEAD.pack(len(body), zlib.crc32(body)) + body


def numbers(code: str, values: Iterable[int]) -> pa.Array:
    """Unsigned bytes ("B") or 64-bit integers ("q"); pa.array would import pandas where it is installed."""
    made = array(code, values)
    return pa.Array.from_buffers(_NUMBERS[code], len(made), [None, pa.py_buffer(made)])


def _known(stamps: Sequence[str | None]) -> pa.Buffer | None:
    """The bits that say which are there; None when all are."""
    if None not in stamps:
        return None
    return numbers("B", (stamp is not None for stamp in stamps)).cast(pa.bool_()).buffers()[1]


def _strings(values: Sequence[str], known: pa.Buffer | None = None) -> pa.Array:
    """Texts; ids and times are ASCII, so that one encoding for all of them will do."""
    whole = "".join(values)
    if whole.isascii():
        return _blocks(pa.string(), list(map(len, values)), whole.encode(), known)
    encoded = [value.encode() for value in values]
    return _blocks(pa.string(), list(map(len, encoded)), b"".join(encoded), known)


def _blocks(kind: pa.DataType, sizes: Sequence[int], data: bytes, known: pa.Buffer | None = None) -> pa.Array:
    ends = array("i", accumulate(sizes, initial=0))
    return pa.Array.from_buffers(kind, len(sizes), [known, pa.py_buffer(ends), pa.py_buffer(data)])


def decode(file: BinaryIO, end: int) -> Iterator[pa.RecordBatch]:
    """The pages of a segment up to byte `end`, each a batch of SHAPE. Raises StoreError for a damaged one."""
    at = 0
    while at < end:
        size, checksum = _head(file, at)
        body = file.read(size)
        if len(body) != size or zlib.crc32(body) != checksum:
            raise _damaged(file, at)
        at += _HEAD.size + size
        batch = zstandard.ZstdDecompressor().decompress(body, max_output_size=_LARGEST)
        yield pa.ipc.read_record_batch(pa.py_buffer(batch), SHAPE)


def _head(file: BinaryIO, at: int) -> tuple[int, int]:
    head = file.read(_HEAD.size)
    if len(head) != _HEAD.size:
        raise _damaged(file, at)
    size, checksum = _HEAD.unpack(head)
    return size, checksum


def _damaged(file: BinaryIO, at: int) -> StoreError:
    return StoreError(
        "a segment file is damaged",
        why=f"{getattr(file, 'name', 'the file')} does not hold what was written at byte {at}",
        safe="published facts are not affected",
        fix="restore the last backup, or reset the cursor of this object to read it again",
    )
