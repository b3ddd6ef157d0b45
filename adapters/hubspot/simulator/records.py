"""Single records: list, read, create, update, archive, merge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from cs_connector.sandbox.wire import Response

from .call import Call, answer, nothing, record_id
from .errors import bad_request, not_found
from .fields import unknown_unique
from .links import LinkType
from .relations import Relations
from .shelf import Record, Shelf
from .shown import View, frame, view
from .state import State
from .writes import Writer


class Ref(msgspec.Struct):
    id: str | int


class Spec(msgspec.Struct):
    """Which type of association."""

    associationTypeId: int  # noqa: N815 — HubSpot's names
    associationCategory: str = "HUBSPOT_DEFINED"  # noqa: N815


class Wanted(msgspec.Struct):
    to: Ref
    types: list[Spec] = []


class Draft(msgspec.Struct):
    """A record to create or change."""

    properties: dict[str, Any] = {}
    associations: list[Wanted] | None = None
    objectWriteTraceId: str | None = None  # noqa: N815


class Merge(msgspec.Struct):
    primaryObjectId: str | int  # noqa: N815
    objectIdToMerge: str | int  # noqa: N815


class Records:
    def __init__(self, state: State, writer: Writer, relations: Relations) -> None:
        self._state = state
        self._writer = writer
        self._relations = relations

    def list(self, call: Call) -> Response:
        shelf = self._open(call, "read")
        history = call.many("propertiesWithHistory")
        limit = call.number("limit", 10, 50 if history else 100)
        start = call.after()
        size = min(limit, self._state.limits.sizes.list_page)
        found, after = shelf.page(start, size, archived=call.archived)
        show = self._view(call, shelf).show
        body: dict[str, Any] = {"results": [show(record) for record in found]}
        if after is not None:
            link = f"https://api.hubapi.com{call.request.path}?limit={limit}&after={after}"
            body["paging"] = {"next": {"after": str(after), "link": link}}
        return answer(body)

    def get(self, call: Call) -> Response:
        shelf = self._open(call, "read")
        record = self._one(call, shelf, archived=call.archived)
        return answer(self._view(call, shelf).show(record))

    def create(self, call: Call) -> Response:
        shelf = self._open(call, "write")
        draft = call.body(Draft)
        values = self._writer.check(shelf, draft.properties)
        self._writer.require(shelf, values)
        ends = self.ends(shelf, draft.associations or ())
        self._writer.claim(shelf, [(None, values)])
        written = self._writer.create(shelf, values)
        for kind, end in ends:
            self._relations.link(kind, written.record.id, end)
        current = shelf.live[written.record.id]
        return answer(frame(self._state, shelf, current, dict(sorted(written.echo.items()))), 201)

    def update(self, call: Call) -> Response:
        shelf = self._open(call, "write")
        values = self._writer.check(shelf, call.body(Draft).properties)
        record = self._one(call, shelf)
        self._writer.claim(shelf, [(record.id, values)])
        written = self._writer.update(shelf, record, values)
        return answer(frame(self._state, shelf, written.record, dict(sorted(written.echo.items()))))

    def archive(self, call: Call) -> Response:
        """204, also for a record that was not there."""
        shelf = self._open(call, "write")
        record = shelf.get(record_id(call.args[1]))
        if record is not None:
            self._writer.archive(shelf, record)
        return nothing()

    def merge(self, call: Call) -> Response:
        shelf = self._open(call, "write")
        wanted = call.body(Merge)
        winner = shelf.get(record_id(str(wanted.primaryObjectId)))
        loser = shelf.get(record_id(str(wanted.objectIdToMerge)))
        if winner is None or loser is None:
            raise not_found()
        if winner.id == loser.id:
            raise bad_request("Cannot merge a record with itself")
        return answer(view(self._state, shelf, None).show(self._writer.merge(shelf, winner, loser)))

    def ends(self, shelf: Shelf, wanted: Sequence[Wanted]) -> Sequence[tuple[LinkType, int]]:
        """The links that a new record is to get. Raises Refusal 400 or 404."""
        ends: list[tuple[LinkType, int]] = []
        for each in wanted:
            end = record_id(str(each.to.id))
            for spec in each.types:
                kind = self._relations.typed(spec.associationTypeId, spec.associationCategory, shelf)
                if end not in self._state.shelves[kind.end].live:
                    raise not_found()
                ends.append((kind, end))
        return ends

    def _open(self, call: Call, act: str) -> Shelf:
        shelf = self._state.shelf(call.args[0])
        self._state.permit(shelf.kind, act)
        return shelf

    def _one(self, call: Call, shelf: Shelf, *, archived: bool = False) -> Record:
        name = call.query.get("idProperty", "")
        found = find(shelf, call.args[1], name, archived=archived)
        if found is None:
            raise not_found()
        return found

    def _view(self, call: Call, shelf: Shelf) -> View:
        names = call.many("properties") or None
        return view(self._state, shelf, names, call.many("propertiesWithHistory"), call.many("associations"))


def find(shelf: Shelf, text: str, id_property: str, *, archived: bool = False) -> Record | None:
    """A record by id, or by a unique property. Raises Refusal 400 for a property that is not unique."""
    if not id_property or id_property == "hs_object_id":
        return shelf.get(int(text), archived=archived) if text.isdecimal() else None
    if id_property not in shelf.unique:
        raise unknown_unique(id_property)
    holder = shelf.holder(id_property, text)
    return None if holder is None else shelf.get(holder)
