"""Compound fields: an address or a place is shown as an object made of its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..schema.schema import Field, ObjectType
from .rows import Row

PARTS = ("City", "Country", "GeocodeAccuracy", "Latitude", "Longitude", "PostalCode", "State", "Street")


def address(obj: ObjectType, field: Field) -> Callable[[Row], Any]:
    """How to read an address; it is null when all its parts are."""
    head = field.name.removesuffix("Address")
    return _whole(obj, [(part[0].lower() + part[1:], head + part) for part in PARTS])


def location(obj: ObjectType, field: Field) -> Callable[[Row], Any]:
    """How to read a geolocation of the customer's own, whose parts are `Spot__Latitude__s` and `Spot__Longitude__s`."""
    head = field.name.removesuffix("c")
    return _whole(obj, [(part.lower(), f"{head}{part}__s") for part in ("Latitude", "Longitude")])


def _whole(obj: ObjectType, names: Sequence[tuple[str, str]]) -> Callable[[Row], Any]:
    known = {inner for _, inner in names if obj.field(inner)}

    def read(row: Row) -> dict[str, Any] | None:
        made = {key: row.get(inner) if inner in known else None for key, inner in names}
        return made if any(v is not None for v in made.values()) else None

    return read
