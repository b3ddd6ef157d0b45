"""A page on disk: length, checksum, and the records packed and compressed."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import msgspec
import zstandard

from cs_connector.errors import StoreError
from cs_connector.ports import RawRecord

_HEAD = struct.Struct("<II")  # length of the body, its crc32
_LEVEL = 1
_LARGEST = 1 << 31


class Frame(msgspec.Struct, array_like=True):
    """The records of a page, column by column."""

    ids: list[str]
    modified: list[str | None]
    deleted: list[bool]
    payloads: list[bytes]


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Frame).decode


def encode(records: Sequence[RawRecord]) -> bytes:
    columns = Frame(
        [r.id for r in records],
        [r.modified_at for r in records],
        [r.deleted for r in records],
        [r.payload for r in records],
    )
    body = zstandard.ZstdCompressor(level=_LEVEL).compress(_pack(columns))
    return _HEAD.pack(len(body), zlib.crc32(body)) + body


def decode(file: BinaryIO, end: int) -> Iterator[Frame]:
    """The pages of a segment up to byte `end`. Raises StoreError for a damaged one."""
    at = 0
    while at < end:
        size, checksum = _head(file, at)
        body = file.read(size)
        if len(body) != size or zlib.crc32(body) != checksum:
            raise _damaged(file, at)
        at += _HEAD.size + size
        yield _unpack(zstandard.ZstdDecompressor().decompress(body, max_output_size=_LARGEST))


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
