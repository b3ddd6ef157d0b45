"""Permission sets: what the integration user sees and may do follows from those assigned to it.

A field that no assigned permission set lists is invisible, also one that was just made: Salesforce gives nobody
access to a field that comes by the Metadata API. Standard fields and fields that must be filled in are seen by all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from ..state import State
from ..times import stamp
from ..writing.rows import Row
from .permission_rules import PermissionRules
from .schema import NO_ACCESS, Access, Field, ObjectType

GRANTED_BY = "Integration_Access"
LABEL = "Integration Access"
RECORDS = ("PermissionSet", "PermissionSetAssignment", "FieldPermissions", "ObjectPermissions")
FLAGS = {"read": "PermissionsRead", "create": "PermissionsCreate", "edit": "PermissionsEdit"}
FLAGS |= {"delete": "PermissionsDelete"}


class Granted(NamedTuple):
    """The fields, as `account.cs_key__c`, and the objects that assigned permission sets open."""

    seen: frozenset[str]
    edited: frozenset[str]
    objects: Mapping[str, Access]


class Permissions:
    """Keeps the schema's `seen`, `edited` and `access` as the permission sets say."""

    def __init__(self, state: State) -> None:
        self._state = state
        for name in RECORDS:
            state.writer.watchers[name] = self.settle
        state.writer.guards |= PermissionRules(state.schema, self._living).guards

    def settle(self) -> None:
        """Read the permission sets anew."""
        granted = self._granted()
        for obj in self._state.schema.objects.values():
            if obj.custom:
                obj.access = granted.objects.get(obj.name.lower(), NO_ACCESS)
            for field in [f for f in obj.fields.values() if f.permissionable]:
                obj.fields[field.name.lower()] = _secured(obj, field, granted)

    def grant(self, objects: Iterable[ObjectType]) -> None:
        """List all of these objects and their custom fields in the permission set that has always been assigned."""
        held = {r["Field"].lower() for r in self._living("FieldPermissions")}
        open_objects = {r["SobjectType"].lower() for r in self._living("ObjectPermissions")}
        parent = self._standing()
        for obj in objects:
            if obj.custom and obj.name.lower() not in open_objects:
                self.add("ObjectPermissions", _object_row(parent, obj))
            for field in (f for f in obj.fields.values() if f.permissionable):
                if _ruling(obj, field).lower() not in held and not field.name.endswith("__pc"):
                    self.add("FieldPermissions", field_row(parent, obj, field, edit=field.settable))
        self.settle()

    def set_named(self, name: str) -> Row | None:
        """The permission set with this API name."""
        wanted = name.lower()
        return next((r for r in self._living("PermissionSet") if r["Name"].lower() == wanted), None)

    def of_set(self, kind: str, parent: str) -> list[Row]:
        """The FieldPermissions or ObjectPermissions of one permission set."""
        return [r for r in self._living(kind) if r["ParentId"] == parent]

    def assignments(self, parent: str) -> list[Row]:
        return [r for r in self._living("PermissionSetAssignment") if r["PermissionSetId"] == parent]

    def sets(self) -> Iterator[Row]:
        return self._living("PermissionSet")

    def add(self, kind: str, row: Row) -> str:
        """A record that no request made; it is in no ledger."""
        state = self._state
        obj = state.schema.objects[kind.lower()]
        table = state.rows.of(obj)
        now = stamp(state.now())
        record_id = table.new_id(obj.prefix)
        stamps = {"CreatedDate": now, "CreatedById": state.user_id, "LastModifiedDate": now}
        table.put(
            record_id,
            {"Id": record_id, **row, **stamps, "LastModifiedById": state.user_id, "SystemModstamp": now},
        )
        return record_id

    def take_away(self, kind: str, record_id: str) -> None:
        self._state.rows.of(self._state.schema.objects[kind.lower()]).put(record_id, None)

    def forget(self, field: str) -> None:
        """Take a field, as `Account.CS_Key__c`, out of every permission set."""
        for row in self._of_field(field):
            self.take_away("FieldPermissions", row["Id"])

    def forget_object(self, name: str) -> None:
        """Take an object and its fields out of every permission set."""
        for kind in ("ObjectPermissions", "FieldPermissions"):
            for row in list(self._living(kind)):
                if row["SobjectType"].lower() == name.lower():
                    self.take_away(kind, row["Id"])

    def rename(self, field: str, new: str) -> None:
        table = self._state.rows.of(self._state.schema.objects["fieldpermissions"])
        for row in self._of_field(field):
            table.put(row["Id"], {**row, "Field": new})
        self.settle()

    def _of_field(self, field: str) -> list[Row]:
        return [r for r in self._living("FieldPermissions") if r["Field"].lower() == field.lower()]

    def _standing(self) -> str:
        held = self.set_named(GRANTED_BY)
        if held is not None:
            return str(held["Id"])
        parent = self.add("PermissionSet", set_row(GRANTED_BY, LABEL))
        self.add(
            "PermissionSetAssignment",
            {"PermissionSetId": parent, "AssigneeId": self._state.user_id, "IsActive": True},
        )
        return parent

    def _granted(self) -> Granted:
        user = self._state.user_id
        sets = {
            r["PermissionSetId"] for r in self._living("PermissionSetAssignment") if r["AssigneeId"] == user
        }
        fields = [r for r in self._living("FieldPermissions") if r["ParentId"] in sets]
        objects: dict[str, Access] = {}
        for row in self._living("ObjectPermissions"):
            if row["ParentId"] in sets:
                name = row["SobjectType"].lower()
                objects[name] = _widened(objects.get(name, NO_ACCESS), row)
        return Granted(
            frozenset(r["Field"].lower() for r in fields if r.get("PermissionsRead")),
            frozenset(r["Field"].lower() for r in fields if r.get("PermissionsEdit")),
            objects,
        )

    def _living(self, kind: str) -> Iterator[Row]:
        table = self._state.rows.of(self._state.schema.objects[kind.lower()])
        return (row for row in list(table.rows.values()) if not row.get("IsDeleted"))


def _secured(obj: ObjectType, field: Field, granted: Granted) -> Field:
    name = _ruling(obj, field).lower()
    seen, edited = name in granted.seen, name in granted.edited
    return field if (field.seen, field.edited) == (seen, edited) else replace(field, seen=seen, edited=edited)


def _ruling(obj: ObjectType, field: Field) -> str:
    """The field whose permissions count: for a person account's own fields, that of the contact."""
    if field.name.endswith("__pc"):
        return f"Contact.{field.name.removesuffix('__pc')}__c"
    return f"{obj.name}.{field.name}"


def _widened(access: Access, row: Mapping[str, Any]) -> Access:
    return Access(**{right: getattr(access, right) or bool(row.get(flag)) for right, flag in FLAGS.items()})


def set_row(name: str, label: str, description: str | None = None) -> Row:
    return {
        "Name": name, "Label": label, "Description": description, "IsCustom": True, "IsOwnedByProfile": False,
        "HasActivationRequired": False, "Type": "Regular",
    }  # fmt: skip


def field_row(parent: str, obj: ObjectType, field: Field, *, edit: bool) -> Row:
    named = {"ParentId": parent, "SobjectType": obj.name, "Field": f"{obj.name}.{field.name}"}
    return {**named, "PermissionsRead": True, "PermissionsEdit": edit}


def _object_row(parent: str, obj: ObjectType) -> Row:
    """What may be done to the object as it stands."""
    rights = {flag: bool(getattr(obj.access, right)) for right, flag in FLAGS.items()}
    every = {"PermissionsViewAllRecords": True, "PermissionsModifyAllRecords": obj.access.edit}
    return {"ParentId": parent, "SobjectType": obj.name, **rights, **every}
