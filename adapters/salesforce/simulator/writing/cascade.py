"""What goes with a deleted record, what keeps it from being deleted, and what comes back with it."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import RecordError
from ..schema.schema import Child, Field, ObjectType
from .bin import Bin, Cut, Deletion
from .editor import Editor
from .rows import Row

# An account's contracts go with it, unless they are in force (vendor: help on deleting accounts).
WITH_PARENT = frozenset({"Contract.AccountId"})
# What keeps an account or contact from being deleted (vendor: its describe says restrictedDelete).
RESTRICTING = frozenset(
    {
        "Case.AccountId",
        "Case.ContactId",
        "Entitlement.AccountId",
        "Order.AccountId",
        "ServiceContract.AccountId",
    }
)
UNTOUCHED = frozenset({"MasterRecordId", "OwnerId", "CreatedById", "LastModifiedById"})


class Cascade:
    def __init__(self, editor: Editor, trash: Bin) -> None:
        self._editor, self._bin = editor, trash

    def delete(self, obj: ObjectType, before: Row) -> None:
        """Into the recycle bin. Raises RecordError DELETE_FAILED."""
        members: list[tuple[str, str]] = []
        cuts: list[Cut] = []
        self._delete(obj, before, members, cuts)
        now = self._editor.now()
        if keeps(obj):
            self._bin.throw(Deletion(obj.name, before["Id"], now, tuple(members[1:]), tuple(cuts)))

    def _delete(self, obj: ObjectType, before: Row, members: list[tuple[str, str]], cuts: list[Cut]) -> None:
        self._check(obj, before)
        if keeps(obj):
            self._editor.change(obj, before, {"IsDeleted": True}, "delete")
        else:
            self._editor.erase(obj, before, "delete")
        members.append((obj.name, before["Id"]))
        for child, kind, row in self._held(obj, before["Id"]):
            if goes_with(child):
                self._delete(kind, row, members, cuts)
            else:
                self._editor.follow(kind, row, {child.field.name: None})
                cuts.append(Cut(kind.name, row["Id"], child.field.name, before["Id"]))

    def _held(self, obj: ObjectType, record_id: str) -> Iterator[tuple[Child, ObjectType, Row]]:
        """The living records that refer to this one."""
        for child in list(self._editor.schema.children(obj.name)):
            kind = self._editor.schema.objects[child.object.lower()]
            if child.field.name in UNTOUCHED or not (goes_with(child) or child.field.settable):
                continue
            for other in self._editor.rows.of(kind).holding(child.field, record_id):
                row = self._editor.row(kind, other)
                if row is not None and not row.get("IsDeleted"):
                    yield child, kind, row

    def _check(self, obj: ObjectType, before: Row) -> None:
        for child, kind, row in self._held(obj, before["Id"]):
            if _restricts(child, row):
                raise _delete_failed(obj, before, kind, row)
            if kind.name == "Opportunity" and row.get("IsWon"):
                raise RecordError(
                    "DELETE_FAILED",
                    f"Your attempt to delete {_name(obj, before)} could not be completed because some opportunities "
                    f"in that account were closed won. The opportunities that caused the problem are: {row.get('Name')}",
                )

    def undelete(self, deletion: Deletion) -> None:
        """The record, what went with it, and the lookups that nobody filled since. Raises RecordError."""
        for object_name, record_id in ((deletion.object, deletion.id), *deletion.members):
            obj = self._editor.schema.objects[object_name.lower()]
            row = self._editor.row(obj, record_id)
            if row is None or not row.get("IsDeleted"):
                continue
            put = self._editor.change if record_id == deletion.id else self._editor.follow
            merged = {"MasterRecordId": None} if row.get("MasterRecordId") else {}
            put(obj, row, {"IsDeleted": False, **merged}, "undelete")
        for cut in deletion.cuts:
            self._mend(cut)

    def _mend(self, cut: Cut) -> None:
        obj = self._editor.schema.objects.get(cut.object.lower())
        row = self._editor.row(obj, cut.id) if obj else None
        if obj is not None and row is not None and not row.get("IsDeleted") and row.get(cut.field) is None:
            self._editor.follow(obj, row, {cut.field: cut.target})


def keeps(obj: ObjectType) -> bool:
    """Whether deleted records of the object go to the recycle bin."""
    return "isdeleted" in obj.fields


def goes_with(child: Child) -> bool:
    return child.field.cascade or f"{child.object}.{child.field.name}" in WITH_PARENT


def _restricts(child: Child, row: Row) -> bool:
    field: Field = child.field
    if f"{child.object}.{field.name}" in RESTRICTING:
        return True
    if child.object == "Contract":
        return row.get("Status") == "Activated"
    return restricted(field)


def restricted(field: Field) -> bool:
    """A lookup whose target cannot be deleted: a required one, or one that says so."""
    return (
        not field.cascade
        and field.custom
        and (field.required or field.notes.get("deleteConstraint") == "Restrict")
    )


def _name(obj: ObjectType, row: Row) -> str:
    field = obj.name_field
    return str((row.get(field.name) if field else None) or row["Id"])


def _delete_failed(obj: ObjectType, before: Row, kind: ObjectType, row: Row) -> RecordError:
    return RecordError(
        "DELETE_FAILED",
        f"Your attempt to delete {_name(obj, before)} could not be completed because it is associated with the "
        f"following {kind.plural.lower()}.: {_name(kind, row)}",
    )
