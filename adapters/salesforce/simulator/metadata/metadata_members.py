"""RecordType and ValidationRule: components of the Metadata API inside an object."""

from __future__ import annotations

from collections.abc import Iterable

from ..schema.schema import Field, ObjectType, RecordType, ValidationRule
from ..writing.rows import Row
from .metadata_errors import beyond, duplicate, lacking, unknown
from .metadata_objects import Objects, Shown
from .soap_xml import Part

Lists = dict[str, tuple[str, ...]]


class RecordTypes:
    kind = "RecordType"

    def __init__(self, objects: Objects) -> None:
        self._o = objects

    def create(self, part: Part) -> None:
        (obj, *_), name = self._o.bearers(part.text("fullName") or "")
        if name.lower() in obj.record_types:
            raise duplicate(f"Duplicate Name: A Record Type named {name} already exists on {obj.label}.")
        lists = _lists(obj, part)
        self._keep(obj, name, part, self._row(obj, name, part), lists)

    def update(self, part: Part) -> None:
        (obj, *_), name = self._o.bearers(part.text("fullName") or "")
        held = obj.record_types.get(name.lower())
        if held is None:
            raise unknown(self.kind, f"{obj.name}.{name}")
        self._keep(obj, held.name, part, held.id, _lists(obj, part))
        table = self._o.state.rows.of(self._o.state.schema.objects["recordtype"])
        table.put(held.id, {**table.rows[held.id], **_described(obj, held.name, part)})

    def delete(self, _full_name: str) -> None:
        raise beyond("Deleting a record type")

    def rename(self, _old: str, _new: str) -> None:
        raise beyond("Renaming a record type")

    def read(self, full_name: str) -> Shown | None:
        owner, _, name = full_name.partition(".")
        obj = self._o.get(owner)
        held = obj.record_types.get(name.lower()) if obj else None
        if obj is None or held is None:
            return None
        lists = [
            {"picklist": p, "values": [{"fullName": v, "default": False} for v in vs]}
            for p, vs in held.picklists.items()
        ]
        return {
            "@type": self.kind,
            "fullName": f"{obj.name}.{held.name}",
            "active": held.active,
            "label": held.label,
            "picklistValues": lists,
        }

    def names(self) -> Iterable[str]:
        return [
            f"{o.name}.{r.name}"
            for o in self._o.state.schema.objects.values()
            for r in o.record_types.values()
        ]

    def _keep(self, obj: ObjectType, name: str, part: Part, record_id: str, lists: Lists) -> None:
        label = part.text("label") or ""
        obj.record_types[name.lower()] = RecordType(
            record_id, name, label, part.flag("active"), picklists=lists
        )
        _bear_record_types(obj)

    def _row(self, obj: ObjectType, name: str, part: Part) -> str:
        return self._o.permissions.add("RecordType", _described(obj, name, part))


def _lists(obj: ObjectType, part: Part) -> Lists:
    """The values that records of the type may take, by picklist. Raises RecordError for a type that cannot be."""
    lists = {}
    for given in part.parts("picklistValues"):
        field = obj.fields.get((given.text("picklist") or "").lower())
        if field is None:
            raise unknown("Picklist", f"{given.text('picklist')}", "picklist")
        lists[field.name] = tuple(v.text("fullName") or "" for v in given.parts("values"))
    if not part.text("label"):
        raise lacking("label")
    return lists


def _described(obj: ObjectType, name: str, part: Part) -> Row:
    return {
        "Name": part.text("label"), "DeveloperName": name, "SobjectType": obj.name, "IsActive": part.flag("active"),
        "Description": part.text("description"),
    }  # fmt: skip


def _bear_record_types(obj: ObjectType) -> None:
    if "recordtypeid" not in obj.fields:
        obj.add(
            Field(
                "RecordTypeId",
                "reference",
                "Record Type ID",
                length=18,
                refers_to=("RecordType",),
                relationship="RecordType",
            )
        )


class ValidationRules:
    kind = "ValidationRule"

    def __init__(self, objects: Objects) -> None:
        self._o = objects

    def create(self, part: Part) -> None:
        (obj, *_), name = self._o.bearers(part.text("fullName") or "")
        if name.lower() in {n.lower() for n in obj.rules}:
            raise duplicate(f"There is already a validation rule named {name} on {obj.label}.")
        self._keep(obj, name, part)

    def update(self, part: Part) -> None:
        (obj, *_), name = self._o.bearers(part.text("fullName") or "")
        if name not in obj.rules:
            raise unknown(self.kind, f"{obj.name}.{name}")
        self._keep(obj, name, part)

    def delete(self, full_name: str) -> None:
        (obj, *_), name = self._o.bearers(full_name)
        if obj.rules.pop(name, None) is None:
            raise unknown(self.kind, f"{obj.name}.{name}")

    def rename(self, _old: str, _new: str) -> None:
        raise beyond("Renaming a validation rule")

    def read(self, full_name: str) -> Shown | None:
        owner, _, name = full_name.partition(".")
        obj = self._o.get(owner)
        rule = obj.rules.get(name) if obj else None
        if obj is None or rule is None:
            return None
        return {
            "@type": self.kind, "fullName": f"{obj.name}.{rule.name}", "active": rule.active,
            "errorConditionFormula": rule.formula, "errorDisplayField": rule.field, "errorMessage": rule.message,
        }  # fmt: skip

    def names(self) -> Iterable[str]:
        return [f"{o.name}.{n}" for o in self._o.state.schema.objects.values() for n in o.rules]

    def _keep(self, obj: ObjectType, name: str, part: Part) -> None:
        for needed in ("errorConditionFormula", "errorMessage"):
            if part.text(needed) is None:
                raise lacking(needed)
        shown_at = part.text("errorDisplayField")
        if shown_at and shown_at.lower() not in obj.fields:
            raise unknown("CustomField", f"{obj.name}.{shown_at}", "errorDisplayField")
        formula, message = part.text("errorConditionFormula") or "", part.text("errorMessage") or ""
        rule = ValidationRule(name, formula, message, shown_at, part.flag("active"))
        if not self._o.state.writer.rules.understood(obj, rule):
            raise beyond(f"The formula {formula}")
        obj.rules[name] = rule
