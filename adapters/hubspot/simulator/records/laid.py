"""Records as they lie in a file: each as an answer shows it that asks for all that any of them has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import NamedTuple
from weakref import WeakKeyDictionary

import msgspec
from msgspec import UNSET, UnsetType

from cs_connector.sandbox.packed import Pack
from cs_connector.sandbox.wire import Body

from ..times import parsed
from .kinds import Kind

WIDE = 2  # times what a record has on average; where all of them have more than that, nothing stands for the rest
_BEHIND = b'},"createdAt":'  # the properties, and nothing else: what is in them are texts, with their quotes escaped


class Record(NamedTuple):
    """A version of a record, never changed in place. `properties` holds no empty values."""

    id: int
    properties: Mapping[str, str]
    modified: int
    archived_at: str | None = None


class Laid(msgspec.Struct, gc=False):
    """A live record in a file. Where `modified` is said, the properties that others have may be missing."""

    id: str
    properties: dict[str, str | None]
    createdAt: str  # noqa: N815 — HubSpot's names
    updatedAt: str  # noqa: N815
    archived: bool
    url: str
    modified: int | UnsetType = UNSET


class _Read(msgspec.Struct, gc=False):
    """What is read of it."""

    id: str
    properties: dict[str, str | None]
    updatedAt: str  # noqa: N815
    modified: int | UnsetType = UNSET


class Laying:
    """Writes records of a kind. It looks at all of them first, when it comes to the first one."""

    def __init__(self, kind: Kind, address: str, records: Mapping[int, Record]) -> None:
        self._kind, self._address, self._records = kind, address, records

    def write(self, record: Record) -> bytes:
        held, kind = record.properties, self._kind
        names, modified = self._names, UNSET if self._names else record.modified
        shown = {name: held.get(name) for name in names or sorted(held)}
        times = held.get(kind.created, ""), held.get(kind.modified, "")
        url = f"{self._address}{record.id}"
        return msgspec.json.encode(Laid(str(record.id), shown, *times, False, url, modified))

    @cached_property
    def _names(self) -> tuple[str, ...]:
        """All properties that any record has, in order; none, where records cannot be shown with all of them."""
        names, total, kind = set[str](), 0, self._kind
        for record in self._records.values():
            held = record.properties
            names.update(held)
            total += len(held)
            if kind.created not in held or parsed(held.get(kind.modified, "0")) != record.modified:
                return ()
        return tuple(sorted(names)) if len(names) * len(self._records) <= WIDE * total else ()


_read = msgspec.json.Decoder(_Read).decode
_known: WeakKeyDictionary[Pack, frozenset[str] | None] = WeakKeyDictionary()


def read(data: bytes) -> Record:
    found = _read(data)
    held = found.properties
    if None in held.values():
        held = {name: value for name, value in held.items() if value is not None}
    modified = parsed(found.updatedAt) if found.modified is UNSET else found.modified
    return Record(int(found.id), held, modified)  # type: ignore[arg-type]  # it has no None


def beyond(pack: Pack, columns: tuple[str, ...]) -> bytes | None:
    """What the records of a file lack of an answer with these properties; None where they say more, or less."""
    if pack not in _known:
        first = _read(pack.raw(0))
        _known[pack] = frozenset(first.properties) if first.modified is UNSET else None
    names = _known[pack]
    return None if names is None else _beyond(names, columns)


def filled(data: Body, more: bytes) -> Body:
    """Records with what they lack."""
    return bytes(data).replace(_BEHIND, more + _BEHIND) if more else data


@lru_cache(maxsize=256)
def _beyond(names: frozenset[str], columns: tuple[str, ...]) -> bytes | None:
    if not names.issubset(columns):
        return None
    return b"".join(b",%b:null" % msgspec.json.encode(name) for name in columns if name not in names)
