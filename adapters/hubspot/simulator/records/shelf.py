"""All records of one kind, kept so that pages, keysets and date windows are found without a walk."""

from __future__ import annotations

import zlib
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, MutableMapping, MutableSequence, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Self

from cs_connector.sandbox.lines import Keys, Line
from cs_connector.sandbox.records import Records, by_time, in_order, several
from cs_connector.sandbox.stored import Stored, opened
from cs_connector.sandbox.wire import Body

from ..properties.fields import Property
from .kinds import Kind
from .laid import Laying, Record, beyond, read

__all__ = ["UI", "Record", "Shelf", "key"]

UI = "app.hubspot.com"
FOLLOWING = ("ids", "log")  # follow from the live records


@dataclass(slots=True)
class Shelf:
    """`log` is (modified, id) in order of time; `past` is what an index that lags still sees: (changed at,
    the version before). `hidden` is the share of records that cannot be seen. Many live records may lie in a file.
    """

    kind: Kind
    fields: dict[str, Property]
    groups: dict[str, dict[str, Any]]
    retired: dict[str, tuple[Property, str]] = field(default_factory=dict)
    live: MutableMapping[int, Record] = field(default_factory=dict)
    ids: MutableSequence[int] | Keys = field(default_factory=list)
    bin: dict[int, Record] = field(default_factory=dict)
    bin_ids: list[int] = field(default_factory=list)
    merged: dict[int, int] = field(default_factory=dict)
    unique: dict[str, dict[str, int]] = field(default_factory=dict)
    log: list[tuple[int, int]] | Line = field(default_factory=list)
    past: dict[int, list[tuple[int, Record | None]]] = field(default_factory=dict)
    version: int = 0
    lag: int = 0
    hidden: float = 0.0
    portal: int = 0

    def __post_init__(self) -> None:
        for name, prop in self.fields.items():
            if prop.unique:
                self.unique.setdefault(name, {})

    def copy(self) -> Self:
        """A copy that later changes do not touch; the records themselves never change."""
        return type(self)(
            self.kind,
            dict(self.fields),
            dict(self.groups),
            dict(self.retired),
            copy(self.live),
            copy(self.ids),
            dict(self.bin),
            list(self.bin_ids),
            dict(self.merged),
            {name: dict(index) for name, index in self.unique.items()},
            copy(self.log),
            {record_id: list(versions) for record_id, versions in self.past.items()},
            self.version,
            self.lag,
            self.hidden,
            self.portal,
        )

    @property
    def address(self) -> str:
        """Where people see these records, before the id of one."""
        return f"https://{UI}/contacts/{self.portal}/record/{self.kind.type_id}/"

    def get(self, record_id: int, *, archived: bool = False) -> Record | None:
        """The record, a merged one as its winner; nothing where it is hidden."""
        if archived:
            return self.bin.get(record_id)
        while record_id in self.merged:
            record_id = self.merged[record_id]
        record = self.live.get(record_id)
        return record if record is not None and self.visible(record_id) else None

    def visible(self, record_id: int) -> bool:
        if not self.hidden:
            return True
        return zlib.crc32(str(record_id).encode()) >= self.hidden * 2**32

    def put(self, record: Record) -> None:
        """Add a record or a new version of it."""
        old = self.live.get(record.id)
        self._remember(record.id, old, record.modified)
        if old is None:
            _add(self.ids, record.id)
        self.live[record.id] = record
        self._reindex(old, record)
        if old is None or old.modified != record.modified:
            self._unlog(old)
            _add(self.log, (record.modified, record.id))

    def take(self, record: Record) -> None:
        """Remove a live record."""
        del self.live[record.id]
        del self.ids[bisect_left(self.ids, record.id)]
        self.past.pop(record.id, None)
        self._unlog(record)
        self._reindex(record, None)
        self.version += 1

    def throw(self, record: Record, at: str) -> Record:
        """Move a live record to the recycle bin."""
        self.take(record)
        gone = record._replace(archived_at=at)
        self.bin[record.id] = gone
        _add(self.bin_ids, record.id)
        return gone

    def retrieve(self, record_id: int) -> Record:
        """Take a record out of the recycle bin. Raises KeyError."""
        gone = self.bin.pop(record_id)
        del self.bin_ids[bisect_left(self.bin_ids, record_id)]
        return gone

    def purge(self, record_id: int) -> None:
        """Take an archived record out of the recycle bin: it is gone for good."""
        if self.bin.pop(record_id, None) is not None:
            del self.bin_ids[bisect_left(self.bin_ids, record_id)]

    def fill(self, records: Iterable[Record]) -> None:
        """Add many records at once, as they have always been."""
        for record in records:
            self.live[record.id] = record
            for name, index in self.unique.items():
                if name in record.properties:
                    index[key(name, record.properties[name])] = record.id
        self._follow()
        self.version += 1

    def page(self, start: int, limit: int, *, archived: bool = False) -> tuple[list[Record], int | None]:
        """Up to `limit` records with ids from `start` on, and where the next page starts."""
        ids, records = (self.bin_ids, self.bin) if archived else (self.ids, self.live)
        at = bisect_left(ids, start)
        if not self.hidden:
            found = [record for record in several(records, ids[at : at + limit]) if record is not None]
            return found, (found[-1].id + 1 if found and at + limit < len(ids) else None)
        found = []
        while at < len(ids) and len(found) < limit:
            if self.visible(ids[at]):
                found.append(records[ids[at]])
            at += 1
        return found, (found[-1].id + 1 if found and at < len(ids) else None)

    def span(self, start: int, limit: int) -> tuple[Sequence[int], int | None]:
        """The ids of the same page of live records, if none is hidden."""
        at = self.ids.before(start) if isinstance(self.ids, Keys) else bisect_left(self.ids, start)
        ids = self.ids[at : at + limit]
        return ids, ids[-1] + 1 if at + limit < len(self.ids) else None

    def window(self, start: int, limit: int) -> tuple[int, int, int | None]:
        """The same as places among the ids: from the first one up to before the last."""
        ids = self.ids
        first = ids.before(start) if isinstance(ids, Keys) else bisect_left(ids, start)
        last = first + limit
        return (first, last, ids[last - 1] + 1) if last < len(ids) else (first, len(ids), None)

    def lying(self, first: int, last: int, head: bytes, tail: bytes) -> Body | None:
        """Live records by their places among the ids, as `laid` gives them."""
        if self.hidden or not isinstance(self.live, Records):
            return None
        return self.live.lying(self.ids, first, last, head, tail)

    def laid(self, ids: Sequence[int], head: bytes = b"[", tail: bytes = b"]") -> Body | None:
        """Live records as they lie in the file, between a head and a tail; None where they do not."""
        if self.hidden or not isinstance(self.live, Records):
            return None
        return self.live.listed(ids, head, tail)

    def beyond(self, columns: tuple[str, ...]) -> bytes | None:
        """What an answer with these properties has beyond what lies in the file, as `laid.beyond` says it."""
        return beyond(self.live.held.pack, columns) if isinstance(self.live, Records) else None

    def between(self, low: int, high: int) -> Sequence[int]:
        """Ids from `low` to `high`, in order."""
        return self.ids[bisect_left(self.ids, low) : bisect_left(self.ids, high + 1)]

    def changed(self, low: int, high: int) -> slice:
        """Where in the log the modifications from `low` to `high` are."""
        return slice(bisect_left(self.log, (low, 0)), bisect_left(self.log, (high + 1, 0)))

    def holder(self, name: str, value: str) -> int | None:
        """Who has the value of a unique property."""
        return self.unique[name].get(key(name, value))

    def seen(self, now: int) -> dict[int, Record | None]:
        """What a search index that lags still takes for true: older versions, and None for what is too new."""
        if not self.lag:
            return {}
        horizon = now - self.lag
        stale: dict[int, Record | None] = {}
        for record_id, versions in list(self.past.items()):
            later = [version for version in versions if version[0] > horizon]
            if later:
                self.past[record_id] = later
                stale[record_id] = later[0][1]
            else:
                del self.past[record_id]
        return stale

    def columns(self, names: Iterable[str]) -> tuple[str, ...]:
        """The wanted properties that exist, with those that always come, in order."""
        return tuple(sorted(self.fields.keys() & {*names, *self.kind.always}))

    def define(self, prop: Property) -> None:
        """Add a property or a new definition of it."""
        self.fields[prop.name] = prop
        self.version += 1
        if prop.unique and prop.name not in self.unique:
            held = ((r.properties[prop.name], r.id) for r in self.live.values() if prop.name in r.properties)
            self.unique[prop.name] = {key(prop.name, value): record_id for value, record_id in held}

    def retire(self, name: str, at: str) -> None:
        """Archive a property; its values cannot be read any more."""
        self.retired[name] = (self.fields.pop(name), at)
        self.unique.pop(name, None)
        self.version += 1

    def _remember(self, record_id: int, old: Record | None, at: int) -> None:
        self.version += 1
        if self.lag:
            self.past.setdefault(record_id, []).append((at, old))

    def _reindex(self, old: Record | None, new: Record | None) -> None:
        for name, index in self.unique.items():
            before = old.properties.get(name) if old else None
            after = new.properties.get(name) if new else None
            if before is not None and before != after:
                index.pop(key(name, before), None)
            if new is not None and after is not None:
                index[key(name, after)] = new.id

    def _unlog(self, old: Record | None) -> None:
        if old is not None:
            del self.log[bisect_left(self.log, (old.modified, old.id))]

    def _follow(self) -> None:
        self.ids = in_order(self.live)
        self.log = by_time(self.live, _modified)

    def records(self, ids: Iterable[int]) -> Iterator[Record]:
        found = map(self.live.get, ids)
        return (record for record in found if record is not None)

    def __getstate__(self) -> dict[str, Any]:
        names = (name for name in self.__dataclass_fields__ if name not in FOLLOWING)
        state = {name: getattr(self, name) for name in names}
        laying = Laying(self.kind, self.address, self.live)
        return {**state, "live": Stored(self.live, laying.write, _modified)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)
        self.live = opened(state["live"], read)
        self._follow()


def _modified(record: Record) -> int:
    return record.modified


def key(name: str, value: str) -> str:
    """A unique value as it is compared: e-mail addresses without regard to case."""
    return value.lower() if name == "email" else value


def _add(items: Any, item: Any) -> None:
    if items and item < items[-1]:
        insort(items, item)
    else:
        items.append(item)
