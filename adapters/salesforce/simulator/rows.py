"""The records in memory. A record is never changed in place: a change puts a new one in its stead."""

from __future__ import annotations

from binascii import crc32
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .ids import make_id
from .schema import Field, ObjectType

Row = dict[str, Any]
Veil = tuple[datetime, Row | None]


@dataclass(slots=True)
class Table:
    """The records of one object.

    `veils` holds, for a record whose change is not yet committed, until when queries see which older version.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    index: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    veils: dict[str, list[Veil]] = field(default_factory=dict)
    made: int = 0
    numbered: int = 0
    hidden: float = 0.0

    def copy(self) -> Table:
        index = {name: {k: list(v) for k, v in keys.items()} for name, keys in self.index.items()}
        veils = {k: list(v) for k, v in self.veils.items()}
        return Table(dict(self.rows), index, veils, self.made, self.numbered, self.hidden)

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
        for name, keys in self.index.items():
            _move(keys, record_id, _key(before, name), _key(row, name))
        return before

    def watch(self, indexed: Field) -> None:
        """Keep an index over this field."""
        keys: dict[str, list[str]] = {}
        for record_id, row in self.rows.items():
            key = _key(row, indexed.name)
            if key is not None:
                keys.setdefault(key, []).append(record_id)
        self.index[indexed.name] = keys

    def holding(self, indexed: Field, value: Any) -> list[str]:
        """Ids of the living records with this value in an indexed field."""
        if indexed.name not in self.index:
            self.watch(indexed)
        found = self.index[indexed.name].get(str(value).lower(), [])
        if not indexed.case_sensitive:
            return list(found)
        return [i for i in found if self.rows[i].get(indexed.name) == value]

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

    def scan(self, now: datetime) -> list[Row]:
        """Everything committed, also deleted records."""
        self._lift(now)
        if not self.veils and not self.hidden:
            return list(self.rows.values())
        return list(self.pick(self.rows, now))

    def hides(self, record_id: str) -> bool:
        return bool(self.hidden) and crc32(record_id.encode()) % 1000 < self.hidden * 1000

    def _lift(self, now: datetime) -> None:
        over = [i for i, veils in self.veils.items() if all(until <= now for until, _ in veils)]
        for record_id in over:
            del self.veils[record_id]


def _key(row: Row | None, name: str) -> str | None:
    if row is None or row.get("IsDeleted"):
        return None
    value = row.get(name)
    return None if value is None else str(value).lower()


def _move(keys: dict[str, list[str]], record_id: str, old: str | None, new: str | None) -> None:
    if old == new:
        return
    if old is not None:
        holders = keys[old]
        holders.remove(record_id)
        if not holders:
            del keys[old]
    if new is not None:
        keys.setdefault(new, []).append(record_id)


class Rows:
    """A table for every object."""

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}

    def of(self, obj: ObjectType) -> Table:
        table = self._tables.get(obj.name)
        if table is None:
            table = self._tables[obj.name] = Table()
        return table

    def copy(self) -> dict[str, Table]:
        return {name: table.copy() for name, table in self._tables.items()}

    def restore(self, kept: dict[str, Table]) -> None:
        self._tables = {name: table.copy() for name, table in kept.items()}
