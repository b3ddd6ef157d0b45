"""Records of one kind, with the orders and indexes that the API reads them by."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Record = Mapping[str, Any]
Key = Any  # an int; of survey responses a text


class Table:
    """Records are never changed in place but replaced, so that a copy of the dictionary is a snapshot.

    `when` gives the second (epoch) that orders a record in the exports.
    """

    def __init__(self, when: Callable[[Record], int]) -> None:
        self.when = when
        self.records: dict[Key, Record] = {}
        self.hidden: frozenset[Key] = frozenset()
        self._ids: list[Key] | None = []
        self._timeline: list[tuple[int, Key]] | None = []
        self._indexes: dict[str, dict[str, list[Key]]] = {}

    def __len__(self) -> int:
        return len(self.records)

    def load(self, records: Iterable[Record]) -> None:
        self.records.update((record["id"], record) for record in records)
        self._forget()

    def get(self, key: Key) -> Record | None:
        """The record, unless it is hidden."""
        return None if key in self.hidden else self.records.get(key)

    def put(self, record: Record) -> None:
        """Add or replace."""
        key = record["id"]
        before = self.records.get(key)
        self.records[key] = record
        if before is None and self._ids is not None:
            insort(self._ids, key)
        if self._timeline is not None:
            if before is not None:
                self._timeline.pop(bisect_left(self._timeline, (self.when(before), key)))
            insort(self._timeline, (self.when(record), key))
        for name, index in self._indexes.items():
            _move(index, key, _text(before, name), _text(record, name))

    def ids(self) -> list[Key]:
        """Every id, ascending."""
        if self._ids is None:
            self._ids = sorted(self.records)
        return self._ids

    def timeline(self) -> list[tuple[int, Key]]:
        """(second, id) of every record, ascending."""
        if self._timeline is None:
            when = self.when
            self._timeline = sorted((when(record), key) for key, record in self.records.items())
        return self._timeline

    def where(self, name: str, value: Any) -> list[Key]:
        """Ids of the records whose field has this value, whatever its case; ascending."""
        index = self._indexes.get(name)
        if index is None:
            index = {}
            for key, record in self.records.items():
                _move(index, key, None, _text(record, name))
            self._indexes[name] = index
        return sorted(index.get(str(value).casefold(), ()))

    def snapshot(self) -> tuple[dict[Key, Record], frozenset[Key]]:
        return dict(self.records), self.hidden

    def restore(self, state: tuple[dict[Key, Record], frozenset[Key]]) -> None:
        self.records, self.hidden = dict(state[0]), state[1]
        self._forget()

    def _forget(self) -> None:
        self._ids = None
        self._timeline = None
        self._indexes = {}


def _text(record: Record | None, name: str) -> str | None:
    value = None if record is None else record.get(name)
    return None if value is None else str(value).casefold()


def _move(index: dict[str, list[Key]], key: Key, old: str | None, new: str | None) -> None:
    if old == new:
        return
    if old is not None:
        index[old].remove(key)
    if new is not None:
        index.setdefault(new, []).append(key)
