"""merge(): up to two records give what they have to a third and go to the recycle bin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import RecordError
from ..schema.schema import Child, ObjectType
from .bin import Bin, Deletion
from .editor import Editor
from .rows import Row

MERGEABLE = frozenset({"Account", "Contact", "Lead", "Case"})
MOST = 2
UNTOUCHED = frozenset({"MasterRecordId", "CreatedById", "LastModifiedById", "PersonContactId"})


@dataclass(frozen=True, slots=True)
class Merged:
    """The master, the records that were merged into it, and the related records that it got from them."""

    id: str
    losers: tuple[str, ...]
    related: tuple[str, ...]


class Merger:
    def __init__(self, editor: Editor, trash: Bin) -> None:
        self._editor, self._bin = editor, trash

    def check(self, obj: ObjectType, master: str, losers: Sequence[str]) -> None:
        """Raises RecordError."""
        if obj.name not in MERGEABLE:
            raise RecordError("INVALID_TYPE_FOR_OPERATION", "entity type does not support merge")
        if not 1 <= len(losers) <= MOST:
            raise RecordError("INVALID_ARGUMENT", "Merge takes one or two records to merge")
        if master in losers or len(set(losers)) < len(losers):
            raise RecordError(
                "INVALID_CROSS_REFERENCE_KEY",
                "The master record is among the records to merge, or one is there twice",
            )

    def merge(self, obj: ObjectType, master: Row, losers: Sequence[Row]) -> Merged:
        """`master` already holds the values that the request gave it."""
        if {bool(row.get("IsPersonAccount")) for row in (master, *losers)} == {True, False}:
            raise RecordError("INVALID_OPERATION", "Person accounts merge only with person accounts")
        related: list[str] = []
        for loser in losers:
            related += self._hand_over(obj, loser["Id"], master["Id"])
            self._lose(obj, loser["Id"], master["Id"])
        return Merged(master["Id"], tuple(r["Id"] for r in losers), tuple(dict.fromkeys(related)))

    def _lose(self, obj: ObjectType, loser: str, master: str) -> None:
        row = self._editor.row(obj, loser)
        assert row is not None
        self._editor.change(obj, row, {"IsDeleted": True, "MasterRecordId": master}, "merge")
        self._bin.throw(Deletion(obj.name, loser, self._editor.now()))

    def _hand_over(self, obj: ObjectType, loser: str, master: str) -> list[str]:
        moved: list[str] = []
        for child in list(self._editor.schema.children(obj.name)):
            if child.field.settable and child.field.name not in UNTOUCHED:
                moved += self._children(child, loser, master)
        return moved

    def _children(self, child: Child, loser: str, master: str) -> list[str]:
        kind = self._editor.schema.objects[child.object.lower()]
        moved: list[str] = []
        for record_id in self._editor.rows.of(kind).holding(child.field, loser):
            row = self._editor.row(kind, record_id)
            if row is None or row.get("IsDeleted"):
                continue
            target = None if record_id == master else master  # a master below its loser has no parent now
            self._editor.follow(kind, row, {child.field.name: target})
            moved.append(record_id)
        return moved
