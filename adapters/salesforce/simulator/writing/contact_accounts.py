"""The accounts that a contact works with: the one that it belongs to is among them by itself."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import RecordError
from ..schema.schema import ObjectType, Schema
from .editor import Editor
from .rows import Row, Rows
from .transaction import SYSTEM, Done

RELATION = "AccountContactRelation"
DIRECT = "IsDirect"


class ContactAccounts:
    def __init__(self, schema: Schema, rows: Rows) -> None:
        self._schema, self._rows = schema, rows

    def of(self, contact: str | None) -> Iterator[Row]:
        """The living relations of a contact."""
        obj = self._schema.objects[RELATION.lower()]
        table = self._rows.of(obj)
        for number in table.holding(obj.fields["contactid"], contact) if contact else ():
            row = table.rows.get(number)
            if row is not None and not row.get("IsDeleted"):
                yield row

    def check(self, row: Row) -> None:
        """Raises RecordError for a contact and an account that are related already."""
        others = (r for r in self.of(row.get("ContactId")) if r["Id"] != row["Id"])
        if any(other.get("AccountId") == row.get("AccountId") for other in others):
            raise RecordError(
                "DUPLICATE_VALUE", "This contact already has a relationship with this account.", ["ContactId"]
            )


class DirectRelations:
    """Follows the account of a contact. As the vendor's default is, the account that it had stays an indirect one."""

    def __init__(self, editor: Editor) -> None:
        self._editor, self._all = editor, ContactAccounts(editor.schema, editor.rows)

    def contact_changed(self, done: Done) -> None:
        obj, contact = self._editor.schema.objects.get(RELATION.lower()), done.after
        if obj is None or DIRECT.lower() not in obj.fields or contact is None or contact.get("IsDeleted"):
            return
        account = contact.get("AccountId")
        if contact.get("IsPersonAccount") or (done.before or {}).get("AccountId") == account:
            return
        self._part(obj, contact["Id"], account)
        relations = list(self._all.of(contact["Id"]))
        for row in relations:
            self._editor.reckon(obj, row, {DIRECT: row.get("AccountId") == account})
        if account and all(row.get("AccountId") != account for row in relations):
            self._create(obj, contact["Id"], account)

    def relation_changed(self, done: Done) -> None:
        """A merge brings two relations of the same contact and account together."""
        if done.before is not None and done.after is not None and not done.after.get("IsDeleted"):
            self._part(done.object, done.after.get("ContactId"), done.after.get("AccountId"))

    def _part(self, obj: ObjectType, contact: str | None, account: str | None) -> None:
        """Of several relations one stays, a direct one before others."""
        twins = [row for row in self._all.of(contact) if row.get("AccountId") == account]
        for row in sorted(twins, key=lambda row: (not row.get(DIRECT), row["Id"]))[1:]:
            self._editor.follow(obj, row, {"IsDeleted": True}, "delete")

    def _create(self, obj: ObjectType, contact: str, account: str) -> None:
        ends = {"ContactId": contact, "AccountId": account}
        number = self._editor.rows.of(obj).new_id(obj.prefix)
        row = {"Id": number, **ends, DIRECT: True, "IsActive": True, **self._editor.stamps(creating=True)}
        self._editor.transaction.put(Done(obj, number, SYSTEM, None, row))
