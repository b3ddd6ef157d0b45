"""What records of permission sets must be like, whether they come over REST or as a component."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..errors import RecordError
from ..writing.rows import Row
from ..writing.values import not_listed
from .schema import Field, ObjectType, Schema

Living = Callable[[str], Iterator[Row]]
WORDS = {
    "PermissionsRead": "Read", "PermissionsCreate": "Create", "PermissionsEdit": "Edit",
    "PermissionsDelete": "Delete", "PermissionsViewAllRecords": "View All",
    "PermissionsModifyAllRecords": "Modify All",
}  # fmt: skip
# Which right needs which (vendor: help on object permissions).
NEEDS = {
    "PermissionsCreate": ("PermissionsRead",),
    "PermissionsEdit": ("PermissionsRead",),
    "PermissionsDelete": ("PermissionsRead", "PermissionsEdit"),
    "PermissionsViewAllRecords": ("PermissionsRead",),
    "PermissionsModifyAllRecords": (
        "PermissionsRead", "PermissionsEdit", "PermissionsDelete", "PermissionsViewAllRecords",
    ),
}  # fmt: skip
KEYS = {"FieldPermissions": "Field", "ObjectPermissions": "SobjectType"}


def check_rights(name: str, row: Mapping[str, object]) -> None:
    """Raises RecordError for a right on an object without those that it needs."""
    for right, needed in NEEDS.items():
        missing = [n for n in needed if not row.get(n)] if row.get(right) else []
        if missing:
            _depends(f"{WORDS[right]} {name}", ", ".join(f"{WORDS[n]} {name}" for n in missing))


def check_reading(name: str, *, read: bool, edit: bool) -> None:
    """Raises RecordError for a field, as `Account.CS_Key__c`, that could be edited and not be read."""
    if edit and not read:
        _depends(f"Edit {name}", f"Read {name}")


def _depends(right: str, needed: str) -> None:
    message = f"Permission {right} depends on permission(s): {needed}"
    raise RecordError("FIELD_INTEGRITY_EXCEPTION", message)


class PermissionRules:
    """Checks a record as it would stand; `living` answers the records of an object that are there."""

    def __init__(self, schema: Schema, living: Living) -> None:
        self._schema, self._living = schema, living
        self.guards: Mapping[str, Callable[[Row], None]] = {
            "FieldPermissions": self.check_field,
            "ObjectPermissions": self.check_object,
            "PermissionSetAssignment": self.check_assignment,
        }

    def check_field(self, row: Row) -> None:
        """Raises RecordError."""
        self._object("FieldPermissions", row)
        owner, _, name = str(row["Field"]).partition(".")
        obj = self._schema.objects.get(owner.lower())
        field = obj.fields.get(name.lower()) if obj else None
        alien = obj is None or field is None or obj.name.lower() != str(row["SobjectType"]).lower()
        if alien or not _rulable(field):
            raise not_listed(self._column("FieldPermissions", "Field"), str(row["Field"]))
        check_reading(
            str(row["Field"]), read=bool(row.get("PermissionsRead")), edit=bool(row.get("PermissionsEdit"))
        )
        self._check_alone("FieldPermissions", row)

    def check_object(self, row: Row) -> None:
        """Raises RecordError."""
        obj = self._object("ObjectPermissions", row)
        check_rights(obj.name, row)
        self._check_alone("ObjectPermissions", row)

    def check_assignment(self, row: Row) -> None:
        """Raises RecordError for a permission set that the user has."""
        pair = (row["PermissionSetId"], row["AssigneeId"])
        held = self._living("PermissionSetAssignment")
        if any((r["PermissionSetId"], r["AssigneeId"]) == pair and r["Id"] != row["Id"] for r in held):
            raise RecordError(
                "DUPLICATE_VALUE",
                f"Duplicate PermissionSetAssignment. Assignee: {pair[1][:15]}; Permission Set: {pair[0][:15]}",
            )

    def _object(self, kind: str, row: Row) -> ObjectType:
        found = self._schema.objects.get(str(row["SobjectType"]).lower())
        if found is None:
            raise not_listed(self._column(kind, "SobjectType"), str(row["SobjectType"]))
        return found

    def _check_alone(self, kind: str, row: Row) -> None:
        """A permission set lists an object, or a field, once."""
        key = KEYS[kind]
        for other in self._living(kind):
            same = other["ParentId"] == row["ParentId"] and other[key].lower() == str(row[key]).lower()
            if same and other["Id"] != row["Id"]:
                raise RecordError(
                    "DUPLICATE_VALUE",
                    "duplicate value found: <unknown> duplicates value on record with id: <unknown>",
                )

    def _column(self, kind: str, name: str) -> Field:
        return self._schema.objects[kind.lower()].fields[name.lower()]


def _rulable(field: Field | None) -> bool:
    """Whether permission sets may list the field: a required one is seen by all."""
    return field is not None and not (field.required or field.name_field or field.type == "id")
