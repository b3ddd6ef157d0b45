"""Records of one kind, with the orders and indexes that the API reads them by."""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from copy import copy
from itertools import compress, count, repeat
from typing import Any

from cs_connector.sandbox.index import Index
from cs_connector.sandbox.records import Records, by_time, in_order, several

from .kept import Drawn, Kept, Key, Record, When, texts
from .look import Look

__all__ = ["Keep", "Key", "Record", "Table"]

Keep = Callable[[Record], bool]
_versions = count(1)


class Table:
    """Records are never changed in place but replaced, so that a copy of the mapping is a snapshot.

    `when` gives the second (epoch) that orders a record in the exports; `version` is another number after a change.
    `gone` are the ids of records that lists leave out, by the test `alive`. `drawn` are answers that came with a file.
    """

    def __init__(self, when: When) -> None:
        self.when = when
        self.records: MutableMapping[Key, Record] = {}
        self.hidden: frozenset[Key] = frozenset()
        self.gone: set[Key] = set()
        self.alive: Keep | None = None
        self.drawn = Drawn()
        self.version = next(_versions)
        self._look: Look | None = None
        self._ids: Any = []
        self._timeline: Any = []
        self._indexes: dict[str, Index[Record]] = {}
        self._kept: tuple[Keep, frozenset[Key], Any] | None = None

    def __len__(self) -> int:
        return len(self.records)

    def __contains__(self, key: Key) -> bool:
        """Whether the record is there, hidden or not."""
        return key in self.records

    def shown_by(self, look: Look, alive: Keep) -> None:
        """How records look in answers, and which of them lists show; told before there are any."""
        self._look, self.alive = look, alive

    def load(self, records: Iterable[Record]) -> None:
        for record in records:
            self.records[record["id"]] = record
            self._judge(record["id"], record)
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

    def listed(self, keys: Sequence[Key]) -> Iterable[bool] | None:
        """Whether lists show each of these ids of the table, known without reading the records; None: all of them."""
        hidden, gone = self.hidden, self.gone
        if not (hidden or gone):
            return None
        return (key not in gone and key not in hidden for key in keys)

    def put(self, record: Record) -> None:
        """Add or replace."""
        key = record["id"]
        self.version = next(_versions)
        before = self.records.get(key)
        self.records[key] = record
        self._judge(key, record)
        if before is None and self._ids is not None:
            insort(self._ids, key)
        if self._timeline is not None:
            if before is not None:
                self._timeline.pop(bisect_left(self._timeline, (self.when(before), key)))
            insort(self._timeline, (self.when(record), key))
        for index in self._indexes.values():
            index.move(key, before, record)
        self._follow(key, before, record)

    def _judge(self, key: Key, record: Record) -> None:
        """A record is new, or another one now: whether lists show it, and that it was not drawn."""
        if key in self.drawn.held:
            del self.drawn.held[key]
        if self.alive is None or self.alive(record):
            self.gone.discard(key)
        else:
            self.gone.add(key)

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
        self.drawn.held.pop(key, None)
        self.gone.discard(key)
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
            many = isinstance(self.records, Records)
            found = sorted(self._passing(keep))
            self._kept = keep, self.hidden, array("q", found) if many else found
        return self._kept[2]

    def _passing(self, keep: Keep) -> Iterable[Key]:
        if keep == self.alive:
            return compress(self.ids(), self.listed(self.ids()) or repeat(True))
        hidden = self.hidden
        return (key for key, record in self.records.items() if key not in hidden and keep(record))

    def where(self, name: str, value: Any) -> list[Key]:
        """Ids of the records whose field has this value, whatever its case; ascending."""
        index = self._indexes.get(name)
        if index is None:
            index = self._indexes[name] = Index(name, texts(name), self.records)
        return sorted(index.find(str(value).casefold()))

    def snapshot(self) -> Kept:
        drawn = Drawn(copy(self.drawn.held), self.drawn.sign)
        return Kept(copy(self.records), self.hidden, set(self.gone), drawn, self.when, self._look)

    def restore(self, kept: Kept) -> None:
        self.records, self.hidden, self.gone = copy(kept.records), kept.hidden, set(kept.gone)
        self.drawn = Drawn(copy(kept.drawn.held), kept.drawn.sign)
        self._forget()

    def _forget(self) -> None:
        self._ids = None
        self._timeline = None
        self._indexes = {}
        self._kept = None
        self.version = next(_versions)
