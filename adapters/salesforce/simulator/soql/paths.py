"""From a record to a field, over up to five parents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cs_connector.sandbox.drawing import Column, Drawing

from ..schema.currencies import Convert, converter
from ..schema.schema import Field, ObjectType, Schema
from ..writing.compounds import address, location
from ..writing.formula import formula
from ..writing.rows import Row, Rows
from .compiled import Compiled
from .query_error import QueryError, no_column, no_relationship
from .syntax import Path

Getter = Callable[[Row], Any]
Step = Callable[[Row], Row | None]
DEEPEST = 5
NAME = "Name"
ADDRESS, LOCATION = "address", "location"
# The fields of the object Name, which stands for a parent that may be one of several objects.
NAME_FIELDS = {
    f.name.lower(): f
    for f in (
        Field("Id", "id", "Name ID"), Field("Type", "picklist", "Type"), Field("Name", "string", "Name"),
        Field("FirstName", "string", "First Name"), Field("LastName", "string", "Last Name"),
        Field("Email", "email", "Email"), Field("Phone", "phone", "Phone"), Field("Title", "string", "Title"),
        Field("Alias", "string", "Alias"), Field("Username", "string", "Username"),
        Field("IsActive", "boolean", "Active"), Field("ProfileId", "reference", "Profile ID"),
        Field("UserRoleId", "reference", "Role ID"),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parent:
    """A step up: the reference, its key in the answer, and the objects that it may lead to."""

    field: Field
    targets: tuple[ObjectType, ...]
    go: Step

    @property
    def name(self) -> str:
        return self.field.relationship or self.field.name

    @property
    def polymorphic(self) -> bool:
        return len(self.field.refers_to) > 1


@dataclass(frozen=True, slots=True)
class Reached:
    """A field of a record or of one of its parents; `get` reads it from the record, `own` from its holder."""

    parents: tuple[Parent, ...]
    field: Field
    own: Getter

    @property
    def get(self) -> Getter:
        return _climb(self.parents, self.own) if self.parents else self.own

    @property
    def name(self) -> str:
        return ".".join([*(p.name for p in self.parents), self.field.name])


@dataclass(frozen=True, slots=True)
class Above:
    """Reads a field of the record above."""

    parent: Parent
    own: Getter

    def __call__(self, row: Row) -> Any:
        above = self.parent.go(row)
        return None if above is None else self.own(above)


@dataclass(frozen=True, slots=True)
class Lent:
    """What a record shows of one above: `own` are the fields by name, `nothing` stands for them where there is none."""

    parent: Parent
    own: dict[str, Getter]
    nothing: dict[str, None]

    def of(self, row: Row) -> dict[str, Any]:
        above = self.parent.go(row)
        return self.nothing if above is None else {name: get(above) for name, get in self.own.items()}


@dataclass(frozen=True, slots=True)
class Reader:
    """Fields by name; `absent` are the values of those that a record does not hold.

    Those that it never holds are `made`, each by itself, or `lent`.
    """

    names: list[str]
    absent: list[Any]
    made: dict[str, Getter]
    lent: tuple[Lent, ...]
    drawing: Drawing

    def read(self, row: Row) -> dict[str, Any]:
        found = dict(zip(self.names, map(row.get, self.names, self.absent), strict=True))
        self._add(row, found)
        return found

    def draw(self, row: Row, attributes: dict[str, str]) -> bytes:
        """The same as JSON, after `attributes`."""
        if not (self.made or self.lent):
            return self.drawing.draw(attributes, row)
        found = row.copy()
        self._add(row, found)
        return self.drawing.draw(attributes, found)

    def _add(self, row: Row, found: dict[str, Any]) -> None:
        """What the record does not hold."""
        for name, get in self.made.items():
            found[name] = get(row)
        for lent in self.lent:
            found |= lent.of(row)


class Paths:
    def __init__(self, schema: Schema, rows: Rows, now: Callable[[], datetime]) -> None:
        self._schema, self._rows, self._now = schema, rows, now
        self._readers: Compiled[Reader] = Compiled()
        self._formulas: Compiled[tuple[Getter | None, list[ObjectType]]] = Compiled()

    def forget(self) -> None:
        """What was worked out holds on to tables, which are others after a restore."""
        self._readers.forget()
        self._formulas.forget()

    def reach(self, obj: ObjectType, path: Path, alias: str | None = None, at: int = 0) -> Reached:
        """The field at the end of a path. Raises QueryError INVALID_FIELD."""
        names = strip(obj, path, alias)
        parents = self.climb(obj, names[:-1], at)
        if parents and parents[-1].polymorphic:
            return Reached(parents, *self._of_name(parents[-1], names[-1], at))
        holder = parents[-1].targets[0] if parents else obj
        field = self._field(holder, names[-1])
        if field is None:
            raise no_column(names[-1], holder.name, at)
        return Reached(parents, field, self.getter(holder, field))

    def climb(self, obj: ObjectType, names: Path, at: int = 0) -> tuple[Parent, ...]:
        """The parents on a path. Raises QueryError INVALID_FIELD."""
        if len(names) > DEEPEST:
            why = f"Relationship path {'.'.join(names)} has more than {DEEPEST} levels"
            raise QueryError("INVALID_FIELD", why, at)
        parents: list[Parent] = []
        for name in names:
            above = parents[-1] if parents else None
            found = (
                None
                if above and above.polymorphic
                else self._parent(above.targets[0] if above else obj, name)
            )
            if found is None:
                raise no_relationship(name, "field path", at)
            parents.append(found)
        return tuple(parents)

    def converter(self, at: int) -> Convert:
        """What convertCurrency does. Raises QueryError in an org with one currency."""
        return converter(self._schema, self._rows, at)

    def getter(self, obj: ObjectType, field: Field) -> Getter:
        """How to read a field of the object itself."""
        found = self._formula(obj, field)[0] if field.formula else None
        if found is not None:
            return found
        if field.type == ADDRESS:
            return address(obj, field)
        if field.type == LOCATION:
            return location(obj, field)
        name, absent = field.name, field.absent
        return lambda row: row.get(name, absent)

    def reader(self, obj: ObjectType, names: tuple[str, ...]) -> Reader:
        """How to read the visible fields of an object together: those of these names, or all."""
        known = self._readers.known((obj.name, names), obj)
        if known is not None:
            return known

        def make() -> tuple[Reader, list[ObjectType]]:
            found = map(obj.field, names) if names else obj.visible
            fields = list({f.name: f for f in found if f is not None}.values())
            made = {f.name: self.getter(obj, f) for f in fields if f.formula or f.type in (ADDRESS, LOCATION)}
            others = [other for f in fields if f.formula for other in self._formula(obj, f)[1]]
            columns = [Column(f.name, f.name, f.absent) for f in fields]
            given = [f.name for f in fields], [f.absent for f in fields]
            return Reader(*given, *_apart(made), Drawing("attributes", columns)), others

        return self._readers.of((obj.name, names), obj, make)

    def _formula(self, obj: ObjectType, field: Field) -> tuple[Getter | None, list[ObjectType]]:
        """How to work a formula out, None where it is beyond this simulator; and the objects that it reaches."""
        text = field.formula or ""

        def make() -> tuple[tuple[Getter | None, list[ObjectType]], list[ObjectType]]:
            whole, others = SystemPaths(self._schema, self._rows, self._now), list[ObjectType]()

            def reach(path: Path) -> Getter:
                reached = whole.reach(obj, path)
                others.extend(whole.sources(obj, reached))
                return reached.get

            found = formula(text, reach, self._today)
            return (found, others), others

        return self._formulas.of((obj.name, text), obj, make)

    def sources(self, obj: ObjectType, reached: Reached) -> Iterator[ObjectType]:
        """The objects besides its own that a field is read from."""
        for parent in reached.parents:
            yield from parent.targets
        if reached.field.formula:
            holder = reached.parents[-1].targets[0] if reached.parents else obj
            yield from self._formula(holder, reached.field)[1]

    def _today(self) -> str:
        return self._now().date().isoformat()

    def _parent(self, holder: ObjectType, name: str) -> Parent | None:
        field = self._relation(holder, name)
        if field is None:
            return None
        targets = tuple(o for o in map(self._object, field.refers_to) if o is not None)
        return Parent(field, targets, self._step(field, targets)) if targets else None

    def _field(self, holder: ObjectType, name: str) -> Field | None:
        return holder.field(name)

    def _relation(self, holder: ObjectType, name: str) -> Field | None:
        return holder.parent(name)

    def _object(self, name: str) -> ObjectType | None:
        return self._schema.find(name)

    def _of_name(self, parent: Parent, name: str, at: int) -> tuple[Field, Getter]:
        field = NAME_FIELDS.get(name.lower())
        if field is None:
            raise no_column(name, NAME, at)
        kinds = {t.prefix: t for t in parent.targets}
        if field.name == "Type":
            return field, lambda row: kinds[row["Id"][:3]].name
        if field.name == NAME:
            names = {prefix: t.name_field.name for prefix, t in kinds.items() if t.name_field}
            return field, lambda row: row.get(names.get(row["Id"][:3], NAME))
        held = field.name
        return field, lambda row: row.get(held)

    def _step(self, field: Field, targets: tuple[ObjectType, ...]) -> Step:
        name, absent, now = field.name, field.absent, self._now
        tables = {t.prefix: self._rows.of(t) for t in targets}

        def go(row: Row) -> Row | None:
            record_id = row.get(name, absent)
            table = tables.get(record_id[:3]) if record_id else None
            if table is None:
                return None
            return table.seen(record_id, now()) if table.veils else table.rows.get(record_id)

        return go


class SystemPaths(Paths):
    """Reaches also what the user may not see, as formulas and validation rules do."""

    def _field(self, holder: ObjectType, name: str) -> Field | None:
        return holder.fields.get(name.lower())

    def _relation(self, holder: ObjectType, name: str) -> Field | None:
        wanted = name.lower()
        return next((f for f in holder.fields.values() if (f.relationship or "").lower() == wanted), None)

    def _object(self, name: str) -> ObjectType | None:
        return self._schema.objects.get(name.lower())


def strip(obj: ObjectType, path: Path, alias: str | None) -> Path:
    """A path without the alias or object name that it may begin with."""
    head = path[0].lower()
    named = (alias and head == alias.lower()) or head == obj.name.lower()
    return path[1:] if len(path) > 1 and named and not obj.parent(path[0]) else path


def _apart(made: dict[str, Getter]) -> tuple[dict[str, Getter], tuple[Lent, ...]]:
    """Which fields are worked out one by one, and those of the same record above, which is looked up once."""
    alone, lent = dict[str, Getter](), dict[str, Lent]()
    for name, get in made.items():
        if not isinstance(get, Above):
            alone[name] = get
            continue
        group = lent.setdefault(get.parent.field.name, Lent(get.parent, {}, {}))
        group.own[name], group.nothing[name] = get.own, None
    return alone, tuple(lent.values())


def _climb(parents: tuple[Parent, ...], own: Getter) -> Getter:
    if len(parents) == 1:
        return Above(parents[0], own)
    steps = tuple(parent.go for parent in parents)

    def get(row: Row) -> Any:
        at: Row | None = row
        for step in steps:
            at = None if at is None else step(at)
        return None if at is None else own(at)

    return get
