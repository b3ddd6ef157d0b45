"""Roll-up summary fields: a parent keeps the count, sum, least or most of its children."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..schema.schema import Field, ObjectType
from .editor import Editor
from .rows import Row
from .transaction import Done

KEY, OPERATION, SUMMED = "summaryForeignKey", "summaryOperation", "summarizedField"
WAYS: dict[str, Callable[[Sequence[Any]], Any]] = {"count": len, "sum": sum, "min": min, "max": max}


class Rollups:
    """A roll-up is a field whose `notes` say summaryForeignKey (`Child__c.Parent__c`), summaryOperation and
    summarizedField, as the Metadata API does.
    """

    def __init__(self, editor: Editor) -> None:
        self._editor = editor

    def follow(self, done: Done) -> None:
        """Bring the figures of the record's parents up to date."""
        for parent, field, link in self._over(done.object):
            rows = [r for r in (done.before, done.after) if r is not None]
            for parent_id in dict.fromkeys(r.get(link.name) for r in rows):
                row = self._editor.row(parent, parent_id)
                if row is not None and not row.get("IsDeleted"):
                    value = self._figure(done.object, link, field, row["Id"])
                    self._editor.reckon(parent, row, {field.name: value})

    def _over(self, child: ObjectType) -> Iterator[tuple[ObjectType, Field, Field]]:
        """Parent, its roll-up field and the child's reference, for every roll-up over this child."""
        for link in child.fields.values():
            if not link.cascade:
                continue
            parent = self._editor.schema.objects.get(link.refers_to[0].lower())
            for field in list(parent.fields.values()) if parent else ():
                if parent is not None and field.notes.get(KEY) == f"{child.name}.{link.name}":
                    yield parent, field, link

    def _figure(self, child: ObjectType, link: Field, field: Field, parent_id: str) -> Any:
        ids = self._editor.rows.of(child).holding(link, parent_id)
        rows: list[Row] = [
            r for r in (self._editor.row(child, i) for i in ids) if r and not r.get("IsDeleted")
        ]
        operation = field.notes.get(OPERATION, "count").lower()
        if operation == "count":
            return float(len(rows))
        name = field.notes.get(SUMMED, "").rpartition(".")[2]
        values = [r[name] for r in rows if r.get(name) is not None]
        return WAYS[operation](values) if values else (0.0 if operation == "sum" else None)
