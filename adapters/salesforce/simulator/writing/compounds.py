"""Compound fields: an address is shown as an object made of its parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..schema.schema import Field, ObjectType
from .rows import Row

PARTS = ("City", "Country", "GeocodeAccuracy", "Latitude", "Longitude", "PostalCode", "State", "Street")


def address(obj: ObjectType, field: Field) -> Callable[[Row], Any]:
    """How to read an address; it is null when all its parts are."""
    head = field.name.removesuffix("Address")
    names = [(part[0].lower() + part[1:], head + part) for part in PARTS]
    known = {inner for _, inner in names if obj.field(inner)}

    def read(row: Row) -> dict[str, Any] | None:
        made = {key: row.get(inner) if inner in known else None for key, inner in names}
        return made if any(v is not None for v in made.values()) else None

    return read
