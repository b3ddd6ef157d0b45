"""CustomObject and CustomField: components of the Metadata API that change the schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from ..errors import RecordError
from ..schema.permissions import Permissions
from ..schema.schema import NO_ACCESS, Field, Fields, ObjectType
from ..schema.standard import OWN_FIELDS, build, currency_field
from ..state import State
from ..writing.rows import Row, text_of
from . import metadata_fields as fields
from .metadata_errors import beyond, duplicate, in_use, lacking, misfit, unknown
from .soap_xml import Part

Shown = Mapping[str, Any]
OBJECT_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*__c")
OBJECT_NOTES = (
    "deploymentStatus", "sharingModel", "enableActivities", "enableReports", "enableHistory", "enableBulkApi",
    "enableSearch", "enableFeeds", "enableSharing", "enableStreamingApi", "description", "gender", "startsWith",
)  # fmt: skip
OBJECT_NEEDS = ("deploymentStatus", "sharingModel")
ACTIVITY = "activity"


class References(Protocol):
    """The components that name fields and objects."""

    def forget_field(self, owner: str, name: str) -> None: ...

    def forget_object(self, name: str) -> None: ...

    def of(self, kind: str) -> dict[str, tuple[str, dict[str, Any]]]: ...


class Objects:
    """What the kinds share: finding the object, and taking values out of records."""

    def __init__(self, state: State, permissions: Permissions, components: References) -> None:
        self.state, self.permissions, self.components = state, permissions, components

    def get(self, name: str) -> ObjectType | None:
        return self.state.schema.objects.get(name.lower())

    def bearers(self, full_name: str) -> tuple[list[ObjectType], str]:
        """The objects that bear a component, and its own name: `Activity.X__c` lives on Task and on Event.

        Raises RecordError for an unknown object.
        """
        owner, _, name = full_name.partition(".")
        if not name:
            raise misfit(f"The full name '{full_name}' must be of the form Object.Component")
        names = ("task", "event") if owner.lower() == ACTIVITY else (owner.lower(),)
        found = [self.state.schema.objects[n] for n in names if n in self.state.schema.objects]
        if not found:
            raise RecordError(
                "INVALID_CROSS_REFERENCE_KEY",
                f"Entity of type 'CustomObject' named '{owner}' cannot be found",
            )
        return found, name

    def rewrite(self, obj: ObjectType, change: Callable[[Row], Row]) -> None:
        """Replace every record of an object, as the system does: no stamp moves."""
        table = self.state.rows.of(obj)
        for record_id, row in list(table.rows.items()):
            table.put(record_id, change(row))


class CustomFields:
    kind = "CustomField"

    def __init__(self, objects: Objects) -> None:
        self._o = objects

    def create(self, part: Part) -> None:
        bearers, name = self._o.bearers(part.text("fullName") or "")
        for obj in bearers:
            if name.lower() in obj.fields:
                raise duplicate(f"There is already a field named {name} on {obj.label}.")
            fields.check_room(obj, fields.from_part(self._o.state.schema, obj, name, part))
        for obj in bearers:
            made = fields.from_part(self._o.state.schema, obj, name, part)
            obj.add(made)
            self._start(obj, made, part)

    def update(self, part: Part) -> None:
        bearers, name = self._o.bearers(part.text("fullName") or "")
        for obj in bearers:
            held = obj.fields.get(name.lower())
            if held is None or not held.custom:
                raise unknown(self.kind, f"{obj.name}.{name}")
            made = fields.from_part(self._o.state.schema, obj, name, part)
            _check_change(held, made)
            fields.check_room(obj, made)
            made = replace(made, name=held.name, seen=held.seen, edited=held.edited)
            if made.unique and not held.unique:
                self._check_alone(obj, made)
            obj.add(made)
        self._o.permissions.settle()

    def delete(self, full_name: str) -> None:
        bearers, name = self._o.bearers(full_name)
        for obj in bearers:
            held = self._held(obj, name)
            _check_unused(obj, held)
            del obj.fields[name.lower()]
            self._o.rewrite(obj, _without(held.name))
            self._o.permissions.forget(f"{obj.name}.{held.name}")
            self._o.components.forget_field(obj.name, held.name)

    def rename(self, old: str, new: str) -> None:
        bearers, name = self._o.bearers(old)
        _, wanted = self._o.bearers(new)
        for obj in bearers:
            held = self._held(obj, name)
            if wanted.lower() in obj.fields:
                raise duplicate(f"There is already a field named {wanted} on {obj.label}.")
            if not fields.NAME.fullmatch(wanted):
                raise misfit(f"The field name '{wanted}' is not a valid custom field name")
            _check_unused(obj, held)
            renamed = [_renamed(f, wanted) if f is held else f for f in obj.fields.values()]
            obj.fields = Fields({f.name.lower(): f for f in renamed})
            self._o.rewrite(obj, _moved(held.name, wanted))
            self._o.permissions.rename(f"{obj.name}.{held.name}", f"{obj.name}.{wanted}")

    def read(self, full_name: str) -> Shown | None:
        owner, _, name = full_name.partition(".")
        obj = self._o.get("task" if owner.lower() == ACTIVITY else owner)
        held = obj.fields.get(name.lower()) if obj else None
        if obj is None or held is None or not held.custom:
            return None
        return fields.shown(f"{owner if owner.lower() == ACTIVITY else obj.name}.{held.name}", held)

    def names(self) -> Iterable[str]:
        objects = self._o.state.schema.objects.values()
        return [f"{o.name}.{f.name}" for o in objects for f in o.fields.values() if f.custom]

    def _held(self, obj: ObjectType, name: str) -> Field:
        held = obj.fields.get(name.lower())
        if held is None or not held.custom:
            raise unknown(self.kind, f"{obj.name}.{name}")
        return held

    def _check_alone(self, obj: ObjectType, made: Field) -> None:
        """Raises RecordError for a field in which two records have the same value: it cannot become unique."""
        rows, text = self._o.state.rows.of(obj).rows.values(), text_of(made.name)
        found = [
            row[made.name] if made.case_sensitive else text(row) for row in rows if text(row) is not None
        ]
        if len(set(found)) < len(found):
            raise misfit(f"{made.name} cannot be unique: there are duplicate values in existing records")

    def _start(self, obj: ObjectType, made: Field, part: Part) -> None:
        """Records that are there get the default of a checkbox, and numbers where the field counts."""
        table = self._o.state.rows.of(obj)
        if made.number_format:
            table.numbered = max(int(part.text("startingNumber") or 1) - 1, 0)
        if made.type == "boolean" and made.default:
            self._o.rewrite(obj, lambda row: {**row, made.name: True})


def _without(name: str) -> Callable[[Row], Row]:
    return lambda row: {key: value for key, value in row.items() if key != name}


def _moved(old: str, new: str) -> Callable[[Row], Row]:
    return lambda row: {new if key == old else key: value for key, value in row.items()}


def _renamed(field: Field, wanted: str) -> Field:
    relationship = wanted.removesuffix("__c") + "__r" if field.refers_to else field.relationship
    return replace(field, name=wanted, relationship=relationship, told={})


def _check_change(held: Field, made: Field) -> None:
    """Raises RecordError for a change of type that would lose values, which needs a person in Setup."""
    texts = {"string", "textarea", "email", "url", "phone", "picklist"}
    same = held.type == made.type or (held.type in texts and made.type in texts)
    if not same or bool(held.formula) != bool(made.formula) or held.refers_to != made.refers_to:
        raise RecordError(
            "FIELD_INTEGRITY_EXCEPTION",
            f"Cannot change type of field {held.name} from {held.type} to {made.type}",
        )


def _check_unused(obj: ObjectType, field: Field) -> None:
    word = re.compile(rf"\b{re.escape(field.name)}\b", re.IGNORECASE)
    for rule in obj.rules.values():
        if word.search(rule.formula):
            raise in_use(field.name, f"Validation Rule - {rule.name}")
    for other in obj.fields.values():
        if other.formula and word.search(other.formula):
            raise in_use(field.name, f"Formula Field - {other.name}")


class CustomObjects:
    kind = "CustomObject"

    def __init__(self, objects: Objects, members: CustomFields) -> None:
        self._o, self._fields = objects, members

    def create(self, part: Part) -> None:
        name = part.text("fullName") or ""
        if self._o.get(name):
            raise duplicate(f"The object name '{name}' is already in use.")
        if not OBJECT_NAME.fullmatch(name):
            raise misfit(f"The object name '{name}' is not a valid custom object name")
        label = _labelled(part)
        schema = self._o.state.schema
        obj = build(name, label, part.text("pluralLabel") or f"{label}s", schema.free_prefix(), OWN_FIELDS)
        obj.access = NO_ACCESS
        obj.notes = {n: t for n in OBJECT_NOTES if (t := part.text(n))}
        obj.add(_name_field(obj.fields["name"], part))
        if "currencyisocode" in schema.objects["account"].fields:
            obj.add(currency_field())
        inside = [
            (p, fields.from_part(schema, obj, p.text("fullName") or "", p)) for p in part.parts("fields")
        ]
        schema.add(obj)
        for _, made in inside:
            obj.add(made)
        if part.flag("enableActivities"):
            schema.open_to_activities(name)

    def update(self, part: Part) -> None:
        obj = self._o.get(part.text("fullName") or "")
        if obj is None:
            raise unknown(self.kind, part.text("fullName") or "")
        if not obj.custom:
            raise beyond("Changing a standard object")
        obj.label, obj.plural = _labelled(part), part.text("pluralLabel") or obj.plural
        obj.notes = {**obj.notes, **{n: t for n in OBJECT_NOTES if (t := part.text(n))}}
        obj.told = {}
        if part.flag("enableActivities"):
            self._o.state.schema.open_to_activities(obj.name)

    def delete(self, full_name: str) -> None:
        obj = self._o.get(full_name)
        if obj is None or not obj.custom:
            raise unknown(self.kind, full_name)
        lookups = [c for c in self._o.state.schema.children(obj.name) if c.field.custom]
        if lookups:
            raise in_use(obj.name, f"Custom Field - {lookups[0].object}.{lookups[0].field.name}")
        bases = self._o.components.of("ReportType").values()
        types = [n for n, body in bases if str(body.get("baseObject")).lower() == obj.name.lower()]
        if types:
            raise in_use(obj.name, f"Custom Report Type - {types[0]}")
        table = self._o.state.rows.of(obj)
        for record_id in list(table.rows):
            table.put(record_id, None)
        self._o.state.schema.drop(obj)
        self._o.permissions.forget_object(obj.name)
        self._o.components.forget_object(obj.name)

    def rename(self, _old: str, _new: str) -> None:
        raise beyond("Renaming an object")

    def read(self, full_name: str) -> Shown | None:
        obj = self._o.get(full_name)
        if obj is None:
            return None
        name = obj.name_field
        own = (
            {
                "type": "AutoNumber" if name.number_format else "Text",
                "label": name.label,
                "displayFormat": name.number_format,
            }
            if name
            else None
        )
        custom = {"label": obj.label, "nameField": own, "pluralLabel": obj.plural} if obj.custom else {}
        members = [fields.shown(f.name, f) for f in obj.fields.values() if f.custom]
        for member in members:
            member.pop("@type", None)  # type: ignore[attr-defined]
        return {"@type": self.kind, "fullName": obj.name, **obj.notes, "fields": members, **custom}

    def names(self) -> Iterable[str]:
        return [o.name for o in self._o.state.schema.objects.values()]


def _labelled(part: Part) -> str:
    label = part.text("label")
    if not label:
        raise misfit("Must specify a non-empty label for the CustomObject")
    for name in OBJECT_NEEDS:
        if part.text(name) is None:
            raise lacking(name)
    return label


def _name_field(name: Field, part: Part) -> Field:
    given = part.part("nameField")
    if given is None or given.text("type") not in {"Text", "AutoNumber"}:
        raise misfit("Must specify a nameField of type Text or AutoNumber")
    numbered = (given.text("displayFormat") or "{0}") if given.text("type") == "AutoNumber" else None
    return replace(name, label=given.text("label") or name.label, number_format=numbered)
