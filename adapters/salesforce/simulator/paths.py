"""From a record to a field, over up to five parents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import ApiError, no_column
from .formula import formula
from .rows import Row, Rows
from .schema import Field, ObjectType, Schema
from .syntax import Path

Getter = Callable[[Row], Any]
Step = Callable[[Row], Row | None]
DEEPEST = 5


@dataclass(frozen=True, slots=True)
class Parent:
    """A step up: the reference, its key in the answer, and the objects that it may lead to."""

    field: Field
    targets: tuple[ObjectType, ...]
    go: Step

    @property
    def name(self) -> str:
        return self.field.relationship or self.field.name


@dataclass(frozen=True, slots=True)
class Reached:
    """A field of a record or of one of its parents."""

    parents: tuple[Parent, ...]
    field: Field
    get: Getter


class Paths:
    def __init__(self, schema: Schema, rows: Rows) -> None:
        self._schema, self._rows = schema, rows

    def reach(self, obj: ObjectType, path: Path, alias: str | None = None) -> Reached:
        """The field at the end of a path. Raises ApiError INVALID_FIELD."""
        names = self._strip(obj, path, alias)
        if len(names) > DEEPEST + 1:
            raise ApiError(
                400, "INVALID_FIELD", f"Relationship path {'.'.join(path)} has more than {DEEPEST} levels"
            )
        targets: tuple[ObjectType, ...] = (obj,)
        parents: list[Parent] = []
        for name in names[:-1]:
            parent = self._parent(targets, name)
            parents.append(parent)
            targets = parent.targets
        field = self._field(targets, names[-1])
        own = self.getter(targets[0], field)
        return Reached(tuple(parents), field, _climb(tuple(p.go for p in parents), own) if parents else own)

    def getter(self, obj: ObjectType, field: Field) -> Getter:
        """How to read a field of the object itself."""
        if field.formula:
            found = formula(field.formula, lambda path: self.reach(obj, path).get)
            if found is not None:
                return found
        name, absent = field.name, field.absent
        return lambda row: row.get(name, absent)

    def _strip(self, obj: ObjectType, path: Path, alias: str | None) -> Path:
        """Without the leading alias or object name."""
        head = path[0].lower()
        named = (alias and head == alias.lower()) or head == obj.name.lower()
        return path[1:] if len(path) > 1 and named and not obj.parent(path[0]) else path

    def _parent(self, targets: tuple[ObjectType, ...], name: str) -> Parent:
        for target in targets:
            field = target.parent(name)
            if field is not None:
                found = tuple(o for o in map(self._schema.find, field.refers_to) if o is not None)
                return Parent(field, found, self._step(field, found))
        raise ApiError(
            400,
            "INVALID_FIELD",
            f"\nDidn't understand relationship '{name}' in field path. If you are attempting to use a custom "
            "relationship, be sure to append the '__r' after the custom relationship name. Please reference your "
            "WSDL or the describe call for the appropriate names.",
        )

    def _field(self, targets: tuple[ObjectType, ...], name: str) -> Field:
        for target in targets:
            field = target.field(name)
            if field is not None:
                return field
        raise no_column(name, targets[0].name if len(targets) == 1 else "Name")

    def _step(self, field: Field, targets: tuple[ObjectType, ...]) -> Step:
        name, absent = field.name, field.absent
        if len(targets) == 1:
            table = self._rows.of(targets[0])
            return lambda row: table.rows.get(row.get(name, absent) or "")
        tables = {t.prefix: self._rows.of(t) for t in targets}

        def go(row: Row) -> Row | None:
            record_id = row.get(name, absent)
            table = tables.get(record_id[:3]) if record_id else None
            return table.rows.get(record_id) if table else None

        return go


def _climb(steps: tuple[Step, ...], own: Getter) -> Getter:
    def get(row: Row) -> Any:
        at: Row | None = row
        for step in steps:
            at = None if at is None else step(at)
        return None if at is None else own(at)

    return get
