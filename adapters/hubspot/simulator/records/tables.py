"""A line of a table as a record of the portal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from cs_connector.sandbox.wire import BadCell, SeedRow

from ..errors import Refusal
from ..state import State
from ..times import iso, parsed
from .shelf import Shelf
from .values import Invalid, checked

OWN = frozenset({"id", "createdAt", "updatedAt"})
LINKS = "associations."


def record(state: State, object_name: str, cells: Mapping[str, str]) -> SeedRow:
    """Columns are properties, id, createdAt, updatedAt, and associations.companies with ids and `;` between them.

    Raises BadCell.
    """
    if object_name == "owners":
        return SeedRow("owners", dict(cells))
    try:
        shelf = state.shelf(object_name)
    except Refusal:
        raise BadCell("", f"this portal has no object {object_name}") from None
    for name in cells.keys() - OWN:
        _check(state, shelf, name)
    given = {name: text for name, text in cells.items() if text}
    if not given.get("id", "1").isdigit():
        raise BadCell("id", f"{given['id']} is no record id")
    made: dict[str, Any] = {key: _own(key, given[key]) for key in sorted(OWN & given.keys())}
    made.setdefault("id", str(state.new_id()))
    own = {n: t for n, t in given.items() if n not in OWN and not n.startswith(LINKS)}
    made["properties"] = {name: _value(state, shelf, name, text) for name, text in own.items()}
    made["associations"] = list(_links(given))
    return SeedRow(shelf.kind.name, made)


def _own(name: str, text: str) -> str:
    try:
        return text if name == "id" else iso(parsed(text))
    except (ValueError, OverflowError):
        raise BadCell(name, f"{text} is not a time") from None


def _check(state: State, shelf: Shelf, name: str) -> None:
    """Raises BadCell for a column that the object cannot have."""
    if name.startswith(LINKS) and name.removeprefix(LINKS).lower() not in state.names:
        raise BadCell(name, f"this portal has no object {name.removeprefix(LINKS)}")
    if not name.startswith(LINKS) and name not in shelf.fields:
        raise BadCell(name, f"{shelf.kind.name} have no such property")


def _value(state: State, shelf: Shelf, name: str, text: str) -> str:
    prop = shelf.fields[name]
    allowed = None if prop.reference else state.allowed(shelf.kind, prop)
    try:
        return checked(replace(prop, read_only=False), text, allowed)
    except Invalid as bad:
        raise BadCell(name, bad.message) from None


def _links(cells: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for name, text in cells.items():
        ends = text.split(";") if name.startswith(LINKS) else ()
        for other in ends:
            if not other.strip().isdigit():
                raise BadCell(name, f"{other} is no record id")
            yield {"to_object": name.removeprefix(LINKS), "to_id": other.strip()}
