"""Puts new versions of records: stamped, derived, and in the open transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ..schema.schema import ObjectType, Schema
from ..times import stamp
from .derive import Deriver
from .rows import Row, Rows
from .transaction import SYSTEM, Done, Transaction


class Editor:
    def __init__(
        self, user_id: str, schema: Schema, rows: Rows, transaction: Transaction, now: Callable[[], datetime]
    ) -> None:
        self.schema, self.rows, self.transaction, self.now = schema, rows, transaction, now
        self.user_id = user_id
        self.deriver = Deriver(schema, rows)

    def row(self, obj: ObjectType, record_id: str | None) -> Row | None:
        """The record as it stands in this transaction, also a deleted one."""
        return self.rows.of(obj).rows.get(record_id) if record_id else None

    def add(self, obj: ObjectType, row: Row, named: tuple[str, ...]) -> Row:
        """A new record, with an Id and all that its values imply."""
        whole = {**row, **self.stamps(creating=True)}
        whole |= self.deriver.derive(obj.name, whole)
        self.transaction.put(Done(obj, whole["Id"], "create", None, whole, named))
        return whole

    def change(self, obj: ObjectType, before: Row, values: Row, action: str = "update") -> Row:
        """What a user did to a record: its modification date moves."""
        row = {**before, **values, **self.stamps(creating=False)}
        row |= self.deriver.derive(obj.name, row)
        self.transaction.put(Done(obj, row["Id"], action, before, row, tuple(values)))
        return row

    def follow(self, obj: ObjectType, before: Row, values: Row, action: str = "update") -> Row:
        """What another change brings with it: only the system's stamp moves."""
        row = {**before, **values, "SystemModstamp": stamp(self.now())}
        row |= self.deriver.derive(obj.name, row)
        self.transaction.put(Done(obj, row["Id"], action, before, row, tuple(values)))
        return row

    def reckon(self, obj: ObjectType, before: Row, values: Row) -> None:
        """Figures that the org keeps by itself: no mutation of anybody's."""
        if any(before.get(name) != value for name, value in values.items()):
            self.follow(obj, before, values, SYSTEM)

    def erase(self, obj: ObjectType, before: Row, action: str) -> None:
        """The record is gone for good."""
        self.transaction.put(Done(obj, before["Id"], action, before, None, ("IsDeleted",)))

    def stamps(self, *, creating: bool) -> Row:
        now = stamp(self.now())
        row = {"LastModifiedDate": now, "LastModifiedById": self.user_id, "SystemModstamp": now}
        return row | {"CreatedDate": now, "CreatedById": self.user_id} if creating else row
