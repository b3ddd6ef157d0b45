"""The recycle bin: what was deleted in the last 15 days, what went with it, and what is gone for good."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from ..schema.schema import Schema
from ..times import read_time
from .rows import Rows

KEPT = timedelta(days=15)


class Gone(NamedTuple):
    """A record that no query finds any more; `at` is when it was deleted."""

    object: str
    id: str
    at: str


class Cut(NamedTuple):
    """A lookup that was cleared because its target was deleted."""

    object: str
    id: str
    field: str
    target: str


@dataclass(frozen=True, slots=True)
class Deletion:
    """A deleted record, the records that went with it (object, id), and the lookups that were cleared."""

    object: str
    id: str
    at: datetime
    members: tuple[tuple[str, str], ...] = ()
    cuts: tuple[Cut, ...] = ()


@dataclass(frozen=True, slots=True)
class KeptBin:
    deletions: dict[str, Deletion]
    gone: tuple[Gone, ...]


class Bin:
    """`note` gets, for every change, how to take it back."""

    def __init__(
        self,
        schema: Schema,
        rows: Rows,
        now: Callable[[], datetime],
        note: Callable[[Callable[[], None]], None],
    ) -> None:
        self._schema, self._rows, self._now, self._note = schema, rows, now, note
        self._deletions: dict[str, Deletion] = {}
        self._gone: list[Gone] = []
        self._next: datetime | None = None

    def throw(self, deletion: Deletion) -> None:
        self._keep(deletion)
        self._note(lambda: self._forget(deletion.id))

    def holding(self, record_id: str) -> Deletion | None:
        return self._deletions.get(record_id)

    def take(self, record_id: str) -> None:
        held = self._deletions.pop(record_id, None)
        if held is not None:
            self._note(lambda: self._keep(held))

    def adopt(self, object_name: str, record_id: str, at: str) -> None:
        """A record that was deleted before the sandbox began."""
        self._keep(Deletion(object_name, record_id, read_time(at)))

    def bury(self, object_name: str, record_id: str, at: str) -> None:
        """The record is gone: only the list of deleted records still knows it."""
        self.take(record_id)
        gone = Gone(object_name, record_id, at)
        self._gone.append(gone)
        self._note(lambda: self._gone.remove(gone))

    def gone(self, object_name: str) -> Iterator[Gone]:
        return (g for g in self._gone if g.object == object_name)

    def sweep(self) -> None:
        """What lay in the bin for 15 days is gone."""
        if self._next is None or (now := self._now()) < self._next:
            return
        for deletion in [d for d in self._deletions.values() if d.at + KEPT <= now]:
            for object_name, record_id in ((deletion.object, deletion.id), *deletion.members):
                self._purge(object_name, record_id)
        self._next = min((d.at + KEPT for d in self._deletions.values()), default=None)

    def _purge(self, object_name: str, record_id: str) -> None:
        obj = self._schema.objects.get(object_name.lower())
        row = self._rows.of(obj).rows.get(record_id) if obj else None
        if obj is not None and row is not None and row.get("IsDeleted"):
            self._rows.of(obj).put(record_id, None)
            self._gone.append(Gone(object_name, record_id, row["SystemModstamp"]))
        self._forget(record_id)

    def _keep(self, deletion: Deletion) -> None:
        self._deletions[deletion.id] = deletion
        if self._next is None or deletion.at + KEPT < self._next:
            self._next = deletion.at + KEPT

    def _forget(self, record_id: str) -> None:
        self._deletions.pop(record_id, None)

    def copy(self) -> KeptBin:
        return KeptBin(dict(self._deletions), tuple(self._gone))

    def restore(self, kept: KeptBin) -> None:
        self._deletions, self._gone = dict(kept.deletions), list(kept.gone)
        self._next = min((d.at + KEPT for d in self._deletions.values()), default=None)
