"""A page on disk: lengths, checksum, a note of where the reading stood, and the records as a compressed Arrow batch."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import BinaryIO

import msgspec
import pyarrow as pa
import zstandard

from cs_connector.errors import StoreError
from cs_connector.ports import Page, RawRecord
from cs_connector.transport.records import SHAPE, Records

_HEAD = struct.Struct("<III")  # lengths of the note and of the body, crc32 of these two and of both
_LENGTHS = struct.Struct("<II")
_LEVEL = -5  # as fast as may be: a segment is read once, and kept for a month


class Note(msgspec.Struct, omit_defaults=True):
    """What a page did to the reading: from the cursor `before` to `cursor`, with so many records.

    A page with `more` goes on in the next frame, and is whole with the first that has not.
    """

    before: str | None
    cursor: str
    records: int
    more: bool = False
    done: bool = False
    complete_to: datetime | None = None


_note = msgspec.msgpack.Decoder(Note)


class Encoder:
    """Makes frames, one at a time."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL)

    def frames(self, page: Page, before: str | None) -> Iterator[bytes]:
        """A frame for each batch of the page's records, one for a page without."""
        last: pa.RecordBatch | None = None
        for batch in batches(page.records):
            if last is not None:
                yield self._frame(Note(before, page.cursor, last.num_rows, more=True), last)
            last = batch
        yield self._frame(
            Note(before, page.cursor, _count(last), done=page.done, complete_to=page.complete_to), last
        )

    def _frame(self, note: Note, batch: pa.RecordBatch | None) -> bytes:
        said = msgspec.msgpack.encode(note)
        body = self._compressor.compress(batch.serialize()) if batch else b""
        sizes = len(said), len(body)
        return b"".join((_HEAD.pack(*sizes, _checksum(sizes, said, body)), said, body))


def batches(records: Sequence[RawRecord]) -> Iterable[pa.RecordBatch]:
    """The records of a page, of SHAPE."""
    if isinstance(records, Records):
        return records.batches
    return Records.of(*zip(*records, strict=True)).batches if records else []


def _count(batch: pa.RecordBatch | None) -> int:
    return batch.num_rows if batch else 0


def decode(file: BinaryIO, end: int) -> Iterator[pa.RecordBatch]:
    """The records of a segment up to byte `end`, in batches of SHAPE.

    Raises StoreError for damage.
    """
    at = 0
    codec = pa.Codec("zstd")  # into Arrow's memory, which is used again
    while at < end:
        found = _read(file, at, end)
        if found is None:
            raise _damaged(file, at)
        at, _, body = found
        if body:
            batch = codec.decompress(body, zstandard.frame_content_size(body))
            yield pa.ipc.read_record_batch(batch, SHAPE)


def notes(file: BinaryIO, at: int) -> Iterator[tuple[Note, int]]:
    """The notes of the frames from byte `at` on, each with the byte that it ends at, as far as they are whole."""
    end = file.seek(0, os.SEEK_END)
    file.seek(at)
    while found := _read(file, at, end):
        at, note, _ = found
        yield _note.decode(note), at


def _read(file: BinaryIO, at: int, end: int) -> tuple[int, bytes, bytes] | None:
    """Where the frame at byte `at` ends, its note and its body; None when it is not whole."""
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    *sizes, checksum = _HEAD.unpack(head)
    beyond = at + _HEAD.size + sum(sizes)
    if beyond > end:
        return None
    note, body = (file.read(size) for size in sizes)
    whole = _checksum(sizes, note, body) == checksum
    return (beyond, note, body) if whole else None


def _checksum(sizes: Sequence[int], note: bytes, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(note, zlib.crc32(_LENGTHS.pack(*sizes))))


def _damaged(file: BinaryIO, at: int) -> StoreError:
    return StoreError(
        "a segment file is damaged",
        why=f"{getattr(file, 'name', 'the file')} does not hold what was written at byte {at}",
        safe="published facts are not affected",
        fix="read its object from the beginning, cs-connector sync --anew CONNECTION.OBJECT, or restore the last backup",
    )
