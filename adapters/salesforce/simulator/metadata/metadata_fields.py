"""CustomField: what the Metadata API takes, and the field that it makes.

Which properties a type needs and bears is as Salesforce's own messages say ("Must specify", "Can not specify").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..digits import whole
from ..errors import RecordError
from ..schema.schema import Field, ObjectType, Schema
from ..writing.formula import formula as read_formula
from . import metadata_picklists
from .metadata_errors import beyond, lacking, misfit, must, must_not
from .soap_xml import Part

NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*__c")
LONGEST_NAME = 43
MOST_EXTERNAL_IDS = 25
FEWEST_LONG, MOST_LONG = 256, 131_072
LINES = ("length", "visibleLines")
DIGITS = ("precision", "scale")


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of the Metadata API: describe's word, what it needs, what it must not have, its fixed length."""

    type: str
    needs: tuple[str, ...] = ()
    bars: tuple[str, ...] = ()
    length: int = 0


UNSIZED = ("length", "precision", "scale")
KINDS = {
    "Text": Kind("string", ("length",), DIGITS),
    "TextArea": Kind("textarea", (), (*UNSIZED, "unique", "externalId"), 255),
    "LongTextArea": Kind("textarea", LINES, (*DIGITS, "required", "unique", "externalId")),
    "Html": Kind("textarea", LINES, (*DIGITS, "required", "unique", "externalId")),
    "Picklist": Kind("picklist", ("valueSet",), (*UNSIZED, "unique", "externalId"), 255),
    "MultiselectPicklist": Kind("multipicklist", ("valueSet", "visibleLines"), (*UNSIZED, "unique"), 4099),
    "Number": Kind("double", DIGITS, ("length",)),
    "Currency": Kind("currency", DIGITS, ("length", "unique", "externalId")),
    "Percent": Kind("percent", DIGITS, ("length", "unique", "externalId")),
    "Date": Kind("date", (), (*UNSIZED, "unique", "externalId")),
    "DateTime": Kind("datetime", (), (*UNSIZED, "unique", "externalId")),
    "Checkbox": Kind("boolean", ("defaultValue",), (*UNSIZED, "required", "unique", "externalId")),
    "Email": Kind("email", (), UNSIZED, 80),
    "Phone": Kind("phone", (), (*UNSIZED, "unique", "externalId"), 40),
    "Url": Kind("url", (), (*UNSIZED, "unique", "externalId"), 255),
    "Lookup": Kind("reference", ("referenceTo",), (*UNSIZED, "unique", "externalId"), 18),
    "MasterDetail": Kind("reference", ("referenceTo",), (*UNSIZED, "required", "deleteConstraint"), 18),
    "AutoNumber": Kind("string", (), (*UNSIZED, "required"), 30),
}  # fmt: skip
UNSIMULATED = {
    "EncryptedText", "Summary", "Location", "Time", "Hierarchy", "File", "ExternalLookup", "IndirectLookup",
    "MetadataRelationship", "Array", "Struct", "Address", "FileMetadata",
}  # fmt: skip
UNSIMULATED_PARTS = (
    "lookupFilter",
    "summarizedField",
    "summaryOperation",
    "encryptionScheme",
    "referenceTargetField",
)
NOTES = (
    "description",
    "trackHistory",
    "trackFeedHistory",
    "trackTrending",
    "visibleLines",
    "relationshipLabel",
    "formulaTreatBlanksAs",
    "deleteConstraint",
)
LITERAL = re.compile(r'"([^"]*)"|(true|false)|(-?\d+(?:\.\d+)?)', re.IGNORECASE)


def from_part(schema: Schema, obj: ObjectType, name: str, part: Part) -> Field:
    """The field that a component describes. Raises RecordError."""
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise misfit(f"The field name '{name}' is not a valid custom field name")
    declared = _declared(part)
    kind = KINDS[declared]
    if not part.text("label"):
        raise misfit("Must specify a non-empty label for the CustomField")
    formula = part.text("formula")
    if formula is not None and read_formula(formula, lambda _: lambda _: None) is None:
        raise beyond(f"The formula {formula}")
    _check(declared, kind, part, formula=formula is not None)
    made = Field(
        name,
        kind.type,
        part.text("label") or name,
        length=kind.length or _number(part, "length"),
        precision=_number(part, "precision"),
        scale=_number(part, "scale"),
        required=part.flag("required") or declared == "MasterDetail",
        unique=part.flag("unique"),
        external_id=part.flag("externalId"),
        case_sensitive=part.flag("caseSensitive"),
        cascade=declared == "MasterDetail" or part.text("deleteConstraint") == "Cascade",
        default=_default(part, kind),
        absent=False if kind.type == "boolean" else None,
        formula=formula,
        number_format=(part.text("displayFormat") or "{0}") if declared == "AutoNumber" else None,
        help=part.text("inlineHelpText"),
        seen=part.flag("required") or declared == "MasterDetail",
        edited=part.flag("required") or declared == "MasterDetail",
        notes={n: t for n in NOTES if (t := part.text(n))} | {"type": declared},
    )
    made = _valued(made, part)
    return _referring(schema, obj, made, part) if kind.type == "reference" else made


def _declared(part: Part) -> str:
    declared = part.text("type")
    if declared is None:
        raise lacking("type")
    if declared in UNSIMULATED:
        raise beyond(f"A field of type {declared}")
    if declared not in KINDS:
        raise RecordError("INVALID_FIELD_TYPE", f"'{declared}' is not a valid value for the enum 'FieldType'")
    for name in UNSIMULATED_PARTS:
        if part.part(name):
            raise beyond(f"The {name} of a field")
    return declared


def _check(declared: str, kind: Kind, part: Part, *, formula: bool) -> None:
    for name in () if formula else kind.needs:
        if part.part(name) is None:
            raise must(name, declared)
    for name in kind.bars:
        if part.part(name) is not None and part.text(name) not in {"false", None}:
            raise must_not(name, declared)
    length = _number(part, "length")
    if declared == "Text" and not formula and not 1 <= length <= 255:
        raise misfit("Text length must be between 1 and 255")
    if declared in {"LongTextArea", "Html"} and not FEWEST_LONG <= length <= MOST_LONG:
        raise misfit(f"Long text length must be between {FEWEST_LONG} and {MOST_LONG}")
    _number(part, "startingNumber")
    if _number(part, "precision") > 18 or _number(part, "scale") > _number(part, "precision"):
        raise misfit("Precision must be at most 18, and scale at most the precision")


def _number(part: Part, name: str) -> int:
    text = part.text(name)
    if text is None:
        return 0
    number = whole(text)
    if number is None:
        raise misfit(f"'{text}' is not a valid value for the type xsd:int of {name}")
    return number


def _default(part: Part, kind: Kind) -> Any:
    """A literal; any other formula as default is not simulated."""
    text = part.text("defaultValue")
    if text is None:
        return None
    found = LITERAL.fullmatch(text)
    if found is None:
        raise beyond(f"The default value {text}")
    if kind.type == "boolean":
        return text.lower() == "true"
    return found[1] if found[1] is not None else (float(text) if found[3] else text)


def _valued(made: Field, part: Part) -> Field:
    given = part.part("valueSet")
    if given is None:
        return made
    values = metadata_picklists.read(given)
    return replace(
        made,
        values=values.values,
        labels=values.labels,
        restricted=values.restricted,
        default=values.default or made.default,
        controller=values.controller,
        valid_for=values.valid_for,
    )


def _referring(schema: Schema, obj: ObjectType, made: Field, part: Part) -> Field:
    target = schema.objects.get((part.text("referenceTo") or "").lower())
    if target is None:
        raise misfit(
            f"referenceTo value of '{part.text('referenceTo')}' does not resolve to a valid sObject type"
        )
    named = part.text("relationshipName")
    children = f"{named}__r" if named else None
    taken = {
        c.field.children
        for c in schema.children(target.name)
        if (c.object, c.field.name) != (obj.name, made.name)
    }
    if children and children in taken:
        raise misfit(f"There is already a Child Relationship named {named} on {target.label}.")
    relationship = made.name.removesuffix("__c") + "__r"
    return replace(made, refers_to=(target.name,), relationship=relationship, children=children)


def check_room(obj: ObjectType, made: Field) -> None:
    """Raises RecordError when the object has all the external ids that it may have."""
    others = [f for f in obj.fields.values() if f.external_id and f.name != made.name]
    if made.external_id and len(others) >= MOST_EXTERNAL_IDS:
        raise RecordError("LIMIT_EXCEEDED", f"The object already has {MOST_EXTERNAL_IDS} external ID fields")


def shown(full_name: str, field: Field) -> Mapping[str, Any]:
    """The component as readMetadata answers it."""
    declared = kind_of(field)
    kind = KINDS[declared]
    numeric = field.type in {"double", "currency", "percent"}
    named = (field.children or "").removesuffix("__r") or None
    return {
        "@type": "CustomField",
        "fullName": full_name,
        "caseSensitive": field.case_sensitive if field.unique else None,
        "defaultValue": _literal(field),
        "displayFormat": field.number_format,
        "externalId": field.external_id if "externalId" not in kind.bars else None,
        "formula": field.formula,
        "inlineHelpText": field.help,
        "label": field.label,
        "length": field.length if "length" in kind.needs and not field.formula else None,
        "precision": field.precision if numeric else None,
        "referenceTo": field.refers_to[0] if field.refers_to else None,
        "relationshipName": named if field.refers_to else None,
        "required": field.required if "required" not in kind.bars else None,
        "scale": field.scale if numeric else None,
        "type": declared,
        "unique": field.unique if "unique" not in kind.bars else None,
        "valueSet": metadata_picklists.shown(field) if "valueSet" in kind.needs else None,
    } | {n: t for n, t in field.notes.items() if n != "type"}


def _literal(field: Field) -> str | None:
    if field.type == "boolean" and not field.formula:
        return "true" if field.default else "false"
    if field.default is None or field.values:
        return None
    return f'"{field.default}"' if isinstance(field.default, str) else str(field.default)


def kind_of(field: Field) -> str:
    """The type of the Metadata API for a field that came otherwise."""
    if "type" in field.notes:
        return field.notes["type"]
    if field.number_format:
        return "AutoNumber"
    if field.type == "textarea":
        return "TextArea" if field.length <= 255 else "LongTextArea"
    if field.type == "reference":
        return "MasterDetail" if field.cascade and field.required else "Lookup"
    return next((name for name, kind in KINDS.items() if kind.type == field.type), "Text")
