"""Records as answers show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .shelf import Record, Shelf
from .state import State
from .times import iso

UI = "app.hubspot.com"


@dataclass(frozen=True, slots=True)
class View:
    """What a caller wants to see of records: property columns, histories, linked kinds."""

    state: State
    shelf: Shelf
    columns: tuple[str, ...]
    history: tuple[str, ...] = ()
    linked: tuple[Shelf, ...] = ()

    def show(self, record: Record) -> dict[str, Any]:
        value = record.properties.get
        answer = frame(self.state, self.shelf, record, {name: value(name) for name in self.columns})
        if self.history:
            answer["propertiesWithHistory"] = {name: self._versions(record, name) for name in self.history}
        if self.linked:
            shown = ((end, self._ends(record, end)) for end in self.linked)
            associations = {_plural(end): {"results": ends} for end, ends in shown if ends}
            if associations:
                answer["associations"] = associations
        return answer

    def _versions(self, record: Record, name: str) -> list[dict[str, Any]]:
        current = record.properties.get(name)
        if current is None:
            return []
        at = record.properties[self.shelf.kind.modified]
        return [{"value": current, "timestamp": at, "sourceType": "INTEGRATION", "sourceId": None}]

    def _ends(self, record: Record, end: Shelf) -> list[dict[str, str]]:
        links = self.state.links
        ends = links.ends(self.shelf.kind.type_id, record.id, end.kind.type_id)
        return [
            {"id": str(other), "type": links.types[kind].name}
            for other, kinds in sorted(ends.items())
            for kind in kinds
        ]


def view(
    state: State,
    shelf: Shelf,
    properties: Iterable[str] | None,
    history: Iterable[str] = (),
    associations: Sequence[str] = (),
) -> View:
    """A view of the named properties, or of those that always come. Unknown ones are left out.

    Raises Refusal 400 for an unknown kind among `associations`.
    """
    wanted = shelf.kind.defaults if properties is None else properties
    known = tuple(name for name in history if name in shelf.fields)
    return View(state, shelf, shelf.columns(wanted), known, tuple(state.shelf(name) for name in associations))


def frame(state: State, shelf: Shelf, record: Record, properties: Mapping[str, str | None]) -> dict[str, Any]:
    """A record with the given properties around which everything else is put."""
    kind = shelf.kind
    answer: dict[str, Any] = {
        "id": str(record.id),
        "properties": properties,
        "createdAt": record.properties[kind.created],
        "updatedAt": record.properties[kind.modified],
        "archived": record.archived_at is not None,
    }
    if record.archived_at is not None:
        answer["archivedAt"] = record.archived_at
    answer["url"] = f"https://{UI}/contacts/{state.portal_id}/record/{kind.type_id}/{record.id}"
    return answer


def batch(results: Sequence[Any], started: int, ended: int) -> dict[str, Any]:
    """The body of a batch that went through; `errors` are added by whoever has them."""
    return {
        "status": "COMPLETE",
        "results": results,
        "startedAt": iso(started),
        "completedAt": iso(ended),
    }


def partly(body: dict[str, Any], errors: Sequence[Any]) -> dict[str, Any]:
    """The body of a 207."""
    return {**body, "numErrors": len(errors), "errors": list(errors)}


def _plural(shelf: Shelf) -> str:
    return shelf.kind.name
