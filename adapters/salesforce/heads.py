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
    rb'(?P<attributes>\{"attributes":\{"type":"\w+","url":"[^"\\]*/(?P<url>\w{18})"\},)'
    rb'"Id":"(?P<id>\w{18})","SystemModstamp":"(?P<stamp>[\d:.T-]{23})\+0000"'
)
_ATTRIBUTES = re.compile(rb'\A\{"attributes":\{[^{}]*\},')
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
    """The records of a page, each a part of its text. Raises msgspec.ValidationError for one without an id.

    Their `attributes` are left out: they say the object, and the id once more, in a fifth of all bytes.
    """
    if not parts:
        return Records([])
    found = _alike(content, parts) or [*_decoded(content), _bare(parts)]
    return Records([pa.RecordBatch.from_arrays(found, schema=SHAPE)])


def _bare(parts: Sequence[msgspec.Raw]) -> pa.BinaryArray:
    return binaries([_ATTRIBUTES.sub(b"{", part, 1) for part in parts])


def _decoded(content: bytes) -> list[pa.Array]:
    """Column by column, because a call for each of a million records adds up."""
    heads = _decode_all(content).records
    ids = [head.id if len(head.id) == _LONG else long_id(head.id) for head in heads]
    stamps = rezone(maybe([head.system or head.stamp for head in heads]), "+0000", "Z")
    return [texts(ids), stamps, flags(head.deleted for head in heads)]


def _alike(content: bytes, parts: Sequence[msgspec.Raw]) -> list[pa.Array] | None:
    """All columns, from where they stand in the first record; None where too many are written in another way."""
    first = bytes(parts[0])
    begin, rest, places = _FIRST.match(first), _LAST.search(first), _places(content, parts)
    if not begin or not rest or places is None:
        return None
    near, end = _around(content, places, len(begin[0]), len(rest[0]))
    url, ids, stamps = (near[:, slice(*begin.span(name))].copy() for name in _HOLES)
    for name in _HOLES:
        near[:, slice(*begin.span(name))] = _bytes(begin[name])
    apart = _others(near, _bytes(begin[0])) | _others(url, ids)
    odd = np.flatnonzero(apart | _others(end, _bytes(rest[0])))
    if len(odd) * _ODD > len(near):
        return None
    deleted = np.zeros(len(near), np.bool_)
    for at in odd.tolist():
        found = head(parts[at])
        id_, (stamp, zone) = long_id(found.id).encode(), _parted(found.stamp)
        if len(id_) != ids.shape[1] or len(stamp) != stamps.shape[1] or zone != _ZONE:
            return None
        ids[at], stamps[at], deleted[at] = _bytes(id_), _bytes(stamp), found.deleted
    if ids.tobytes().translate(None, _PLAIN) or stamps.tobytes().translate(None, _PLAIN):
        return None
    bare = _bare(parts) if apart.any() else _cut_off(content, places, begin.end("attributes"))
    return [even(ids), even(_zoned(stamps)), flags(deleted.tobytes()), bare]


def _places(content: bytes, parts: Sequence[msgspec.Raw]) -> Array | None:
    """Where each record begins, and one would that follows the last; None where more than a comma is between them."""
    lengths = np.fromiter(map(len, parts), np.int32, len(parts))
    places = np.zeros(len(parts) + 1, np.int32)
    np.cumsum(lengths + np.int32(1), out=places[1:])
    places += np.int32(content.find(parts[0]))
    commas = _bytes(content)[places[1:-1] - 1] == ord(",")
    whole = commas.all() and content[places[-2] : places[-1] - 1] == bytes(parts[-1])
    return places if whole else None


def _cut_off(content: bytes, places: Array, length: int) -> pa.BinaryArray:
    """Records without the attributes that each begins with, which are so long with the comma behind them."""
    from pyarrow import compute  # heavy, and only reading takes it

    buffers = [None, pa.py_buffer(places), pa.py_buffer(content)]
    whole = pa.Array.from_buffers(pa.binary(), len(places) - 1, buffers)
    rest = compute.binary_slice(whole, length - 1, -1)
    _, starts, data = rest.buffers()
    np.frombuffer(data, np.uint8)[np.frombuffer(starts, np.int32)[:-1]] = ord("{")  # it was made for us alone
    return rest


def _around(content: bytes, places: Array, begin: int, end: int) -> tuple[Array, Array]:
    """So many bytes from the begin and from the end of each record, a row each. Those of one that is shorter than both are
    taken from the first, one character on and from its begin: no record begins or ends so.
    """
    starts, ends = places[:-1], places[1:] - 1
    short = np.flatnonzero(ends - starts < begin + end)
    near, far = starts.copy(), ends - end
    near[short], far[short] = starts[0] + 1, starts[0]
    return _cut(content, near, begin), _cut(content, far, end)


def _cut(content: bytes, places: Array, length: int) -> Array:
    """So many bytes from each place, a row each."""
    windows = np.ndarray((len(content) - length + 1,), f"V{length}", content, strides=(1,))
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
