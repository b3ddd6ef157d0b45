"""Everything of ours that people see in Salesforce, in the order in which it can be made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cs_connector.ports import CORE, Piece

from . import access, analytics, components
from .declaration import parts as all_parts


def face(parts: Sequence[str]) -> Sequence[Piece]:
    """Core, and the optional `parts`. A part that Salesforce does not have is not an error: another CRM may have it."""
    wanted = (CORE, *(part for part in all_parts() if part in parts))
    return [piece for piece in _all(wanted) if piece.part in wanted]


def _all(wanted: Sequence[str]) -> Iterator[Piece]:
    yield from components.custom_objects()
    yield from components.custom_fields()
    yield from components.tabs()
    yield from access.sets(wanted)
    yield from access.assignments()
    yield from components.views()
    yield from analytics.pieces()
