"""What is needed of every record of a page: its id, its stamp, and whether it was deleted.

The records of a page are written alike, so these stand in all of them where they stand in the first. Decoding them, with
an object of Python for each, took a quarter of all that reading, landing and folding takes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from cs_connector.transport.records import SHAPE, Records, binaries, even, flags, maybe, texts

from .soql import long_id
from .times import rezone

_LONG = 18  # characters of a full id
_FIRST = re.compile(
    rb'\{"attributes":\{"type":"\w+","url":"[^"\\]*/(?P<url>\w{18})"\},'
    rb'"Id":"(?P<id>\w{18})","SystemModstamp":"(?P<stamp>[\d:.T-]{23})\+0000"'
)
_LAST = re.compile(rb',"IsDeleted":false(,"MasterRecordId":null)?\}\Z')
_PLAIN = (
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-:."  # what ids and stamps are made of
)
_ZONE = b"+0000"
_HOLES = ("url", "id", "stamp")
_ODD = 8  # one record in so many may be another than the first; where there are more, all are decoded

Array = np.ndarray[Any, np.dtype[Any]]


class Head(msgspec.Struct, gc=False):
    """What we look at in a record."""

    id: str = msgspec.field(name="Id")
    system: str | None = msgspec.field(default=None, name="SystemModstamp")
    modified: str | None = msgspec.field(default=None, name="LastModifiedDate")
    created: str | None = msgspec.field(default=None, name="CreatedDate")
    login: str | None = msgspec.field(default=None, name="LoginTime")
    deleted: bool = msgspec.field(default=False, name="IsDeleted")

    @property
    def stamp(self) -> str | None:
        return self.system or self.modified or self.created or self.login


class Heads(msgspec.Struct):
    """The same answer again: reading it twice costs less than a call for each record."""

    records: list[Head]


_decode = msgspec.json.Decoder(Head).decode
_decode_all = msgspec.json.Decoder(Heads).decode


def head(text: msgspec.Raw | bytes) -> Head:
    """Of one record. Raises msgspec.ValidationError for one without an id."""
    return _decode(text)


def records(content: bytes, parts: Sequence[msgspec.Raw]) -> Records:
    """The records of a page, each a part of its text. Raises msgspec.ValidationError for one without an id."""
    if not parts:
        return Records([])
    payloads = binaries(parts)
    found = _alike(payloads) or _decoded(content)
    return Records([pa.RecordBatch.from_arrays([*found, payloads], schema=SHAPE)])


def _decoded(content: bytes) -> list[pa.Array]:
    """Column by column, because a call for each of a million records adds up."""
    heads = _decode_all(content).records
    ids = [head.id if len(head.id) == _LONG else long_id(head.id) for head in heads]
    stamps = rezone(maybe([head.system or head.stamp for head in heads]), "+0000", "Z")
    return [texts(ids), stamps, flags(head.deleted for head in heads)]


def _alike(payloads: pa.BinaryArray) -> list[pa.Array] | None:
    """The same from where it stands in the first record; None where too many are written in another way."""
    first = payloads[0].as_py()
    begin, rest = _FIRST.match(first), _LAST.search(first)
    if not begin or not rest:
        return None
    near, end = _around(payloads, len(begin[0]), len(rest[0]))
    url, ids, stamps = (near[:, slice(*begin.span(name))].copy() for name in _HOLES)
    for name in _HOLES:
        near[:, slice(*begin.span(name))] = _bytes(begin[name])
    odd = np.flatnonzero(_others(near, _bytes(begin[0])) | _others(end, _bytes(rest[0])) | _others(url, ids))
    if len(odd) * _ODD > len(near):
        return None
    deleted = np.zeros(len(near), np.bool_)
    for at in odd.tolist():
        found = head(payloads[at].as_py())
        id_, (stamp, zone) = long_id(found.id).encode(), _parted(found.stamp)
        if len(id_) != ids.shape[1] or len(stamp) != stamps.shape[1] or zone != _ZONE:
            return None
        ids[at], stamps[at], deleted[at] = _bytes(id_), _bytes(stamp), found.deleted
    if ids.tobytes().translate(None, _PLAIN) or stamps.tobytes().translate(None, _PLAIN):
        return None
    return [even(ids), even(_zoned(stamps)), flags(deleted.tolist())]


def _around(payloads: pa.BinaryArray, begin: int, end: int) -> tuple[Array, Array]:
    """So many bytes from the begin and from the end of each text, a row each. The end of one that is shorter than both is
    made the begin of the first, which ends no record.
    """
    places = np.frombuffer(payloads.buffers()[1], np.int32)
    starts, ends = places[:-1], places[1:]
    short = np.flatnonzero(ends - starts < begin + end)
    near, far = starts.copy(), ends - end
    near[short], far[short] = near[0], near[0]
    return _cut(payloads, near, begin), _cut(payloads, far, end)


def _cut(payloads: pa.BinaryArray, places: Array, length: int) -> Array:
    """So many bytes from each place, a row each."""
    data = payloads.buffers()[2]
    windows = np.ndarray((data.size - length + 1,), f"V{length}", data, strides=(1,))
    found: Array = windows[places].view(np.uint8).reshape(len(places), length)
    return found


def _others(texts: Array, like: Array) -> Array:
    """Which rows are others than those of `like`, or than its only one. Most pages have none: that is seen at less cost."""
    same = texts == like
    found: Array = np.zeros(len(texts), np.bool_) if same.all() else ~same.all(axis=1)
    return found


def _parted(stamp: str | None) -> tuple[bytes, bytes]:
    """The time and its zone."""
    text = (stamp or "").encode()
    return text[: -len(_ZONE)], text[-len(_ZONE) :]


def _zoned(stamps: Array) -> Array:
    """As the store has them."""
    zoned = np.full((stamps.shape[0], stamps.shape[1] + 1), ord("Z"), np.uint8)
    zoned[:, :-1] = stamps
    return zoned


def _bytes(text: bytes) -> Array:
    return np.frombuffer(text, np.uint8)
