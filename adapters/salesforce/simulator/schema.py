"""Objects and fields of the org, by name in any case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

TEXTS = frozenset({"string", "textarea", "picklist", "multipicklist", "combobox", "email", "phone", "url"})
NUMBERS = frozenset({"double", "currency", "percent", "int"})
IDS = frozenset({"id", "reference"})


@dataclass(frozen=True, slots=True)
class Field:
    """A field as describe shows it. `absent` is the value of a record that does not hold the field.

    `seen` and `edited` are the integration user's field security: what is not seen is in no describe.
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

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    @property
    def writable(self) -> bool:
        return not (self.read_only or self.formula or self.number_format or self.type == "id")

    @property
    def nillable(self) -> bool:
        return not self.required and self.type not in {"id", "boolean"} and self.name != "OwnerId"

    @property
    def indexed(self) -> bool:
        return self.unique or self.external_id


@dataclass(slots=True)
class ObjectType:
    """An object; `fields` keeps describe's order, keyed by lower-case name."""

    name: str
    label: str
    plural: str
    prefix: str
    fields: dict[str, Field] = field(default_factory=dict)
    writable: bool = True

    @property
    def custom(self) -> bool:
        return self.name.endswith("__c")

    def field(self, name: str) -> Field | None:
        return self.fields.get(name.lower())

    def parent(self, relationship: str) -> Field | None:
        """The reference field with this relationship name."""
        wanted = relationship.lower()
        return next((f for f in self.fields.values() if (f.relationship or "").lower() == wanted), None)

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


class Schema:
    def __init__(self) -> None:
        self.objects: dict[str, ObjectType] = {}
        self._prefixes: dict[str, ObjectType] = {}

    def add(self, new: ObjectType) -> None:
        self.objects[new.name.lower()] = new
        self._prefixes[new.prefix] = new

    def find(self, name: str) -> ObjectType | None:
        return self.objects.get(name.lower())

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
        return next(p for n in range(100) if (p := f"a{n:02d}") not in self._prefixes)

    def children(self, parent: str) -> Iterator[Child]:
        """Every reference to this object."""
        for obj in self.objects.values():
            yield from (Child(obj.name, f) for f in obj.fields.values() if parent in f.refers_to)

    def remove_field(self, object_name: str, field_name: str) -> None:
        obj = self.objects[object_name.lower()]
        obj.fields.pop(field_name.lower(), None)

    def copy(self) -> dict[str, dict[str, Field]]:
        """What can change about the objects: their fields."""
        return {name: dict(obj.fields) for name, obj in self.objects.items()}

    def restore(self, kept: dict[str, dict[str, Field]]) -> None:
        for name in [n for n in self.objects if n not in kept]:
            del self._prefixes[self.objects.pop(name).prefix]
        for name, fields in kept.items():
            self.objects[name].fields = dict(fields)


def retyped(old: Field, new_type: str) -> Field:
    """The same field after an admin changed its type."""
    length = old.length or (255 if new_type in TEXTS else 0)
    return replace(old, type=new_type, length=length, restricted=False)
