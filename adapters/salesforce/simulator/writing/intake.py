"""A record as a client sent it becomes fields that the object has, with values that they take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import RecordError
from ..ids import full_id
from ..rest.headers import PLAIN, Manner
from ..schema.schema import TEXTS, Field, ObjectType, Schema
from .rows import Row, Rows, Table
from .stages import with_stage
from .values import coerce, not_listed

OWNER = "OwnerId"
KIND = "RecordTypeId"
UNSEEN = "<unknown>"


class Intake:
    def __init__(self, schema: Schema, rows: Rows) -> None:
        self._schema, self._rows = schema, rows
        self.manner: Manner = PLAIN

    def take(self, obj: ObjectType, body: Mapping[str, Any], before: Row | None) -> Row:
        """The named fields with their stored values; `before` is None for a new record.

        Raises RecordError at the first that is refused.
        """
        taken: Row = {}
        locked: list[str] = []
        for name, value in body.items():
            if name == "attributes" or (before is not None and name.lower() == "id"):
                continue
            if name.lower() == "id":
                raise RecordError(
                    "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ["Id"]
                )
            field, given = self._resolve(obj, name, value)
            if not field.writable or (field.create_only and before is not None):
                locked.append(field.name)
                continue
            taken[field.name] = self._stored(obj, field, given)
        if locked:
            raise _read_only(locked)
        self._check_choices(obj, taken, before or {})
        return with_stage(obj, taken, before)

    def _stored(self, obj: ObjectType, field: Field, given: Any) -> Any:
        if field.name == OWNER and given in {None, ""}:
            raise RecordError("INVALID_CROSS_REFERENCE_KEY", f"{field.label}: owner cannot be blank", [OWNER])
        if self.manner.truncates and field.type in TEXTS and isinstance(given, str) and field.length:
            given = given[: field.length]
        stored = coerce(field, given)
        if field.type == "reference" and stored is not None:
            self._check_target(obj, field, stored)
        return stored

    def _resolve(self, obj: ObjectType, name: str, value: Any) -> tuple[Field, Any]:
        field = obj.field(name)
        if field is not None:
            return field, value
        if isinstance(value, Mapping):
            parent = obj.parent(name)
            if parent is not None:
                return parent, self._by_key(parent, value)
        raise RecordError("INVALID_FIELD", f"No such column '{name}' on sobject of type {obj.name}")

    def keyed(self, obj: ObjectType, key: Field, value: Any) -> list[str]:
        """Ids of the living records with this value, in whatever form it came, in an external-id field."""
        table = self._rows.of(obj)
        return [i for i in table.holding(key, coerce(key, value)) if not table.hides(i)]

    def _by_key(self, parent: Field, keys: Mapping[str, Any]) -> str:
        """The id of the record that `{"CS_Key__c": "a1"}` names."""
        wanted = [(n, v) for n, v in keys.items() if n != "attributes"]
        for target in parent.refers_to:
            obj = self._schema.find(target)
            field = obj.field(wanted[0][0]) if obj and len(wanted) == 1 else None
            if obj is None or field is None or not (field.indexed or field.type == "id"):
                continue
            if field.type == "id":
                return str(wanted[0][1])
            found = self.keyed(obj, field, wanted[0][1])
            if len(found) == 1:
                return found[0]
            raise RecordError(
                "INVALID_FIELD",
                f"Foreign key external ID: {wanted[0][1]} not found for field {field.name} in entity {target}",
            )
        raise RecordError("INVALID_FIELD", f"No external id field for {parent.relationship}")

    def _check_target(self, obj: ObjectType, field: Field, value: str) -> None:
        """A reference must lead to a living record of the right object."""
        if field.name == KIND:
            self._check_kind(obj, field, value)
            return
        target = self._schema.of_id(value)
        if target is None or target.name not in field.refers_to:
            raise RecordError(
                "FIELD_INTEGRITY_EXCEPTION",
                f"{field.label}: id value of incorrect type: {value}",
                [field.name],
            )
        row = self._rows.of(target).rows.get(value)
        if row is None:
            raise RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
        if row.get("IsDeleted"):
            raise RecordError("ENTITY_IS_DELETED", "entity is deleted", [])
        if field.name == OWNER and row.get("IsActive") is False:
            raise RecordError(
                "INACTIVE_OWNER_OR_USER",
                f"operation performed with inactive user [{value[:15]}] as owner of {obj.label.lower()}",
                [OWNER],
            )

    def _check_kind(self, obj: ObjectType, field: Field, value: str) -> None:
        """A record type must be one of this object that the user may choose."""
        kind = next((k for k in obj.record_types.values() if k.id == value), None)
        if kind is not None and kind.active and kind.available:
            return
        target = self._schema.objects.get("recordtype")
        row = self._rows.of(target).rows.get(value) if target else None
        if kind is None and row is not None and row.get("SobjectType") == obj.name:
            return
        raise RecordError(
            "INVALID_CROSS_REFERENCE_KEY",
            f"{field.label}: this ID value isn't valid for the user: {value}",
            [field.name],
        )

    def _check_choices(self, obj: ObjectType, taken: Row, before: Row) -> None:
        """A restricted picklist takes only what the record type offers."""
        if not obj.record_types:
            return
        kind = taken.get(KIND) or before.get(KIND)
        for name, value in taken.items():
            field = obj.fields[name.lower()]
            if value is None or not field.restricted:
                continue
            offered = obj.choices(field, kind)
            for part in str(value).split(";") if field.type == "multipicklist" else (value,):
                if part not in offered:
                    raise not_listed(field, part)

    def check_required(self, obj: ObjectType, given: Row) -> None:
        missing = [
            f.name
            for f in obj.fields.values()
            if f.required and f.settable and f.default is None and given.get(f.name) is None
        ]
        if missing:
            raise RecordError(
                "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing
            )

    def check_unique(self, obj: ObjectType, table: Table, record_id: str, given: Row) -> None:
        for name, value in given.items():
            field = obj.fields[name.lower()]
            if not field.unique or value is None:
                continue
            other = next((i for i in table.holding(field, value) if i != record_id), None)
            if other:
                told, where = (UNSEEN, UNSEEN) if table.hides(other) else (name, other)
                raise RecordError(
                    "DUPLICATE_VALUE",
                    f"duplicate value found: {told} duplicates value on record with id: {where}",
                    [name],
                )


def _read_only(names: list[str]) -> RecordError:
    return RecordError(
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of this field "
        "and verify that it is read/write for your profile or permission set.",
        names,
    )


def living(obj: ObjectType, table: Table, text: str) -> Row:
    """The record with this id, 15 or 18 characters. Raises RecordError for none, or a deleted one."""
    record_id = full_id(text)
    if record_id is None or record_id[:3] != obj.prefix:
        raise RecordError("MALFORMED_ID", f"{obj.label} ID: id value of incorrect type: {text}", ["Id"])
    row = table.rows.get(record_id)
    if row is None:
        raise RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    if row.get("IsDeleted"):
        raise RecordError("ENTITY_IS_DELETED", "entity is deleted")
    return row
