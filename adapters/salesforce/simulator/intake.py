"""A record as a client sent it becomes fields that the object has, with values that they take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import RecordError
from .rows import Row, Rows, Table
from .schema import Field, ObjectType, Schema
from .values import coerce


class Intake:
    def __init__(self, schema: Schema, rows: Rows) -> None:
        self._schema, self._rows = schema, rows

    def take(self, obj: ObjectType, body: Mapping[str, Any], *, creating: bool) -> Row:
        """The named fields with their stored values. Raises RecordError at the first that is refused."""
        taken: Row = {}
        locked: list[str] = []
        for name, value in body.items():
            if name == "attributes" or (not creating and name.lower() == "id"):
                continue
            field, given = self._resolve(obj, name, value)
            if not field.writable or (field.create_only and not creating):
                locked.append(field.name)
                continue
            stored = coerce(field, given)
            self._check_target(field, stored)
            taken[field.name] = stored
        if locked:
            raise _read_only(locked)
        return taken

    def _resolve(self, obj: ObjectType, name: str, value: Any) -> tuple[Field, Any]:
        field = obj.field(name)
        if field is not None:
            return field, value
        if isinstance(value, Mapping):
            parent = obj.parent(name)
            if parent is not None:
                return parent, self._by_key(parent, value)
        raise RecordError("INVALID_FIELD", f"No such column '{name}' on sobject of type {obj.name}")

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
            found = self._rows.of(obj).holding(field, wanted[0][1])
            if len(found) == 1:
                return found[0]
            raise RecordError(
                "INVALID_FIELD",
                f"Foreign key external ID: {wanted[0][1]} not found for field {field.name} in entity {target}",
            )
        raise RecordError("INVALID_FIELD", f"No external id field for {parent.relationship}")

    def _check_target(self, field: Field, value: Any) -> None:
        """A reference must lead to a living record of the right object."""
        if field.type != "reference" or value is None:
            return
        obj = self._schema.of_id(value)
        if obj is None or obj.name not in field.refers_to:
            raise RecordError(
                "FIELD_INTEGRITY_EXCEPTION",
                f"{field.label}: id value of incorrect type: {value}",
                [field.name],
            )
        row = self._rows.of(obj).rows.get(value)
        if row is None:
            raise RecordError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
        if row.get("IsDeleted"):
            raise RecordError("ENTITY_IS_DELETED", "entity is deleted", [])

    def check_required(self, obj: ObjectType, given: Row) -> None:
        missing = [
            f.name
            for f in obj.fields.values()
            if f.required and f.writable and f.default is None and f.name not in given
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
                raise RecordError(
                    "DUPLICATE_VALUE",
                    f"duplicate value found: {name} duplicates value on record with id: {other}",
                    [name],
                )


def _read_only(names: list[str]) -> RecordError:
    return RecordError(
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of this field "
        "and verify that it is read/write for your profile or permission set.",
        names,
    )
