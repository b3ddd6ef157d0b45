"""Person accounts: an account and a contact that are one person."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import RecordError
from ..schema.schema import ObjectType
from .editor import Editor
from .rows import Row
from .transaction import SYSTEM, Done

FLAG, LINK = "IsPersonAccount", "PersonContactId"
SAME = frozenset({"FirstName", "LastName", "Salutation", "MiddleName", "Suffix"})


def has_people(obj: ObjectType) -> bool:
    """Whether the org has person accounts."""
    return obj.name == "Account" and FLAG.lower() in obj.fields


def personal(name: str) -> bool:
    """Whether an account field belongs to the person."""
    return name in SAME or (name.startswith("Person") and name != LINK) or name.endswith("__pc")


def as_person(obj: ObjectType, given: Row) -> Row:
    """The values of a new account; one with a last name is a person. Raises RecordError for a mixture."""
    if not has_people(obj):
        return given
    if given.get("LastName") is None:
        _refuse([name for name in given if personal(name)])
        return given
    if given.get("Name"):
        _refuse(["Name"])
    name = " ".join(filter(None, (given.get("FirstName"), given["LastName"])))
    return {**given, FLAG: True, "Name": name}


def check_change(obj: ObjectType, before: Row, given: Row) -> None:
    """Raises RecordError for a field of the other kind of account."""
    if has_people(obj):
        person = bool(before.get(FLAG))
        _refuse([n for n in given if (n == "Name" if person else personal(n))])


def _refuse(names: Iterable[str]) -> None:
    listed = list(names)
    if listed:
        raise RecordError(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Account: bad field names on insert/update call: {', '.join(listed)}",
            listed,
        )


def contact_name(name: str) -> str:
    """The contact's name for an account field: PersonEmail is Email, Hobby__pc is Hobby__c."""
    if name in SAME:
        return name
    return name.removesuffix("__pc") + "__c" if name.endswith("__pc") else name.removeprefix("Person")


class People:
    def __init__(self, editor: Editor) -> None:
        self._editor = editor

    def account_changed(self, done: Done) -> None:
        """The contact of a person says what the account says."""
        after = done.after
        if after is None or not after.get(FLAG) or after.get("IsDeleted") or done.action == SYSTEM:
            return
        contact = self._editor.schema.objects["contact"]
        values = self._mirrored(done.object, contact, after)
        row = self._editor.row(contact, after.get(LINK))
        if row is not None:
            self._editor.reckon(contact, row, values)
            return
        self._create(done.object, contact, after, values)

    def contact_changed(self, done: Done) -> None:
        """And the account says what the contact says."""
        after = done.after
        if after is None or not after.get(FLAG) or after.get("IsDeleted") or done.action == SYSTEM:
            return
        account = self._editor.schema.objects["account"]
        row = self._editor.row(account, after.get("AccountId"))
        if row is not None and row.get(LINK) == after["Id"]:
            names = [f.name for f in account.fields.values() if personal(f.name)]
            self._editor.reckon(account, row, {n: after.get(contact_name(n)) for n in names})

    def _mirrored(self, account: ObjectType, contact: ObjectType, row: Row) -> Row:
        names = [f.name for f in account.fields.values() if personal(f.name)]
        known = [n for n in names if contact_name(n).lower() in contact.fields]
        return {contact_name(n): row[n] for n in known if n in row}

    def _create(self, account: ObjectType, contact: ObjectType, row: Row, values: Row) -> None:
        record_id = self._editor.rows.of(contact).new_id(contact.prefix)
        made = {
            "Id": record_id, "AccountId": row["Id"], "OwnerId": row.get("OwnerId"), FLAG: True,
            **values, **self._editor.stamps(creating=True), "Name": row["Name"],
        }  # fmt: skip
        self._editor.transaction.put(Done(contact, record_id, SYSTEM, None, made))
        self._editor.reckon(account, row, {LINK: record_id})
