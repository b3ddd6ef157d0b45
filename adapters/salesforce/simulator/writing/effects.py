"""What a change does to other records: activity dates, the people behind person accounts, owners of what goes along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..schema.schema import ObjectType
from .contact_accounts import DirectRelations
from .editor import Editor
from .people import People
from .rollups import Rollups
from .rows import Row
from .transaction import Done

LINKS = ("AccountId", "WhatId", "WhoId")


class Effects:
    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._people, self._rollups, self._direct = People(editor), Rollups(editor), DirectRelations(editor)
        self._ways: dict[str, Callable[[Done], None]] = {
            "Task": self._activity, "Event": self._activity, "Account": self._account,
            "Contact": self._contact, "AccountContactRelation": self._direct.relation_changed,
        }  # fmt: skip

    def follow(self, mark: int) -> None:
        """All that the changes since `mark` bring with them."""
        for done in self._editor.transaction.since(mark):
            way = self._ways.get(done.object.name)
            if way is not None:
                way(done)
            self._rollups.follow(done)

    def _account(self, done: Done) -> None:
        self._people.account_changed(done)
        before, after = done.before, done.after
        if before is None or after is None or before.get("OwnerId") == after.get("OwnerId"):
            return
        for name in ("contact", "opportunity"):
            self._hand_over(self._editor.schema.objects[name], after, before.get("OwnerId"))

    def _contact(self, done: Done) -> None:
        self._people.contact_changed(done)
        self._direct.contact_changed(done)

    def _hand_over(self, obj: ObjectType, account: Row, old: Any) -> None:
        """Contacts and open opportunities of the old owner go to the new one."""
        for record_id in self._editor.rows.of(obj).holding(obj.fields["accountid"], account["Id"]):
            row = self._editor.row(obj, record_id)
            if row is not None and row.get("OwnerId") == old and not row.get("IsClosed"):
                self._editor.follow(obj, row, {"OwnerId": account["OwnerId"]})

    def _activity(self, done: Done) -> None:
        rows = [r for r in (done.before, done.after) if r is not None]
        for target in dict.fromkeys(r.get(link) for r in rows for link in LINKS):
            if target:
                self._date(done, str(target))

    def _date(self, done: Done, target: str) -> None:
        """LastActivityDate of a record is the day of its latest closed task or past event."""
        obj = self._editor.schema.of_id(target)
        row = self._editor.row(obj, target) if obj else None
        if obj is None or row is None or "lastactivitydate" not in obj.fields or row.get("IsDeleted"):
            return
        known = row.get("LastActivityDate")
        new = self._counted(done.after, target)
        if new is not None and (known is None or new > known):
            self._editor.reckon(obj, row, {"LastActivityDate": new})
        elif known is not None and known == self._counted(done.before, target) and new != known:
            self._editor.reckon(obj, row, {"LastActivityDate": self._latest(target)})

    def _latest(self, target: str) -> str | None:
        days: list[str] = []
        for name in ("task", "event"):
            obj = self._editor.schema.objects[name]
            for link in LINKS:
                ids = self._editor.rows.of(obj).holding(obj.fields[link.lower()], target)
                found = (self._counted(self._editor.row(obj, i), target) for i in ids)
                days += [day for day in found if day]
        return max(days, default=None)

    def _counted(self, row: Row | None, target: str) -> str | None:
        """The day of an activity that counts for this record."""
        if row is None or row.get("IsDeleted") or target not in {row.get(link) for link in LINKS}:
            return None
        day: str | None = row.get("ActivityDate")
        if row["Id"].startswith("00T"):
            return day if row.get("IsClosed") else None
        return day if day and day <= self._editor.now().date().isoformat() else None
