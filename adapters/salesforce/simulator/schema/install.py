"""Custom fields and objects, from the form of an adapter's install.yml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from cs_connector.errors import ConfigError

from . import org_options, own_org
from .schema import Field, ObjectType, Schema, ValidationRule
from .standard import CURRENCIES, OWN_FIELDS, build, currency_field, label_of

TYPES = {
    "Text": "string", "LongText": "textarea", "LongTextArea": "textarea", "TextArea": "textarea",
    "Picklist": "picklist", "MultiPicklist": "multipicklist", "MultiselectPicklist": "multipicklist",
    "Number": "double", "Currency": "currency", "Percent": "percent", "Date": "date", "DateTime": "datetime",
    "Checkbox": "boolean", "Lookup": "reference", "MasterDetail": "reference", "Formula": "string",
    "Email": "email", "Url": "url", "Phone": "phone", "AutoNumber": "string", "Summary": "double",
}  # fmt: skip
NOTED = (
    "deleteConstraint",
    "visibleLines",
    "formulaTreatBlanksAs",
    "summaryForeignKey",
    "summaryOperation",
    "summarizedField",
)
OBJECT_NOTES = ("sharingModel", "enableActivities", "enableReports", "description")
APART = "$"
"""What begins with it is no object: a shape of an org, or something that other programs read."""
LENGTHS = {"string": 255, "textarea": 32768, "picklist": 255, "multipicklist": 4099, "email": 80, "url": 255}
LENGTHS |= {"phone": 40, "reference": 18}
PRECISIONS = {"double": 18, "currency": 18, "percent": 18}


def install(schema: Schema, fields: Mapping[str, Any]) -> list[ObjectType]:
    """Add or redefine fields; an unknown object is created. `Activity` means Task and Event, and a
    standard object that this org does not have yet comes with its `keyPrefix`.

    `personAccounts` and `multiCurrency` are features of the org, and `$shape` holds the describes of a real one.
    Answers the objects that were touched. Raises ConfigError for a type that Salesforce does not have or an
    object that it should have.
    """
    touched = own_org.apply(schema, fields[own_org.KEY]) if own_org.KEY in fields else []
    org_options.apply(schema, {n: on for n, on in fields.items() if n in org_options.NAMES})
    for name, block in fields.items():
        if name not in org_options.NAMES and not name.startswith(APART):
            touched += [_extended(obj, block) for obj in _objects(schema, name, block)]
    org_options.follow(schema)
    return touched


def _extended(obj: ObjectType, block: Mapping[str, Any]) -> ObjectType:
    """The object with its new fields and rules; of a real org that was loaded, the fields stay as they are."""
    for spec in block.get("fields") or ():
        if not (obj.told and str(spec["name"]).lower() in obj.fields):
            obj.add(_field(obj, spec))
    obj.rules |= {str(r["name"]): _rule(r) for r in block.get("validationRules") or ()}
    return obj


def _rule(spec: Mapping[str, Any]) -> ValidationRule:
    """A rule with the names of the Metadata API: errorConditionFormula, errorMessage, errorDisplayField, active."""
    return ValidationRule(
        str(spec["name"]),
        str(spec["errorConditionFormula"]),
        str(spec["errorMessage"]),
        spec.get("errorDisplayField"),
        bool(spec.get("active", True)),
    )


def _objects(schema: Schema, name: str, block: Mapping[str, Any]) -> list[ObjectType]:
    if name == "Activity":
        return [schema.objects["task"], schema.objects["event"]]
    found = schema.objects.get(name.lower())
    if found is None:
        found = _create(schema, name, block)
    return [found]


def _create(schema: Schema, name: str, block: Mapping[str, Any]) -> ObjectType:
    if not name.endswith("__c") and "keyPrefix" not in block:
        raise ConfigError(f"Salesforce has no standard object {name}.", fix="Check the name in install.yml.")
    label = str(block.get("label") or label_of(name))
    prefix = str(block.get("keyPrefix") or schema.free_prefix())
    obj = build(name, label, str(block.get("plural") or f"{label}s"), prefix, OWN_FIELDS)
    obj.add(currency_field())
    obj.add(_name(obj.fields["name"], block.get("nameField") or {}))
    noted: dict[str, Any] = {"deploymentStatus": "Deployed", "sharingModel": "ReadWrite"}
    noted |= {n: block[n] for n in OBJECT_NOTES if n in block}
    obj.notes = {n: ("true" if v else "false") if isinstance(v, bool) else str(v) for n, v in noted.items()}
    schema.add(obj)
    schema.open_to_activities(name)
    return obj


def _name(name: Field, spec: Mapping[str, Any]) -> Field:
    """The name field as the object declares it: text, or a number that Salesforce gives."""
    numbered = str(spec.get("format") or "{0000}") if spec.get("type") == "AutoNumber" else None
    return replace(name, label=str(spec.get("label") or name.label), number_format=numbered)


def _field(obj: ObjectType, spec: Mapping[str, Any]) -> Field:
    name = str(spec["name"])
    declared = str(spec.get("returns") or spec.get("type", "Text"))
    kind = TYPES.get(declared)
    if kind is None:
        raise ConfigError(
            f"{obj.name}.{name} has the type {declared}, which Salesforce does not have.",
            fix=f"Use one of {', '.join(sorted(TYPES))}.",
        )
    targets = _listed(spec.get("referenceTo"))
    values = tuple(str(v) for v in _listed(spec.get("values")))
    return Field(
        name,
        kind,
        str(spec.get("label") or label_of(name)),
        length=int(spec.get("length") or LENGTHS.get(kind, 0)),
        precision=int(spec.get("precision") or PRECISIONS.get(kind, 0)),
        scale=int(spec.get("scale") or 0),
        values=values or (CURRENCIES if name == "CurrencyIsoCode" else ()),
        restricted=bool(spec.get("restricted", kind == "picklist" and bool(values))),
        required=bool(spec.get("required")),
        unique=bool(spec.get("unique")),
        external_id=bool(spec.get("externalId")),
        case_sensitive=bool(spec.get("caseSensitive")),
        refers_to=tuple(targets),
        relationship=_relationship(name, spec) if targets else None,
        children=_children(obj, name, spec) if targets else None,
        cascade=declared == "MasterDetail" or spec.get("deleteConstraint") == "Cascade",
        read_only=declared == "Summary",
        absent=False if kind == "boolean" else None,
        formula=_formula(spec),
        number_format=str(spec.get("format") or "{0000}") if declared == "AutoNumber" else None,
        help=spec.get("help"),
        notes={name: str(spec[name]) for name in NOTED if name in spec},
    )


def _formula(spec: Mapping[str, Any]) -> str | None:
    return str(spec.get("formula") or "NULL") if "formula" in spec or spec.get("type") == "Formula" else None


def _listed(value: Any) -> Sequence[str]:
    if value is None:
        return ()
    return [value] if isinstance(value, str) else list(value)


def _relationship(name: str, spec: Mapping[str, Any]) -> str:
    given = spec.get("relationshipName")
    if given:
        return str(given)
    return name.removesuffix("__c") + "__r" if name.endswith("__c") else name.removesuffix("Id")


def _children(obj: ObjectType, name: str, spec: Mapping[str, Any]) -> str:
    given = spec.get("childRelationshipName")
    if given:
        return str(given).removesuffix("__r") + "__r"
    plural = obj.name.removesuffix("__c") + "s"
    taken = {f.children for f in obj.fields.values() if f.name != name}
    return f"{plural}__r" if f"{plural}__r" not in taken else f"{plural}_{name.removesuffix('__c')}__r"
