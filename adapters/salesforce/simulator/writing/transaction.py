"""What was written and not yet committed: it can be taken back, or goes to the ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from cs_connector.sandbox.ledger import Ledger

from ..schema.schema import ObjectType
from .rows import Row, Rows

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Done:
    """A change of one record that can still be taken back; `named` are the fields that the ledger shows.

    An action SYSTEM is the org's own work (roll-ups, activity dates) and no mutation.
    """

    object: ObjectType
    id: str
    action: str
    before: Row | None
    after: Row | None
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """Something beside the records that changed with them; `undo` takes it back."""

    undo: Callable[[], None]


class Transaction:
    """`commit` or `rollback` must follow a `put`.

    `lag` is how much later than its stamp a committed change is seen. `watchers` are called, by the object's name,
    after records of theirs were committed or taken back.
    """

    def __init__(self, name: str, rows: Rows, ledger: Ledger, now: Callable[[], datetime]) -> None:
        self._name, self._rows, self._ledger, self._now = name, rows, ledger, now
        self._open: list[Done | Note] = []
        self._holders = 0
        self.lag = timedelta()
        self.watchers: dict[str, Callable[[], None]] = {}

    def put(self, done: Done) -> None:
        table = self._rows.of(done.object)
        table.put(done.id, done.after)
        if self.lag:
            table.veil(done.id, self._now() + self.lag, done.before)
        self._open.append(done)

    def note(self, undo: Callable[[], None]) -> None:
        """Take this back as well if what was written is taken back."""
        self._open.append(Note(undo))

    @property
    def mark(self) -> int:
        """Where the transaction stands: what comes after can be taken back alone."""
        return len(self._open)

    def back_to(self, mark: int) -> None:
        undone = self._open[mark:]
        del self._open[mark:]
        for change in reversed(undone):
            if isinstance(change, Note):
                change.undo()
            else:
                self._take_back(change)
        self._tell(undone)

    def _take_back(self, done: Done) -> None:
        table = self._rows.of(done.object)
        table.put(done.id, done.before)
        if self.lag:
            table.veils[done.id].pop()

    def rollback(self) -> None:
        self.back_to(0)

    def since(self, mark: int) -> list[Done]:
        return [change for change in self._open[mark:] if isinstance(change, Done)]

    @contextmanager
    def held(self) -> Iterator[None]:
        """Commits wait until the end of the outermost block, so that all can still be taken back."""
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1

    @property
    def is_held(self) -> bool:
        return self._holders > 0

    def commit(self) -> None:
        if self._holders:
            return
        for done in self.since(0):
            if done.action != SYSTEM:
                self._write(done)
        committed, self._open = self._open, []
        self._tell(committed)

    def _tell(self, changes: list[Done | Note]) -> None:
        names = {change.object.name for change in changes if isinstance(change, Done)}
        for name in names & self.watchers.keys():
            self.watchers[name]()

    def _write(self, done: Done) -> None:
        before, after = (_named(done, row) for row in (done.before, done.after))
        self._ledger.write(self._name, done.object.name, done.id, done.action, before, after)


def _named(done: Done, row: Row | None) -> Row | None:
    if row is None:
        return None
    fields = done.object.fields
    shown: Row = {}
    for name in done.named:
        field = fields.get(name.lower())
        shown[name] = row.get(name, field.absent if field else None)
    return shown
