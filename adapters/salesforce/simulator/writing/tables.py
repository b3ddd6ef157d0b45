"""A line of a table as a record of the org."""

from __future__ import annotations

from collections.abc import Mapping

from cs_connector.sandbox.wire import BadCell, SeedRow

from ..errors import ApiError, RecordError
from ..ids import full_id
from ..schema.schema import Field, Schema
from .values import coerce

TRUE, FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


def record(schema: Schema, object_name: str, cells: Mapping[str, str]) -> SeedRow:
    """Every field may be given, also those that only the system writes. Raises BadCell."""
    try:
        obj = schema.find(object_name)
    except ApiError as listed:
        raise BadCell("", listed.message) from None
    if obj is None:
        raise BadCell("", f"this org has no object {object_name}")
    made = {}
    for column, text in cells.items():
        field = obj.field(column)
        if field is None:
            raise BadCell(column, f"{obj.name} has no such field")
        if text:
            made[field.name] = _value(field, text)
    return SeedRow(obj.name, made)


def _value(field: Field, text: str) -> object:
    if field.type in {"id", "reference"}:
        found = full_id(text)
        if found is None:
            raise BadCell(field.name, f"{text} is no record id")
        return found
    if field.type == "boolean":
        if text.lower() not in TRUE | FALSE:
            raise BadCell(field.name, f"{text} is neither true nor false")
        return text.lower() in TRUE
    try:
        return coerce(field, text)
    except RecordError as bad:
        raise BadCell(field.name, bad.message) from None
