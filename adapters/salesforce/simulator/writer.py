"""Accepted mutations: validated, stamped, derived, reversible until committed, then in the ledger."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cs_connector.sandbox.ledger import Ledger

from .derive import Deriver
from .errors import RecordError
from .ids import full_id
from .intake import Intake
from .rows import Row, Rows, Table
from .schema import Field, ObjectType, Schema
from .times import stamp


@dataclass(frozen=True, slots=True)
class Done:
    """A mutation that can still be taken back."""

    object: ObjectType
    id: str
    action: str
    before: Row | None
    named: tuple[str, ...]


class Writer:
    """Creates, changes and deletes records; `commit` or `rollback` must follow.

    Every method raises RecordError before it has changed anything.
    """

    def __init__(
        self, name: str, user_id: str, schema: Schema, rows: Rows, ledger: Ledger, now: Callable[[], datetime]
    ) -> None:
        self._name, self._user, self._ledger, self._now = name, user_id, ledger, now
        self._schema, self._rows = schema, rows
        self._deriver = Deriver(schema, rows)
        self._intake = Intake(schema, rows)
        self._open: list[Done] = []
        self._held = False
        self.lag = timedelta()

    def create(self, obj: ObjectType, body: Mapping[str, Any]) -> str:
        self._writable(obj)
        given = self._intake.take(obj, body, creating=True)
        self._intake.check_required(obj, given)
        table = self._rows.of(obj)
        record_id = table.new_id(obj.prefix)
        self._intake.check_unique(obj, table, record_id, given)
        row = {"Id": record_id, **self._defaults(obj, table), **given, **self._stamps(creating=True)}
        name = obj.name_field
        if name is not None and obj.custom and not row.get(name.name):
            row[name.name] = record_id
        row |= self._deriver.derive(obj.name, row)
        self._put(Done(obj, record_id, "create", None, tuple(given)), row)
        return record_id

    def update(self, obj: ObjectType, record_id: str, body: Mapping[str, Any]) -> None:
        self._writable(obj)
        before = self._living(obj, record_id)
        record_id = before["Id"]
        given = self._intake.take(obj, body, creating=False)
        self._intake.check_unique(obj, self._rows.of(obj), record_id, given)
        row = {**before, **given, **self._stamps(creating=False)}
        row |= self._deriver.derive(obj.name, row)
        self._put(Done(obj, record_id, "update", before, tuple(given)), row)

    def delete(self, obj: ObjectType, record_id: str) -> None:
        """Into the recycle bin, with the records that hang on it."""
        self._writable(obj)
        before = self._living(obj, record_id)
        row = {**before, "IsDeleted": True, **self._stamps(creating=False)}
        record_id = before["Id"]
        self._put(Done(obj, record_id, "delete", before, ("IsDeleted",)), row)
        for child in list(self._schema.children(obj.name)):
            if child.field.cascade:
                self._delete_children(child.object, child.field, record_id)

    def upsert(self, obj: ObjectType, key: Field, value: Any, body: Mapping[str, Any]) -> tuple[str, bool]:
        """The record's id and whether it is new. Raises RecordError DUPLICATE_EXTERNAL_ID for several."""
        found = self._rows.of(obj).holding(key, value)
        if len(found) > 1:
            raise RecordError(
                "DUPLICATE_EXTERNAL_ID",
                f"{key.label}: more than one record found for external id field: {found}",
                [key.name],
            )
        if found:
            self.update(obj, found[0], body)
            return found[0], False
        return self.create(obj, {**body, key.name: value}), True

    @contextmanager
    def held(self) -> Iterator[None]:
        """Commits wait until the end of the block, so that `rollback` can still take all back."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    def commit(self) -> None:
        if self._held:
            return
        for done in self._open:
            row = self._rows.of(done.object).rows[done.id]
            before = None if done.before is None else _named(done.object, done.before, done.named)
            self._ledger.write(
                self._name,
                done.object.name,
                done.id,
                done.action,
                before,
                _named(done.object, row, done.named),
            )
        self._open.clear()

    def rollback(self) -> None:
        for done in reversed(self._open):
            table = self._rows.of(done.object)
            table.put(done.id, done.before)
            if self.lag:
                table.veils[done.id].pop()
        self._open.clear()

    def complete(self, obj: ObjectType, row: Row) -> None:
        """Fill in what a loaded record leaves to be derived."""
        for name, value in self._deriver.derive(obj.name, row).items():
            row.setdefault(name, value)

    def number(self, table: Table, field: Field) -> str:
        """The next auto-number in the field's format, `HS-{000000}`."""
        table.numbered += 1
        count = table.numbered
        text = field.number_format or "{0}"
        return re.sub(r"\{(0+)\}", lambda m: str(count).zfill(len(m.group(1))), text)

    def _put(self, done: Done, row: Row) -> None:
        table = self._rows.of(done.object)
        table.put(done.id, row)
        if self.lag:
            table.veil(done.id, self._now() + self.lag, done.before)
        self._open.append(done)

    def _defaults(self, obj: ObjectType, table: Table) -> Row:
        row: Row = {}
        for field in obj.fields.values():
            if field.default is not None:
                row[field.name] = field.default
            elif field.number_format:
                row[field.name] = self.number(table, field)
        if obj.field("OwnerId"):
            row["OwnerId"] = self._user
        return row

    def _stamps(self, *, creating: bool) -> Row:
        now = stamp(self._now())
        row = {"LastModifiedDate": now, "LastModifiedById": self._user, "SystemModstamp": now}
        return row | {"CreatedDate": now, "CreatedById": self._user} if creating else row

    def _living(self, obj: ObjectType, text: str) -> Row:
        record_id = full_id(text)
        row = self._rows.of(obj).rows.get(record_id) if record_id else None
        if row is None:
            code = "INVALID_CROSS_REFERENCE_KEY" if record_id else "MALFORMED_ID"
            raise RecordError(code, "invalid cross reference id" if record_id else f"malformed id {text}")
        if row.get("IsDeleted"):
            raise RecordError("ENTITY_IS_DELETED", "entity is deleted")
        return row

    def _delete_children(self, object_name: str, field: Field, parent_id: str) -> None:
        obj = self._schema.objects[object_name.lower()]
        held = [r["Id"] for r in self._rows.of(obj).rows.values() if r.get(field.name) == parent_id]
        for record_id in held:
            if not self._rows.of(obj).rows[record_id].get("IsDeleted"):
                self.delete(obj, record_id)

    def _writable(self, obj: ObjectType) -> None:
        if not obj.writable:
            raise RecordError(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
                f"entity type {obj.name} does not support this operation",
            )


def _named(obj: ObjectType, row: Row, names: tuple[str, ...]) -> Row:
    absent = {f.name: f.absent for f in obj.fields.values()}
    return {name: row.get(name, absent.get(name)) for name in names}
