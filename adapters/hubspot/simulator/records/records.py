"""Single records: list, read, create, update, archive, merge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from cs_connector.sandbox.pages import Pages
from cs_connector.sandbox.wire import Response

from ..call import JSON, Call, answer, is_digits, nothing, record_id
from ..errors import bad_request, not_found, not_numeric, not_unique
from ..links.links import LinkType
from ..links.relations import Relations
from ..paging import link
from ..state import State
from .laid import filled
from .listing import Listings
from .shelf import Record, Shelf
from .shown import View, frame, view
from .values import Scalar
from .writes import Writer, Written

LIST_PAGE, HISTORY_PAGE = 100, 50
PLAIN = frozenset({"properties"})  # what a query may say where a record can be copied from a file


class Ref(msgspec.Struct):
    id: str | int


class Spec(msgspec.Struct):
    """Which type of association."""

    associationTypeId: int  # noqa: N815 — HubSpot's names
    associationCategory: str = "HUBSPOT_DEFINED"  # noqa: N815


class Wanted(msgspec.Struct):
    to: Ref
    types: list[Spec]


class Draft(msgspec.Struct):
    """A record to create or change."""

    properties: dict[str, Scalar | None]
    associations: list[Wanted] | None = None
    objectWriteTraceId: str | None = None  # noqa: N815


class Merge(msgspec.Struct):
    primaryObjectId: str | int  # noqa: N815
    objectIdToMerge: str | int  # noqa: N815


class Erasure(msgspec.Struct):
    objectId: str | int  # noqa: N815
    idProperty: str | None = None  # noqa: N815


class Records:
    def __init__(self, state: State, writer: Writer, relations: Relations) -> None:
        self._state = state
        self._writer = writer
        self._relations = relations
        self.pages = Pages()
        self._listings = Listings()

    def list(self, call: Call) -> Response:
        shelf = self._open(call, "read")
        body = self._listings.page(call, shelf)
        return self._listed(call, shelf) if body is None else Response(200, body, dict(JSON))

    def _listed(self, call: Call, shelf: Shelf) -> Response:
        """The first page that is asked for of a list, and those that are not copied from a file."""
        history = call.many("propertiesWithHistory")
        limit = call.number("limit", 10, HISTORY_PAGE if history else LIST_PAGE)
        size = min(limit, self._state.limits.sizes.list_page)
        start, view = call.after(), self._view(call, shelf)
        key, state = (
            (call.request.path, call.request.query_string),
            (shelf.version, shelf.hidden, view.columns),
        )
        lasting = view.plain and not call.archived
        known = self.pages.find(key, state) if lasting else None
        listing = self._listings.begin(call, view, size) if lasting and known is None else None
        body = known if listing is None else listing.page(start)
        if body is not None:
            return Response(200, body, dict(JSON))
        rows, after = self._page(call, view, start, size)
        response = answer({"results": rows, **link(call, after)})
        if lasting:
            self.pages.keep(key, state, response.body)
        return response

    def _page(self, call: Call, view: View, start: int, size: int) -> tuple[Sequence[Any], int | None]:
        """The records of a page as they are shown, and where the next one starts."""
        ids, following = view.shelf.span(start, size)
        laid = view.shelf.laid(ids) if view.plain and not call.archived else None
        if laid is not None:
            return view.cut(laid), following
        found, after = view.shelf.page(start, size, archived=call.archived)
        return view.rows(found), after

    def get(self, call: Call) -> Response:
        shelf = self._open(call, "read")
        laid = self._laid(call, shelf) if call.query.keys() <= PLAIN and is_digits(call.args[1]) else None
        if laid is not None:
            return laid
        record = self._one(call, shelf, archived=call.archived)
        return answer(self._view(call, shelf).rows([record])[0])

    def _laid(self, call: Call, shelf: Shelf) -> Response | None:
        """One record as it lies in the file."""
        number, view = int(call.args[1]), self._view(call, shelf)
        if number in shelf.merged or not view.plain:
            return None
        more = shelf.beyond(view.columns)
        if more is None:
            laid = shelf.laid([number])
            return None if laid is None else answer(view.cut(laid)[0])
        laid = shelf.laid([number], b"", b"")
        return None if laid is None else Response(200, filled(laid, more), dict(JSON))

    def create(self, call: Call) -> Response:
        shelf = self._open(call, "write")
        written = self.add(shelf, call.body(Draft))
        return answer(self.shown(shelf, written), 201)

    def update(self, call: Call) -> Response:
        shelf = self._open(call, "write")
        draft = call.body(Draft)
        record = self._one(call, shelf)
        values = self._writer.check(shelf, draft.properties)
        self._writer.fit(shelf, record, values)
        self._writer.claim(shelf, [(record.id, values)])
        return answer(self.shown(shelf, self._writer.update(shelf, record, values)))

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

    def erase(self, call: Call) -> Response:
        """204 for a contact that is deleted for good, also one that was not there."""
        shelf = self._state.shelf("contacts")
        self._state.permit(shelf.kind, "write")
        wanted = call.body(Erasure)
        record = find(shelf, str(wanted.objectId), wanted.idProperty or "")
        if record is not None:
            self._writer.erase(shelf, record)
        elif wanted.idProperty == "email":
            self._state.blocked |= {str(wanted.objectId).lower()}
        return nothing()

    def add(self, shelf: Shelf, draft: Draft) -> Written:
        """A new record with its links. Raises Refusal before anything is written."""
        values = self.drafted(shelf, draft)
        ends = self.ends(shelf, draft.associations or ())
        self._writer.claim(shelf, [(None, values)])
        return self.put(shelf, values, ends)

    def drafted(self, shelf: Shelf, draft: Draft) -> dict[str, str]:
        """The values of a new record. Raises Refusal 400."""
        values = self._writer.check(shelf, draft.properties)
        if shelf.kind.name == "meetings" and values.get("hs_meeting_start_time"):
            values.setdefault("hs_timestamp", values["hs_meeting_start_time"])
        self._writer.require(shelf, values)
        self._writer.fit(shelf, None, values)
        return values

    def put(self, shelf: Shelf, values: dict[str, str], ends: Iterable[tuple[LinkType, int]]) -> Written:
        """A new record of checked values, linked to others."""
        written = self._writer.create(shelf, values)
        for kind, end in ends:
            self._relations.link(kind, written.record.id, end)
        return written

    def shown(self, shelf: Shelf, written: Written) -> dict[str, Any]:
        """The answer to a write."""
        current = shelf.live[written.record.id]
        return frame(shelf, current, dict(sorted(written.echo.items())))

    def ends(self, shelf: Shelf, wanted: Sequence[Wanted]) -> Sequence[tuple[LinkType, int]]:
        """The links that a new record is to get. Raises Refusal 400."""
        ends: list[tuple[LinkType, int]] = []
        for each in wanted:
            if not each.types:
                raise bad_request("An association needs at least one type")
            for spec in each.types:
                kind = self._relations.typed(spec.associationTypeId, spec.associationCategory, shelf)
                ends.append((kind, self._end(kind, str(each.to.id))))
        return ends

    def _end(self, kind: LinkType, text: str) -> int:
        other = self._state.shelves[kind.end]
        record = other.get(int(text)) if is_digits(text) else None
        if record is None:
            name = other.kind.singular.upper()
            context = {
                "INVALID_OBJECT_IDS": [f"{name}={text} is not valid"],
                "objectId": [text],
                "objectType": [name],
            }
            raise bad_request("One or more associations are invalid", context=context)
        return record.id

    def _open(self, call: Call, act: str) -> Shelf:
        shelf = self._state.shelf(call.args[0])
        self._state.permit(shelf.kind, act)
        return self._state.tidied(shelf)

    def _one(self, call: Call, shelf: Shelf, *, archived: bool = False) -> Record:
        name, text = call.query.get("idProperty", ""), call.args[1]
        found = find(shelf, text, name, archived=archived)
        if found is None:
            raise not_found() if name or is_digits(text) else not_numeric(text)
        return found

    def _view(self, call: Call, shelf: Shelf) -> View:
        names = call.many("properties") or None
        return view(self._state, shelf, names, call.many("propertiesWithHistory"), call.many("associations"))


def find(shelf: Shelf, text: str, id_property: str, *, archived: bool = False) -> Record | None:
    """A record by id, or by a unique property. Raises Refusal 400 for a property that is not unique."""
    if not id_property or id_property == "hs_object_id":
        return shelf.get(int(text), archived=archived) if is_digits(text) else None
    if id_property not in shelf.unique:
        raise not_unique(shelf.kind.type_id, id_property)
    holder = shelf.holder(id_property, text)
    return None if holder is None or archived else shelf.get(holder)
