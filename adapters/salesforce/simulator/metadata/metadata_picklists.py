"""Value sets of the Metadata API and the values of a picklist field."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..schema.schema import Field
from .metadata_errors import beyond, misfit
from .soap_xml import Part


class Values(NamedTuple):
    """What a value set says about a field."""

    values: tuple[str, ...]
    labels: tuple[tuple[str, str], ...]
    restricted: bool
    default: str | None
    controller: str | None
    valid_for: tuple[tuple[str, tuple[str, ...]], ...]


def read(part: Part) -> Values:
    """Raises RecordError for a global value set or one without values."""
    if part.text("valueSetName"):
        raise beyond("A global value set")
    definition = part.part("valueSetDefinition")
    if definition is None:
        raise misfit("You must specify either a valueSetDefinition or a valueSetName for a picklist")
    given = [v for v in definition.parts("value") if v.text("isActive") != "false"]
    names = tuple(v.text("fullName") or v.text("label") or "" for v in given)
    if len({n.lower() for n in names}) < len(names):
        raise misfit("Picklist values must be unique")
    labels = ((n, v.text("label") or n) for n, v in zip(names, given, strict=True))
    return Values(
        names,
        tuple((n, label) for n, label in labels if label != n),
        part.flag("restricted"),
        next((n for n, v in zip(names, given, strict=True) if v.flag("default")), None),
        part.text("controllingField"),
        tuple(
            (s.text("valueName") or "", tuple(s.texts("controllingFieldValue")))
            for s in part.parts("valueSettings")
        ),
    )


def shown(field: Field) -> dict[str, Any]:
    """The valueSet of a field as readMetadata answers it."""
    labels = dict(field.labels)
    return {
        "controllingField": field.controller,
        "restricted": field.restricted,
        "valueSetDefinition": {
            "sorted": False,
            "value": [
                {"fullName": v, "default": v == field.default, "label": labels.get(v, v)}
                for v in field.values
            ],
        },
        "valueSettings": [
            {"controllingFieldValue": list(under), "valueName": v} for v, under in field.valid_for
        ],
    }
