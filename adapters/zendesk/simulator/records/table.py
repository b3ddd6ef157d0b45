"""Records of one kind, with the orders and indexes that the API reads them by."""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec

from cs_connector.sandbox.index import Index
from cs_connector.sandbox.records import Records, by_time, in_order, several
from cs_connector.sandbox.stored import Stored, opened

Record = Mapping[str, Any]
Key = Any  # an int; of survey responses a text
When = Callable[[Record], int]
Keep = Callable[[Record], bool]
INDEXED = (  # ready in a sandbox that was kept
    "organization_id",
    "requester_id",
    "external_id",
    "email",
    "user_id",
    "ticket_id",
    "custom_object_key",
)
_versions = count(1)


@dataclass(slots=True)
class Kept:
    """A table as it was; of one that comes from a file, `when` is not there."""

    records: MutableMapping[Key, Record]
    hidden: frozenset[Key]
    when: When | None = None

    def __getstate__(self) -> tuple[Stored[Record], frozenset[Key]]:
        texts = {name: _texts(name) for name in INDEXED}
        return Stored(self.records, msgspec.json.encode, self.when, texts), self.hidden

    def __setstate__(self, state: tuple[Any, frozenset[Key]]) -> None:
        self.records, self.hidden = opened(state[0], msgspec.json.decode), state[1]
        self.when = None


class Table:
    """Records are never changed in place but replaced, so that a copy of the mapping is a snapshot.

    `when` gives the second (epoch) that orders a record in the exports; `version` is another number after a change.
    """

    def __init__(self, when: When) -> None:
        self.when = when
        self.records: MutableMapping[Key, Record] = {}
        self.hidden: frozenset[Key] = frozenset()
        self.version = next(_versions)
        self._ids: Any = []
        self._timeline: Any = []
        self._indexes: dict[str, Index[Record]] = {}
        self._kept: tuple[Keep, frozenset[Key], Any] | None = None

    def __len__(self) -> int:
        return len(self.records)

    def __contains__(self, key: Key) -> bool:
        """Whether the record is there, hidden or not."""
        return key in self.records

    def load(self, records: Iterable[Record]) -> None:
        self.records.update((record["id"], record) for record in records)
        self._forget()

    def get(self, key: Key) -> Record | None:
        """The record, unless it is hidden."""
        return None if key in self.hidden else self.records.get(key)

    def several(self, keys: Sequence[Key]) -> Iterable[Record | None]:
        """What `get` gives for each key."""
        found = several(self.records, keys)
        return (
            (None if key in self.hidden else r for key, r in zip(keys, found, strict=True))
            if self.hidden
            else found
        )

    def put(self, record: Record) -> None:
        """Add or replace."""
        key = record["id"]
        self.version = next(_versions)
        before = self.records.get(key)
        self.records[key] = record
        if before is None and self._ids is not None:
            insort(self._ids, key)
        if self._timeline is not None:
            if before is not None:
                self._timeline.pop(bisect_left(self._timeline, (self.when(before), key)))
            insort(self._timeline, (self.when(record), key))
        for index in self._indexes.values():
            index.move(key, before, record)
        self._follow(key, before, record)

    def _follow(self, key: Key, before: Record | None, after: Record) -> None:
        """Keep the ids of the last test as they would be found now."""
        if self._kept is None or key in self._kept[1]:
            return
        keep, _, ids = self._kept
        was, here = before is not None and keep(before), keep(after)
        if was and not here:
            del ids[bisect_left(ids, key)]
        elif here and not was:
            insort(ids, key)

    def remove(self, key: Key) -> Record:
        """Take a record out for good, and give it back."""
        before = self.records[key]
        self.version = next(_versions)
        del self.records[key]
        if self._ids is not None:
            self._ids.pop(bisect_left(self._ids, key))
        if self._timeline is not None:
            self._timeline.pop(bisect_left(self._timeline, (self.when(before), key)))
        for index in self._indexes.values():
            index.move(key, before, None)
        return before

    def ids(self) -> Sequence[Key]:
        """Every id, ascending."""
        if self._ids is None:
            self._ids = in_order(self.records)
        found: Sequence[Key] = self._ids
        return found

    def timeline(self) -> Sequence[tuple[int, Key]]:
        """(second, id) of every record, ascending."""
        if self._timeline is None:
            self._timeline = by_time(self.records, self.when)
        found: Sequence[tuple[int, Key]] = self._timeline
        return found

    def kept(self, keep: Keep) -> Sequence[Key]:
        """Ids of the records that are not hidden and pass a test, ascending."""
        if self._kept is None or self._kept[:2] != (keep, self.hidden):
            hidden, many = self.hidden, isinstance(self.records, Records)
            found = [key for key, record in self.records.items() if key not in hidden and keep(record)]
            self._kept = keep, hidden, array("q", sorted(found)) if many else sorted(found)
        return self._kept[2]

    def where(self, name: str, value: Any) -> list[Key]:
        """Ids of the records whose field has this value, whatever its case; ascending."""
        index = self._indexes.get(name)
        if index is None:
            index = self._indexes[name] = Index(name, _texts(name), self.records)
        return sorted(index.find(str(value).casefold()))

    def snapshot(self) -> Kept:
        return Kept(copy(self.records), self.hidden, self.when)

    def restore(self, kept: Kept) -> None:
        self.records, self.hidden = copy(kept.records), kept.hidden
        self._forget()

    def _forget(self) -> None:
        self._ids = None
        self._timeline = None
        self._indexes = {}
        self._kept = None
        self.version = next(_versions)


def _texts(name: str) -> Callable[[Record], str | None]:
    """What a record has in a field, as it is looked for."""

    def text(record: Record) -> str | None:
        value = record.get(name)
        return None if value is None else str(value).casefold()

    return text
