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

Method = Literal["check", "describe", "read", "write", "find"]


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

    A fault of `write` with `lost` lets the change happen and loses the answer instead.
    """

    method: Method
    error: AdapterError | None = None
    after: int = 0
    times: int = 1
    lost: bool = False


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
        lost = self._call("write")
        receipts = [self._write(change) for change in changes]
        return [_unanswered(r) for r in receipts] if lost else receipts

    def find(self, object_name: str, key_field: str, keys: Sequence[str]) -> Mapping[str, str]:
        self._call("find")
        wanted = set(keys)
        rows = self._system.since(object_name, 0)
        found = ((str(row.fields.get(key_field)), record) for record, row in rows if not row.deleted)
        return {key: record for key, record in found if key in wanted}

    def usage(self) -> Usage:
        return Usage(self._calls)

    def close(self) -> None: ...

    def _call(self, method: Method) -> bool:
        """Count a call and let its fault happen; says whether the answer gets lost."""
        self._calls += 1
        fault = self._system.fault(method)
        if fault and fault.error:
            raise fault.error
        return bool(fault and fault.lost)

    def _write(self, change: Change) -> Receipt:
        wrong = self._wrong(change)
        if wrong:
            return Receipt(change.key, Verdict.REJECTED, code=wrong[0], message=wrong[1])
        fields, record = dict(change.fields), change.record_id or ""
        if change.action is Action.UPSERT and change.key_field:
            fields[change.key_field] = change.key
            record = record or self.find(change.object, change.key_field, [change.key]).get(change.key, "")
        verdict = Verdict.UPDATED if record else Verdict.CREATED
        record = self._system.put(change.object, fields, record, self._clock.now())
        return Receipt(change.key, verdict, record)

    def _wrong(self, change: Change) -> tuple[str, str] | None:
        """The code and the text with which a change is refused."""
        fields = {f.name: f for f in self._system.info(change.object).fields}
        row = self._system.rows.get(change.object, {}).get(change.record_id or "")
        if change.record_id and (row is None or row.deleted):
            return "NOT_FOUND", "there is no such record"
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
