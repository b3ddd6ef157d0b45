"""A CRM that is a few dicts, and the adapter to it: the reference for what an adapter does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import ClassVar, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, SecretStr

from cs_connector.errors import AdapterError, UsageError
from cs_connector.ports import (
    Action,
    Adapter,
    Capabilities,
    Change,
    Identity,
    ObjectInfo,
    Page,
    RawRecord,
    Read,
    Receipt,
    Surroundings,
    Usage,
    Value,
    Verdict,
)

Method = Literal["check", "describe", "read", "write", "find", "resume"]


@dataclass(slots=True)
class Row:
    """A record with the number of its last change; deleted ones stay, empty."""

    fields: dict[str, Value]
    change: int
    modified: datetime | None = None
    deleted: bool = False


@dataclass(slots=True)
class Fault:
    """Something to go wrong: `error` is raised, after `after` calls, `times` times.

    A fault of `write` with `lost` lets the changes happen and loses the answer instead; one with `busy` turns them away.
    """

    method: Method
    error: AdapterError | None = None
    after: int = 0
    times: int = 1
    lost: bool = False
    busy: bool = False


_NONE = "NOT_FOUND"


@dataclass(slots=True)
class System:
    """The CRM itself. `objects` say which fields there are; `page` is how many records fit in an answer."""

    objects: tuple[ObjectInfo, ...]
    page: int = 100
    rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    _changes: Iterator[int] = field(default_factory=lambda: count(1))
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    def info(self, name: str) -> ObjectInfo:
        """Raises UsageError for an object that is not there."""
        for info in self.objects:
            if info.name == name:
                return info
        known = ", ".join(i.name for i in self.objects)
        raise UsageError(f"there is no object {name}", why=f"known: {known}", safe="nothing was done")

    def put(
        self, name: str, fields: Mapping[str, Value], record: str = "", at: datetime | None = None
    ) -> str:
        """Create a record, or change some of its fields; returns its id. Raises UsageError."""
        self.info(name)
        table = self.rows.setdefault(name, {})
        record = record or f"{name}-{next(self._ids):06}"
        kept = table[record].fields if record in table else {}
        table[record] = Row(kept | dict(fields), next(self._changes), at)
        return record

    def delete(self, name: str, record: str, at: datetime | None = None) -> None:
        self.rows[name][record] = Row({}, next(self._changes), at, deleted=True)

    def since(self, name: str, change: int) -> list[tuple[str, Row]]:
        """Records changed after a change number, in the order of their changes."""
        self.info(name)
        found = [(key, row) for key, row in self.rows.get(name, {}).items() if row.change > change]
        return sorted(found, key=lambda pair: pair[1].change)

    def find(self, name: str, key_field: str, keys: Sequence[str]) -> dict[str, str]:
        """Ids of the living records whose field has one of these values."""
        wanted = set(keys)
        living = ((record, row) for record, row in self.since(name, 0) if not row.deleted)
        found = ((str(row.fields.get(key_field)), record) for record, row in living)
        return {key: record for key, record in found if key in wanted}

    def living(self, name: str, record: str) -> Row | None:
        row = self.rows.get(name, {}).get(record)
        return row if row and not row.deleted else None

    def fault(self, method: Method) -> Fault | None:
        """The fault that hits this call, if any."""
        for fault in self.faults:
            if fault.method == method and fault.times > 0:
                fault.after -= 1
                if fault.after < 0:
                    fault.times -= 1
                    return fault
        return None


class MemorySettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    org_id: str = "memory-1"
    sandbox: bool = True
    password: SecretStr = SecretStr("")


class Memory(Adapter):
    """Reads in the order of changes: a cursor is the number of the last change that was handed over."""

    crm: ClassVar[str] = "memory"
    Settings: ClassVar[type[BaseModel]] = MemorySettings
    capabilities: ClassVar[Capabilities] = Capabilities(upsert=frozenset({"Account", "Task"}))

    def __init__(self, settings: MemorySettings, around: Surroundings, system: System) -> None:
        self._settings, self._clock, self._system = settings, around.clock, system
        self._calls = 0

    def check(self) -> Identity:
        self._call("check")
        return Identity(self.crm, self._settings.org_id, "Memory", self._settings.sandbox)

    def describe(self, objects: Sequence[str]) -> Sequence[ObjectInfo]:
        self._call("describe")
        return [info for info in self._system.objects if info.name in objects]

    def read(self, read: Read) -> Iterator[Page]:
        started = self._clock.now()
        at = int(read.cursor or 0)
        full = read.cursor is None
        while True:
            self._call("read")
            found = self._system.since(read.object, at)
            page = found[: self._system.page]
            at = page[-1][1].change if page else at
            records = [_record(key, row, read.fields) for key, row in page if not (full and row.deleted)]
            done = len(page) == len(found)
            yield Page(records, str(at), done, started if done else None)
            if done:
                return

    def write(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        if not changes:
            return []
        fault = self._call("write")
        if fault and fault.busy:
            return [Receipt(c.key, Verdict.LATER, c.record_id, "BUSY", "come back later") for c in changes]
        receipts = [self._write(change) for change in changes]
        return [_unanswered(r) for r in receipts] if fault and fault.lost else receipts

    def cost(self, changes: Sequence[Change]) -> int:
        return 1 if changes else 0

    def resume(self, changes: Sequence[Change]) -> Sequence[Receipt]:
        if changes:
            self._call("resume")
        return [self._resume(change) for change in changes]

    def find(self, object_name: str, key_field: str, keys: Sequence[str]) -> Mapping[str, str]:
        self._call("find")
        return self._system.find(object_name, key_field, keys)

    def usage(self) -> Usage:
        return Usage(self._calls)

    def close(self) -> None: ...

    def _call(self, method: Method) -> Fault | None:
        """Count a call and let its fault happen; gives one that is left to the caller."""
        self._calls += 1
        fault = self._system.fault(method)
        if fault and fault.error:
            raise fault.error
        return fault

    def _write(self, change: Change) -> Receipt:
        wrong = self._wrong(change)
        if wrong:
            gone = change.action is Action.UPDATE and wrong[0] == _NONE
            verdict = Verdict.GONE if gone else Verdict.REJECTED
            return Receipt(change.key, verdict, change.record_id, *wrong)
        record = self._record(change)
        if change.action is Action.DELETE:
            self._system.delete(change.object, record, self._clock.now())
            return Receipt(change.key, Verdict.DELETED, record)
        fields = dict(change.fields)
        if change.action is Action.UPSERT and change.key_field:
            fields[change.key_field] = change.key
        verdict = Verdict.UPDATED if record else Verdict.CREATED
        record = self._system.put(change.object, fields, record, self._clock.now())
        return Receipt(change.key, verdict, record)

    def _record(self, change: Change) -> str:
        """The record that is meant; empty where there is none yet."""
        if change.record_id or not change.key_field:
            return change.record_id or ""
        return self._system.find(change.object, change.key_field, [change.key]).get(change.key, "")

    def _resume(self, change: Change) -> Receipt:
        if change.action is Action.CREATE and not change.key_field:
            return Receipt(change.key, Verdict.UNKNOWN, code="NO_KEY", message="nothing tells it from others")
        record = self._record(change)
        row = self._system.living(change.object, record)
        if change.action is Action.DELETE:
            return Receipt(change.key, Verdict.LATER if row else Verdict.DELETED, record)
        if row is None and change.action is Action.UPDATE:
            return Receipt(change.key, Verdict.GONE, record or None, _NONE, "there is no such record")
        if row is None or any(row.fields.get(name) != value for name, value in change.fields.items()):
            return Receipt(change.key, Verdict.LATER, record or None, "NOT_DONE", "it holds something else")
        made = change.action is not Action.UPDATE and change.record_id is None
        return Receipt(change.key, Verdict.CREATED if made else Verdict.UPDATED, record)

    def _wrong(self, change: Change) -> tuple[str, str] | None:
        """The code and the text with which a change is refused."""
        fields = {f.name: f for f in self._system.info(change.object).fields}
        if change.record_id and self._system.living(change.object, change.record_id) is None:
            return _NONE, "there is no such record"
        for name, value in change.fields.items():
            if name not in fields:
                return "UNKNOWN_FIELD", f"there is no field {name}"
            longest = fields[name].length
            if longest is not None and len(str(value or "")) > longest:
                return "TOO_LONG", f"{name} takes at most {longest} characters"
        return None


def _record(key: str, row: Row, fields: Sequence[str]) -> RawRecord:
    shown = {name: row.fields.get(name) for name in fields}
    at = row.modified.isoformat() if row.modified else None
    return RawRecord(key, at, row.deleted, msgspec.json.encode(shown))


def _unanswered(receipt: Receipt) -> Receipt:
    return Receipt(receipt.key, Verdict.UNKNOWN, message="the answer was lost")
