"""What may be written: every mutation of the org passes here, is checked, and can be taken back until committed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Any

from cs_connector.sandbox.ledger import Ledger

from ..errors import RecordError
from ..ids import full_id
from ..rest.headers import Manner
from ..schema.schema import Field, ObjectType, Schema
from .bin import Bin
from .campaign_members import CampaignMembers
from .cascade import Cascade, keeps
from .contact_accounts import ContactAccounts
from .derive import check_term
from .duplicates import Duplicates
from .editor import Editor
from .effects import Effects
from .intake import Intake, living
from .locks import Locks
from .merge import Merged, Merger
from .people import as_person, check_change
from .rows import Row, Rows, Table
from .rules import Rules
from .transaction import Transaction

HIERARCHY = "ParentId"


class Writer:
    """Creates, changes, deletes, restores and merges records; `commit` or `rollback` must follow.

    Each method raises RecordError and then has changed nothing.
    """

    def __init__(
        self, name: str, user_id: str, schema: Schema, rows: Rows, ledger: Ledger, now: Callable[[], datetime]
    ) -> None:
        self._user, self._login, self._schema, self._rows = user_id, user_id, schema, rows
        self._transaction = Transaction(name, rows, ledger, now)
        self._editor = Editor(user_id, schema, rows, self._transaction, now)
        self._intake = Intake(schema, rows)
        self.bin = Bin(schema, rows, now, self._transaction.note)
        self.locks, self.rules, self.duplicates = Locks(now), Rules(schema, rows, now), Duplicates(rows)
        self._cascade, self._merger = Cascade(self._editor, self.bin), Merger(self._editor, self.bin)
        self._effects = Effects(self._editor)
        self.guards: dict[str, Callable[[Row], None]] = {
            "CampaignMember": CampaignMembers(schema, rows).check,
            "AccountContactRelation": ContactAccounts(schema, rows).check,
            "Contract": check_term,
        }

    def create(self, obj: ObjectType, body: Mapping[str, Any]) -> str:
        with self._attempt():
            _permit(obj, "inserted", may=obj.access.create)
            table = self._rows.of(obj)
            given = as_person(obj, self._intake.take(obj, body, None))
            self._intake.check_required(obj, given)
            record_id = table.new_id(obj.prefix)
            self._intake.check_unique(obj, table, record_id, given)
            row = {"Id": record_id, **self._defaults(obj, table), **_kind(obj, given), **given}
            name = obj.name_field
            if name is not None and obj.custom and not row.get(name.name):
                row[name.name] = record_id
            self._check(obj, None, {**row, **self._editor.deriver.derive(obj.name, row)})
            self._editor.add(obj, row, tuple(given))
            return record_id

    def update(self, obj: ObjectType, record_id: str, body: Mapping[str, Any]) -> None:
        with self._attempt():
            _permit(obj, "updated", may=obj.access.edit)
            self._update(obj, self.living(obj, record_id), body)

    def delete(self, obj: ObjectType, record_id: str) -> None:
        """Into the recycle bin, with the records that hang on it."""
        with self._attempt():
            before = self._deletable(obj, record_id)
            self._cascade.delete(obj, before)

    def erase(self, obj: ObjectType, record_id: str) -> None:
        """Hard delete: past the recycle bin, with the records that hang on it."""
        with self._attempt():
            before = self._deletable(obj, record_id)
            self._cascade.delete(obj, before)
            if keeps(obj):
                self._bury(before["Id"], "purge")

    def undelete(self, record_id: str) -> None:
        """Out of the recycle bin, with the records that went there with it."""
        with self._attempt():
            deletion = self.bin.holding(full_id(record_id) or "")
            if deletion is None:
                raise RecordError("UNDELETE_FAILED", "Entity is not in the recycle bin")
            obj = self._schema.objects[deletion.object.lower()]
            row = self._editor.row(obj, deletion.id) or {}
            self._intake.check_unique(obj, self._rows.of(obj), deletion.id, _own(obj, row))
            self._check_masters(obj, row)
            self._cascade.undelete(deletion)
            self.bin.take(deletion.id)

    def purge(self, record_id: str) -> None:
        """Out of the recycle bin, for good."""
        with self._attempt():
            found = full_id(record_id) or ""
            if self.bin.holding(found) is None:
                raise RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
            self._bury(found, "purge")

    def merge(
        self, object_name: str, master_id: str, loser_ids: Sequence[str], fields: Mapping[str, Any]
    ) -> Merged:
        """Up to two records become part of the master, which takes `fields`."""
        with self._attempt():
            obj = self._schema.find(object_name)
            if obj is None:
                raise RecordError("INVALID_TYPE", f"sObject type '{object_name}' is not supported.")
            _permit(obj, "updated", may=obj.access.edit and obj.access.delete)
            kept = self.living(obj, master_id)
            lost = [self.living(obj, loser) for loser in loser_ids]
            self._merger.check(obj, kept["Id"], [row["Id"] for row in lost])
            self._check_circle(obj, kept, [row["Id"] for row in lost])
            for row in lost:
                self.locks.check(obj, row, row)
            self._update(obj, kept, fields)
            whole = self._editor.row(obj, kept["Id"])
            assert whole is not None
            return self._merger.merge(obj, whole, lost)

    def upsert(self, obj: ObjectType, key: Field, value: Any, body: Mapping[str, Any]) -> tuple[str, bool]:
        """The record's id and whether it is new. Raises RecordError DUPLICATE_EXTERNAL_ID for several."""
        found = self.keyed(obj, key, value)
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

    def keyed(self, obj: ObjectType, key: Field, value: Any) -> list[str]:
        """The living records with this external id. Raises RecordError for a value that the field cannot hold."""
        return self._intake.keyed(obj, key, value)

    def living(self, obj: ObjectType, text: str) -> Row:
        """The record with this id, 15 or 18 characters. Raises RecordError for none, a deleted or a hidden one."""
        table = self._rows.of(obj)
        row = living(obj, table, text)
        if self._user == self._login and table.hides(row["Id"]):
            raise RecordError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
        return row

    @contextmanager
    def in_manner(self, manner: Manner) -> Iterator[None]:
        """Write as a request wants it."""
        self._intake.manner, before = manner, self._intake.manner
        try:
            yield
        finally:
            self._intake.manner = before

    @contextmanager
    def by(self, user_id: str) -> Iterator[None]:
        """What is written in this block was done by another user."""
        before = self._user
        self._user = self._editor.user_id = user_id
        try:
            yield
        finally:
            self._user = self._editor.user_id = before

    def appear(self, obj: ObjectType, values: Row) -> str:
        """A record that the platform itself makes, such as the answer to a survey: no permission is asked."""
        table = self._rows.of(obj)
        row = {"Id": table.new_id(obj.prefix), **self._defaults(obj, table), **values}
        self._editor.add(obj, row, tuple(values))
        return str(row["Id"])

    @property
    def lag(self) -> timedelta:
        """How much later than its stamp a change is seen."""
        return self._transaction.lag

    @lag.setter
    def lag(self, lag: timedelta) -> None:
        self._transaction.lag = lag

    @property
    def watchers(self) -> dict[str, Callable[[], None]]:
        """What to call, by the name of an object, once records of it were written or taken back."""
        return self._transaction.watchers

    @property
    def mark(self) -> int:
        return self._transaction.mark

    def back_to(self, mark: int) -> None:
        """Take back what was written since `mark`."""
        self._transaction.back_to(mark)

    def held(self) -> AbstractContextManager[None]:
        """Commits wait until the end of the block, so that all can still be taken back."""
        return self._transaction.held()

    @property
    def is_held(self) -> bool:
        return self._transaction.is_held

    def commit(self) -> None:
        self._transaction.commit()

    def rollback(self) -> None:
        self._transaction.rollback()

    def complete(self, obj: ObjectType, row: Row) -> None:
        """Fill in what a loaded record leaves to be derived."""
        for name, value in self._editor.deriver.derive(obj.name, row).items():
            row.setdefault(name, value)

    def number(self, table: Table, field: Field) -> str:
        """The next auto-number in the field's format, `HS-{000000}`."""
        table.numbered += 1
        count = table.numbered
        text = field.number_format or "{0}"
        return re.sub(r"\{(0+)\}", lambda m: str(count).zfill(len(m.group(1))), text)

    @contextmanager
    def _attempt(self) -> Iterator[None]:
        mark = self.mark
        try:
            yield
            self._effects.follow(mark)
        except RecordError:
            self.back_to(mark)
            raise

    def _update(self, obj: ObjectType, before: Row, body: Mapping[str, Any]) -> None:
        given = self._intake.take(obj, body, before)
        check_change(obj, before, given)
        self._intake.check_unique(obj, self._rows.of(obj), before["Id"], given)
        after = {**before, **given}
        self._check(obj, before, {**after, **self._editor.deriver.derive(obj.name, after)})
        self._editor.change(obj, before, given)

    def _check(self, obj: ObjectType, before: Row | None, after: Row) -> None:
        """What Salesforce looks at when the values themselves are good, in its order."""
        self._check_hierarchy(obj, after)
        if obj.name in self.guards:
            self.guards[obj.name](after)
        self.rules.check(obj, before, after)
        self.duplicates.check(obj, before, after, self._intake.manner)
        self.locks.check(obj, before, after)

    def _check_hierarchy(self, obj: ObjectType, after: Row) -> None:
        """No record stands above itself."""
        field = obj.fields.get(HIERARCHY.lower())
        if field is None or field.refers_to != (obj.name,):
            return
        if after["Id"] in self._above(obj, after):
            raise _circle()

    def _check_circle(self, obj: ObjectType, master: Row, losers: Collection[str]) -> None:
        """A record between the master and a loser above it would come to stand above itself."""
        between = False
        for above in self._above(obj, master):
            if above in losers and between:
                raise _circle()
            between = between or above not in losers

    def _above(self, obj: ObjectType, row: Row) -> Iterator[str]:
        """The ids of the records above, nearest first; a circle ends where it began."""
        seen: set[str] = set()
        above = row.get(HIERARCHY)
        while above and above not in seen:
            seen.add(above)
            yield above
            above = (self._editor.row(obj, above) or {}).get(HIERARCHY)

    def _check_masters(self, obj: ObjectType, row: Row) -> None:
        for field in obj.fields.values():
            target = self._schema.of_id(row.get(field.name) or "") if field.cascade else None
            above = self._editor.row(target, row.get(field.name)) if target else None
            if above is not None and above.get("IsDeleted"):
                raise RecordError("UNDELETE_FAILED", "The parent of this record is deleted", [field.name])

    def _deletable(self, obj: ObjectType, record_id: str) -> Row:
        _permit(obj, "deleted", may=obj.access.delete and obj.deletable)
        before = self.living(obj, record_id)
        self.locks.check(obj, before, before)
        return before

    def _bury(self, record_id: str, action: str) -> None:
        """A deleted record, and what went with it, is gone for good."""
        deletion = self.bin.holding(record_id)
        assert deletion is not None
        for object_name, member in ((deletion.object, deletion.id), *deletion.members):
            obj = self._schema.objects[object_name.lower()]
            row = self._editor.row(obj, member)
            if row is not None:
                self._editor.erase(obj, row, action)
                self.bin.bury(obj.name, member, row["SystemModstamp"])

    def _defaults(self, obj: ObjectType, table: Table) -> Row:
        row: Row = {}
        for field in obj.fields.values():
            if field.default is not None:
                row[field.name] = field.default
            elif field.number_format:
                row[field.name] = self.number(table, field)
        if "ownerid" in obj.fields:
            row["OwnerId"] = self._user
        return row


def _circle() -> RecordError:
    return RecordError("CIRCULAR_DEPENDENCY", "attempt to violate hierarchy constraints", [HIERARCHY])


def _permit(obj: ObjectType, verb: str, *, may: bool) -> None:
    """Raises RecordError where no user, or not this one, may do it to the object's records."""
    if not obj.writable:
        raise RecordError(
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type {obj.name} does not support this operation"
        )
    if not may:
        raise RecordError("INVALID_TYPE_FOR_OPERATION", f"entity type cannot be {verb}: {obj.label}")


def _kind(obj: ObjectType, given: Row) -> Row:
    """The record type that a new record gets by itself."""
    person = bool(given.get("IsPersonAccount"))
    kind = next((k for k in obj.record_types.values() if k.default and k.person == person), None)
    return {"RecordTypeId": kind.id} if kind and "recordtypeid" in obj.fields else {}


def _own(obj: ObjectType, row: Row) -> Row:
    """The values that must be the record's alone."""
    return {f.name: row.get(f.name) for f in obj.fields.values() if f.unique}
