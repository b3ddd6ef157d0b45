"""Objects and fields of the org, by name in any case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ..errors import unsimulated

TEXTS = frozenset({"string", "textarea", "picklist", "multipicklist", "combobox", "email", "phone", "url"})
NUMBERS = frozenset({"double", "currency", "percent", "int"})
IDS = frozenset({"id", "reference"})
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Field:
    """A field as describe shows it. `absent` is the value of a record that does not hold the field.

    `seen` and `edited` are the integration user's field security: what is not seen is in no describe.
    `valid_for` says, for a dependent picklist, under which values of `controller` each value may be chosen.
    `told` is what the describe of a real org says otherwise than we would, `notes` what metadata says beyond both.
    """

    name: str
    type: str
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    values: tuple[str, ...] = ()
    restricted: bool = False
    required: bool = False
    unique: bool = False
    external_id: bool = False
    case_sensitive: bool = False
    read_only: bool = False
    create_only: bool = False
    refers_to: tuple[str, ...] = ()
    relationship: str | None = None
    children: str | None = None
    cascade: bool = False
    default: Any = None
    absent: Any = None
    formula: str | None = None
    number_format: str | None = None
    name_field: bool = False
    help: str | None = None
    seen: bool = True
    edited: bool = True
    controller: str | None = None
    valid_for: tuple[tuple[str, tuple[str, ...]], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    compound: str | None = None
    told: Mapping[str, Any] = field(default_factory=dict, hash=False)
    notes: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def custom(self) -> bool:
        return self.name.endswith(("__c", "__pc"))

    @property
    def writable(self) -> bool:
        return self.settable and self.edited

    @property
    def settable(self) -> bool:
        """Whether anybody at all may write the field."""
        return not (self.read_only or self.formula or self.number_format or self.type == "id")

    @property
    def permissionable(self) -> bool:
        """Whether a permission set decides who sees it; required fields are seen by all."""
        return self.custom and not self.required and not self.name_field

    @property
    def nillable(self) -> bool:
        return not self.required and self.type not in {"id", "boolean"} and self.name != "OwnerId"

    @property
    def indexed(self) -> bool:
        return self.unique or self.external_id


@dataclass(frozen=True, slots=True)
class Access:
    """What the integration user may do with an object's records."""

    read: bool = True
    create: bool = True
    edit: bool = True
    delete: bool = True


NO_ACCESS = Access(read=False, create=False, edit=False, delete=False)


@dataclass(frozen=True, slots=True)
class RecordType:
    """A kind of record of an object, with its own choice among the values of each picklist."""

    id: str
    name: str
    label: str
    active: bool = True
    available: bool = True
    default: bool = False
    person: bool = False
    picklists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ValidationRule:
    """Refuses a record for which the formula is true; the error stands at `field`, or at the top."""

    name: str
    formula: str
    message: str
    field: str | None = None
    active: bool = True


class Fields(dict[str, Field]):
    """Fields by lower-case name. `state` is another object after every change."""

    def __init__(self, fields: Mapping[str, Field] | None = None) -> None:
        super().__init__(fields or {})
        self.state = object()

    def __setitem__(self, name: str, new: Field) -> None:
        super().__setitem__(name, new)
        self.state = object()

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        self.state = object()

    def pop(self, name: str, default: Any = None) -> Any:
        found = self.get(name, default)
        if name in self:
            del self[name]
        return found

    def __reduce__(self) -> Any:
        return type(self), (dict(self),)


@dataclass(slots=True)
class ObjectType:
    """An object; `fields` keeps describe's order, keyed by lower-case name, with what the user may not see.

    `field`, `parent` and `visible` are as the integration user sees the object.
    """

    name: str
    label: str
    plural: str
    prefix: str
    fields: Fields = field(default_factory=Fields)
    writable: bool = True
    deletable: bool = True
    access: Access = Access()
    record_types: dict[str, RecordType] = field(default_factory=dict)
    rules: dict[str, ValidationRule] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def visible(self) -> Iterator[Field]:
        return (f for f in self.fields.values() if f.seen)

    def field(self, name: str) -> Field | None:
        found = self.fields.get(name.lower())
        return found if found and found.seen else None

    def parent(self, relationship: str) -> Field | None:
        """The reference field with this relationship name."""
        wanted = relationship.lower()
        return next((f for f in self.visible if (f.relationship or "").lower() == wanted), None)

    def choices(self, chosen: Field, record_type: str | None) -> tuple[str, ...]:
        """The values of a picklist that a record of this record type may take."""
        kind = next((r for r in self.record_types.values() if r.id == record_type), None)
        return kind.picklists.get(chosen.name, chosen.values) if kind else chosen.values

    def add(self, new: Field) -> None:
        self.fields[new.name.lower()] = new

    @property
    def name_field(self) -> Field | None:
        return next((f for f in self.fields.values() if f.name_field), None)


@dataclass(frozen=True, slots=True)
class Child:
    """A reference that points at an object: the other end of a relationship."""

    object: str
    field: Field


@dataclass(frozen=True, slots=True)
class KeptSchema:
    """A schema as it was."""

    objects: Mapping[str, ObjectType]
    listed: Mapping[str, Mapping[str, Any]]


class Schema:
    """`find` is as the integration user sees the org; `objects` holds all, by lower-case name.

    `listed` is what the list of a real org's objects says of those of which nothing else is known, `absent` the
    lower-case names of objects that every org has and this one has not; `absent_children` are relationships to them.
    """

    def __init__(self) -> None:
        self.objects: dict[str, ObjectType] = {}
        self.listed: dict[str, Mapping[str, Any]] = {}
        self.absent: frozenset[str] = frozenset()
        self.absent_children: frozenset[str] = frozenset()
        self._prefixes: dict[str, ObjectType] = {}

    def add(self, new: ObjectType) -> None:
        self.objects[new.name.lower()] = new
        if new.prefix:
            self._prefixes[new.prefix] = new

    def drop(self, old: ObjectType) -> None:
        del self.objects[old.name.lower()]
        self._prefixes.pop(old.prefix, None)

    def find(self, name: str) -> ObjectType | None:
        """Raises ApiError 501 for a standard object that is not simulated, or one of a loaded org that is only listed."""
        found = self.objects.get(name.lower())
        if found is None and name.lower() in self.absent:
            raise unsimulated(f"The standard object {name}")
        if found is None and any(name.lower() == listed.lower() for listed in self.listed):
            raise unsimulated(f"{name} of the org that was loaded, whose describe was not saved,")
        return found if found and found.access.read else None

    def of_id(self, record_id: str) -> ObjectType | None:
        """The object whose key prefix the id bears."""
        return self._prefixes.get(record_id[:3])

    def adopt_prefix(self, obj: ObjectType, prefix: str) -> None:
        """Give an object the key prefix that its records bear."""
        self._prefixes.pop(obj.prefix, None)
        obj.prefix = prefix
        self._prefixes[prefix] = obj

    def free_prefix(self) -> str:
        """A key prefix for the next custom object."""
        return next(
            p for n in range(1000) if (p := f"a{DIGITS[n // 36]}{DIGITS[n % 36]}") not in self._prefixes
        )

    def open_to_activities(self, name: str) -> None:
        """Let tasks and events be about records of this object."""
        for activity in (self.objects.get("task"), self.objects.get("event")):
            what = activity.fields.get("whatid") if activity else None
            if activity and what and name not in what.refers_to:
                activity.add(replace(what, refers_to=(*what.refers_to, name)))

    def children(self, parent: str) -> Iterator[Child]:
        """Every reference to this object."""
        for obj in self.objects.values():
            yield from (Child(obj.name, f) for f in obj.fields.values() if parent in f.refers_to)

    def lacks_children(self, parent: ObjectType, relationship: str) -> bool:
        """Whether a real org has this relationship, to objects that this one has not."""
        told = (c["relationshipName"] or "" for c in parent.told.get("children", ()))
        name = relationship.lower()
        return name in self.absent_children or name in (n.lower() for n in told)

    def remove_field(self, object_name: str, field_name: str) -> None:
        obj = self.objects[object_name.lower()]
        obj.fields.pop(field_name.lower(), None)

    def copy(self) -> KeptSchema:
        """All that can change."""
        return KeptSchema({name: _copied(obj) for name, obj in self.objects.items()}, dict(self.listed))

    def restore(self, kept: KeptSchema) -> None:
        """The objects that stay are the same ones, since others hold on to them."""
        self.listed = dict(kept.listed)
        for name in [n for n in self.objects if n not in kept.objects]:
            self.drop(self.objects[name])
        for name, before in kept.objects.items():
            held = self.objects.get(name)
            if held is None:
                self.add(_copied(before))
                continue
            self._prefixes.pop(held.prefix, None)
            again = _copied(before)
            for part in fields(ObjectType):
                setattr(held, part.name, getattr(again, part.name))
            self.add(held)


def _copied(obj: ObjectType) -> ObjectType:
    return replace(obj, fields=Fields(obj.fields), record_types=dict(obj.record_types), rules=dict(obj.rules))


def retyped(old: Field, new_type: str) -> Field:
    """The same field after an admin changed its type."""
    length = old.length or (255 if new_type in TEXTS else 0)
    return replace(old, type=new_type, length=length, restricted=False, told={})
