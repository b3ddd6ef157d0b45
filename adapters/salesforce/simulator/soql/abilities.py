"""What queries may do with a field, by its type."""

from __future__ import annotations

from ..schema.schema import Field

LONG_TEXT = 255
COMPOUND = frozenset({"address", "location"})
NOT_GROUPED = frozenset({"double", "currency", "percent", "datetime", "multipicklist", "base64"}) | COMPOUND
NOT_AGGREGATED = frozenset({"boolean", "multipicklist", "base64"}) | COMPOUND


def is_long(field: Field) -> bool:
    """Whether this is a long text area, which can only be selected."""
    return field.type == "textarea" and field.length > LONG_TEXT


def filterable(field: Field) -> bool:
    return not is_long(field) and field.type not in {"base64", "anyType"}


def sortable(field: Field) -> bool:
    return filterable(field) and field.type not in COMPOUND | {"multipicklist"}


def groupable(field: Field) -> bool:
    return filterable(field) and field.type not in NOT_GROUPED and field.formula is None


def aggregatable(field: Field) -> bool:
    return filterable(field) and field.type not in NOT_AGGREGATED
