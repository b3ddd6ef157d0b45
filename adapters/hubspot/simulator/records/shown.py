"""Records as answers show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from cs_connector.sandbox.wire import Body

from ..state import State
from ..times import iso
from .derived import TIMELY, at_read
from .shelf import Record, Shelf

CUT = ("id", "properties", "createdAt", "updatedAt", "archived", "url")  # of what lies in a file


class Shown(msgspec.Struct, gc=False):
    """A record in an answer, as `frame` makes it."""

    id: str
    properties: Any
    createdAt: str  # noqa: N815 — HubSpot's names
    updatedAt: str  # noqa: N815
    archived: bool
    archivedAt: str | UnsetType  # noqa: N815
    url: str


@dataclass(frozen=True, slots=True)
class View:
    """What a caller wants to see of records: property columns, histories, linked kinds.

    `timely` are the columns whose value changes while nobody writes.
    """

    state: State
    shelf: Shelf
    columns: tuple[str, ...]
    history: tuple[str, ...] = ()
    linked: tuple[Shelf, ...] = ()
    timely: tuple[str, ...] = ()

    def show(self, record: Record) -> dict[str, Any]:
        value = record.properties.get
        properties = {name: value(name) for name in self.columns}
        for name in self.timely:
            properties[name] = at_read(self.state, record.properties, name)
        answer = frame(self.shelf, record, properties)
        if self.history:
            answer["propertiesWithHistory"] = {name: self._versions(record, name) for name in self.history}
        if self.linked:
            shown = ((end, self._ends(record, end)) for end in self.linked)
            associations = {_plural(end): {"results": ends} for end, ends in shown if ends}
            if associations:
                answer["associations"] = associations
        return answer

    @property
    def plain(self) -> bool:
        """Whether nothing but properties as they are kept is shown."""
        return not (self.history or self.linked or self.timely)

    def rows(self, records: Iterable[Record]) -> list[Any]:
        """Many records, for an answer; the plain ones in a form that is encoded quickly."""
        if not self.plain:
            return [self.show(record) for record in records]
        kind, columns, make = self.shelf.kind, self.columns, _properties(self.columns)
        url, created, modified = self.shelf.address, kind.created, kind.modified
        rows = []
        for record in records:
            held, number, archived = record.properties, str(record.id), record.archived_at
            properties, gone = make(*map(held.get, columns)), archived is not None
            at = UNSET if archived is None else archived
            rows.append(Shown(number, properties, held[created], held[modified], gone, at, url + number))
        return rows

    def cut(self, data: Body) -> list[Any]:
        """The same from a JSON list of live records, if it is plain: what is not shown is skipped, no value is read."""
        found: list[Any] = _cutter(self.columns)(bytes(data))
        return found

    def _versions(self, record: Record, name: str) -> list[dict[str, Any]]:
        kind = self.shelf.kind
        history, key = self.state.history, (kind.type_id, record.id)
        return history.shown(key, record.properties, name, record.properties[kind.created])

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
    columns = shelf.columns(wanted)
    linked = tuple(state.shelf(name) for name in associations)
    timely = () if TIMELY.isdisjoint(columns) else tuple(name for name in columns if name in TIMELY)
    return View(state, shelf, columns, known, linked, timely)


def frame(shelf: Shelf, record: Record, properties: Mapping[str, str | None]) -> dict[str, Any]:
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
    answer["url"] = f"{shelf.address}{record.id}"
    return answer


@lru_cache(maxsize=256)
def _properties(columns: tuple[str, ...]) -> Any:
    """A class whose instances are encoded as a dictionary with these keys is, but quicker."""
    names = [f"p{n}" for n in range(len(columns))]
    return msgspec.defstruct("Properties", names, rename=dict(zip(names, columns, strict=True)), gc=False)


@lru_cache(maxsize=256)
def _cutter(columns: tuple[str, ...]) -> Any:
    """Reads a JSON list of records as they lie, with these properties, each value as the bytes that it is."""
    raw = msgspec.Raw
    fields = [(f"p{n}", raw, raw(b"null")) for n in range(len(columns))]
    names = {f"p{n}": name for n, name in enumerate(columns)}
    properties: Any = msgspec.defstruct("Properties", fields, rename=names, gc=False)
    frame = [(name, properties if name == "properties" else raw) for name in CUT]
    record: Any = msgspec.defstruct("Cut", frame, gc=False)
    return msgspec.json.Decoder(list[record]).decode


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
