"""The records. A record is never changed in place: a change puts a new one in its stead."""

from __future__ import annotations

from binascii import crc32
from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterable, Iterator, MutableMapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec

from cs_connector.sandbox.index import Index
from cs_connector.sandbox.layout import Part
from cs_connector.sandbox.pieces import Columns
from cs_connector.sandbox.records import Records, by_time, in_order
from cs_connector.sandbox.sheet import Look
from cs_connector.sandbox.stored import Stored, opened
from cs_connector.sandbox.wire import Body

from ..ids import make_id
from ..schema.schema import Field, ObjectType

Row = dict[str, Any]
Veil = tuple[datetime, Row | None]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
CHUNK = 1000  # records that are read together
MOST_PARENTS = 2000  # above it a walk over all records is as quick
_versions = count(1)
_decode = msgspec.json.Decoder().decode
_raw = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


@dataclass(slots=True)
class Table:
    """The records of one object, in memory or for the most part in a file.

    `veils` holds, for a record whose change is not yet committed, until when queries see which older version.
    `watched` names the fields that have an index when the table is read from a file. `version` is another
    number after every change; `gone` counts the records that only queryAll sees.
    """

    rows: MutableMapping[str, Row] = field(default_factory=dict)
    veils: dict[str, list[Veil]] = field(default_factory=dict)
    made: int = 0
    numbered: int = 0
    hidden: float = 0.0
    watched: frozenset[str] = frozenset()
    version: int = 0
    gone: int = 0
    index: dict[str, Index[Row]] = field(default_factory=dict, repr=False)
    _line: Any = field(default=None, repr=False)
    _ids: Any = field(default=None, repr=False)

    def copy(self) -> Table:
        """A copy that later changes do not touch; its indexes are made when they are needed."""
        veils = {k: list(v) for k, v in self.veils.items()}
        rows, counters = copy(self.rows), (self.made, self.numbered)
        return Table(rows, veils, *counters, self.hidden, self.watched, self.version, self.gone)

    def __getstate__(self) -> tuple[Any, ...]:
        texts = {name: text_of(name) for name in sorted({*self.watched, *self.index})}
        stored = Stored(self.rows, msgspec.json.encode, changed_at, texts, Columns(pieces))
        return stored, self.veils, self.made, self.numbered, self.hidden, self.watched, self.gone

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        stored, self.veils, self.made, self.numbered, self.hidden, self.watched, self.gone = state
        self.rows = opened(stored, _decode)
        self.index, self.version = {}, next(_versions)
        self._line = self._ids = None

    @property
    def in_file(self) -> bool:
        """Whether most of its records lie in a file."""
        return isinstance(self.rows, Records)

    def new_id(self, prefix: str) -> str:
        self.made += 1
        record_id = make_id(prefix, self.made)
        return record_id if record_id not in self.rows else self.new_id(prefix)

    def put(self, record_id: str, row: Row | None) -> Row | None:
        """Store a record, or forget it with None; answers what was there."""
        before = self.rows.get(record_id)
        if row is None:
            self.rows.pop(record_id, None)
        else:
            self.rows[record_id] = row
        self.version = next(_versions)
        self.gone += _is_gone(row) - _is_gone(before)
        if self._line is not None:
            self._move(record_id, before, row)
        if self._ids is not None and (before is None) != (row is None):
            self._list(record_id, new=before is None)
        for index in self.index.values():
            index.move(record_id, before, row)
        return before

    def watch(self, indexed: Field) -> None:
        """Keep an index over this field."""
        self.index[indexed.name] = Index(indexed.name, text_of(indexed.name), self.rows)

    def holding(self, indexed: Field, value: Any) -> list[str]:
        """Ids of the living records with this value in an indexed field."""
        if indexed.name not in self.index:
            self.watch(indexed)
        found = self.index[indexed.name].find(str(value).lower())
        if not indexed.case_sensitive:
            return found
        return [i for i in found if self.rows[i].get(indexed.name) == value]

    def line(self) -> Sequence[tuple[int, str]]:
        """(SystemModstamp in milliseconds, id) of every record, ascending."""
        if self._line is None:
            self._line = by_time(self.rows, changed_at)
        found: Sequence[tuple[int, str]] = self._line
        return found

    def ids(self) -> Sequence[str]:
        """Every id, ascending."""
        if self._ids is None:
            self._ids = in_order(self.rows)
        found: Sequence[str] = self._ids
        return found

    def veil(self, record_id: str, until: datetime, before: Row | None) -> None:
        self.veils.setdefault(record_id, []).append((until, before))

    def seen(self, record_id: str, now: datetime) -> Row | None:
        """The version that is committed now."""
        for until, before in self.veils.get(record_id, ()):
            if until > now:
                return before
        return self.rows.get(record_id)

    def pick(self, ids: Iterable[str], now: datetime) -> Iterator[Row]:
        """The committed versions of these records, without those that sharing hides."""
        for record_id in ids:
            row = self.seen(record_id, now)
            if row is not None and not self.hides(record_id):
                yield row

    def scan(self, now: datetime) -> Iterable[Row]:
        """Everything committed, also deleted records; from a file they come one by one."""
        self._lift(now)
        if self.veils or self.hidden:
            return list(self.pick(self.rows, now))
        return list(self.rows.values()) if isinstance(self.rows, dict) else self.rows.values()

    def between(self, first: str, last: str, now: datetime) -> list[Row]:
        """What is committed and was changed from one time up to before another, deleted records too, by time and id."""
        self._lift(now)
        if self.veils or self.hidden:
            return [row for row in self.pick(self.rows, now) if first <= row["SystemModstamp"] < last]
        line = self.line()
        low, high = (bisect_left(line, (milliseconds(text), "")) for text in (first, last))
        return [self.rows[record_id] for _, record_id in line[low:high]]

    def linked(self, field: Field, parents: Collection[str], now: datetime) -> Iterable[Row]:
        """Living records that hold one of these ids; all records, where an index does not tell."""
        if self.veils or len(parents) > MOST_PARENTS:
            return self.scan(now)
        return self.pick((i for parent in parents for i in self.holding(field, parent)), now)

    def page(self, ids: Sequence[str], first: int, last: int) -> Iterable[Row]:
        """The records of a part of some ids, as they are; those that are there no more are left out."""
        if isinstance(self.rows, Records):
            return self.rows.part(ids, first, last)
        return filter(None, map(self.rows.get, ids[first:last]))

    def stream(self, ids: Sequence[str]) -> Iterator[Row]:
        """The records of many ids, of which only some are in memory at a time."""
        for at in range(0, len(ids), CHUNK):
            yield from self.page(ids, at, at + CHUNK)

    def json(self, ids: Sequence[str], first: int, last: int) -> bytes | None:
        """The same as one JSON list, where it can be copied from a file; empty fields are not in it."""
        return self.rows.json(ids, first, last) if isinstance(self.rows, Records) else None

    def drawn(self, look: Look[Row], ids: Sequence[str], first: int, last: int) -> Body | None:
        """An answer with the same out of `pieces`; None where that is no gain."""
        return self.rows.drawn(look, ids, first, last) if isinstance(self.rows, Records) else None

    def ready(self, parts: tuple[Part, ...], ids: Sequence[str], first: int, last: int) -> memoryview | None:
        """The records of such an answer as they lie in a file, a comma after each; None where they do not."""
        return self.rows.ready(parts, ids, first, last) if isinstance(self.rows, Records) else None

    def warm(self, parts: tuple[Part, ...]) -> None:
        """Be ready for such answers."""
        if isinstance(self.rows, Records):
            self.rows.warm(parts)

    def laid(self, look: Look[Row]) -> bool:
        """Whether such an answer lies ready in a file."""
        return isinstance(self.rows, Records) and self.rows.laid(look)

    def hides(self, record_id: str) -> bool:
        return bool(self.hidden) and crc32(record_id.encode()) % 1000 < self.hidden * 1000

    def _move(self, record_id: str, before: Row | None, after: Row | None) -> None:
        if before is not None:
            del self._line[bisect_left(self._line, (changed_at(before), record_id))]
        if after is not None:
            insort(self._line, (changed_at(after), record_id))

    def _list(self, record_id: str, *, new: bool) -> None:
        at = bisect_left(self._ids, record_id)
        if new:
            self._ids.insert(at, record_id)
        else:
            del self._ids[at]

    def _lift(self, now: datetime) -> None:
        over = [i for i, veils in self.veils.items() if all(until <= now for until, _ in veils)]
        for record_id in over:
            del self.veils[record_id]


def text_of(name: str) -> Callable[[Row], str | None]:
    """What a living record has in a field, as an index looks for it."""

    def text(row: Row) -> str | None:
        value = None if row.get("IsDeleted") else row.get(name)
        return None if value is None else str(value).lower()

    return text


def pieces(record: bytes) -> dict[str, bytes]:
    """What an answer shows of each field of a record; of the Id, which comes first, also the end of the attributes."""
    values = _raw(record)
    made = {name: b',"%b":%b' % (name.encode(), value) for name, value in values.items()}
    return {**made, "Id": bytes(values["Id"])[1:] + b"}" + made["Id"]}


def changed_at(row: Row) -> int:
    """Milliseconds since 1970 of its SystemModstamp; of a record without one, -1."""
    text = row.get("SystemModstamp")
    return milliseconds(text) if text else -1


def milliseconds(text: str) -> int:
    """A stored time as milliseconds since 1970."""
    return (datetime.fromisoformat(text) - EPOCH) // MILLISECOND


def _is_gone(row: Row | None) -> bool:
    return row is not None and bool(row.get("IsDeleted") or row.get("IsArchived"))


class Rows:
    """A table for every object."""

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}

    def of(self, obj: ObjectType) -> Table:
        table = self._tables.get(obj.name)
        if table is None:
            watched = frozenset(f.name for f in obj.fields.values() if f.indexed or f.refers_to)
            table = self._tables[obj.name] = Table(watched=watched)
        return table

    @property
    def large(self) -> bool:
        """Whether any of them is in a file."""
        return any(table.in_file for table in self._tables.values())

    def copy(self) -> dict[str, Table]:
        return {name: table.copy() for name, table in self._tables.items()}

    def restore(self, kept: dict[str, Table]) -> None:
        self._tables = {name: table.copy() for name, table in kept.items()}
