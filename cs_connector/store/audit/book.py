"""Writing the audit: whoever commits what a CRM took writes the rows of it in the same transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
import sqlalchemy as sa

from cs_connector.ports import Action, Value, Verdict
from cs_connector.store.rows import insert
from cs_connector.store.tables import audit, connections, runs

Values = Mapping[str, Value] | msgspec.Raw
START = "0" * 64  # what the first row is sealed with
HIDDEN = "hmac:"
_encode = msgspec.json.Encoder().encode
_sorted = msgspec.json.Encoder(order="sorted").encode
TAKEN = (Verdict.CREATED, Verdict.UPDATED, Verdict.DELETED)


class Entry(msgspec.Struct, gc=False):
    """One change that a CRM took.

    `record_id` is the one that the CRM answered with. `before` are the values that the plan found in the fields that
    `after` has, None where no record was known; a record that was deleted has `before` and an empty `after`. Values that are
    packed already, as a JSON object with sorted names, are sealed as that text.
    """

    connection: str
    object: str
    key: str
    record_id: str | None
    action: Action
    verdict: Verdict
    before: Values | None
    after: Values
    reason: str = ""


class Head(NamedTuple):
    """The last row of the chain."""

    id: int
    hash: str


def _plain(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Audit:
    """Where the changes of a run are written down.

    `personal` names the fields of each (connection, object) whose values may tell who a person is: of those only a keyed
    digest is kept, made by `hide`.
    """

    personal: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    hide: Callable[[str], str] = _plain

    def append(self, db: sa.Connection, at: datetime, run: str, entries: Sequence[Entry]) -> None:
        """Write the rows of changes that `run` sent, inside the caller's `State.begin()`; nothing for no entries.

        Only what was taken belongs here: created, updated or deleted, whoever found out and when.
        """
        if not entries:
            return
        actor, orgs, last = _actor(db, run), _orgs(db), head(db)
        moment, before, written = stamp(at), last.hash, []
        for number, entry in enumerate(entries, last.id + 1):
            told = (entry.connection, orgs.get(entry.connection), *self._told(entry))
            found = digest(before, number, run, moment, actor, *told)
            written.append((number, run, at, actor, *told, before, found))
            before = found
        insert(db, audit, written)

    def hidden(self, connection: str, object_name: str, name: str, value: Value) -> Value:
        """A value in the form in which it is kept, to compare one with what is on record."""
        if value is None or name not in self.personal.get((connection, object_name), ()):
            return value
        return HIDDEN + self.hide(f"{connection}\0{object_name}\0{name}\0{value}")

    def _told(self, entry: Entry) -> tuple[str | None, ...]:
        assert entry.verdict in TAKEN
        return (
            entry.object,
            entry.key,
            entry.record_id,
            entry.action.value,
            entry.verdict.value,
            None if entry.before is None else self._text(entry, entry.before),
            self._text(entry, entry.after),
            entry.reason,
        )

    def _text(self, entry: Entry, values: Values) -> str:
        if (entry.connection, entry.object) in self.personal:
            values = msgspec.json.decode(values) if isinstance(values, msgspec.Raw) else values
            values = {n: self.hidden(entry.connection, entry.object, n, v) for n, v in values.items()}
        return _sorted(values).decode()


def head(db: sa.Connection) -> Head:
    """The last row; writers run one at a time, so in `State.begin()` it stays the last."""
    row = db.execute(sa.select(audit.c.id, audit.c.hash).order_by(audit.c.id.desc()).limit(1)).one_or_none()
    return Head(row.id, row.hash) if row else Head(0, START)


def _actor(db: sa.Connection, run: str) -> str | None:
    return db.scalar(sa.select(runs.c.actor).where(runs.c.id == run))


def _orgs(db: sa.Connection) -> dict[str, str]:
    return {row.name: row.org_id for row in db.execute(sa.select(connections.c.name, connections.c.org_id))}


def stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def digest(before: str, *told: str | int | None) -> str:
    """The hash of a row: SHA-256 of the JSON array of the hash of the row before and of every other column, in order.

    Without spaces, in UTF-8, the moment as `stamp`. The form is for ever: another one would break the chains that are
    there.
    """
    return hashlib.sha256(_encode((before, *told))).hexdigest()
