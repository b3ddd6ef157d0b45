"""Associations of the third version: their types are names, and every answer shows both directions."""

from __future__ import annotations

from typing import Any

import msgspec

from cs_connector.sandbox.wire import Response

from ..call import Call, answer, nothing, record_id
from ..errors import bad_request, no_links, not_found
from ..paging import link, onward
from ..records.records import Ref
from ..records.shelf import Shelf
from ..records.shown import batch, partly
from ..state import State
from .links import LinkType
from .relations import Relations

MOST, READS, PAGE = 100, 100, 500
Entry = dict[str, Any]
Entries = list[Entry]


class Pair(msgspec.Struct):
    start: Ref = msgspec.field(name="from")
    to: Ref
    type: str


class Pairs(msgspec.Struct):
    inputs: list[Pair]


class Refs(msgspec.Struct):
    inputs: list[Ref]


class NamedAssociations:
    def __init__(self, state: State, relations: Relations) -> None:
        self._state = state
        self._relations = relations

    def types(self, call: Call) -> Response:
        start, end = self._open(call, (0, 1), "read")
        kinds = self._state.links.of_pair(start.kind.type_id, end.kind.type_id)
        return answer({"results": [{"id": str(kind.id), "name": kind.name} for kind in kinds]})

    def list(self, call: Call) -> Response:
        start, end = self._open(call, (0, 2), "read")
        number = record_id(call.args[1])
        if start.get(number) is None:
            raise not_found()
        results, after = self._page(start, end, number, call.after(), call.number("limit", PAGE, PAGE))
        return answer({"results": results, **link(call, after)})

    def read(self, call: Call) -> Response:
        """200, or 207 where some have no associations."""
        start, end = self._open(call, (0, 1), "read")
        inputs = _some(call.body(Refs).inputs, READS)
        started = self._state.now()
        results: Entries = []
        errors: Entries = []
        for each in inputs:
            number = record_id(str(each.id))
            found, after = self._page(start, end, number, 0, PAGE)
            if found:
                results.append({"from": {"id": str(number)}, "to": found, **onward(after)})
            else:
                errors.append(no_links(str(number), start.kind.singular, end.kind.singular))
        body = batch(results, started, self._state.now())
        return answer(partly(body, errors), 207) if errors else answer(body)

    def create(self, call: Call) -> Response:
        start, end = self._open(call, (0, 1), "write")
        pairs = _some(call.body(Pairs).inputs, MOST)
        started = self._state.now()
        kinds = [self._kind(start, end, pair.type) for pair in pairs]
        ends = [(self._exists(start, pair.start), self._exists(end, pair.to)) for pair in pairs]
        results: Entries = []
        for kind, (one, other) in zip(kinds, ends, strict=True):
            self._relations.link(kind, one, other)
            results += [_shown(kind, one, other), _shown(self._state.links.types[kind.inverse], other, one)]
        return answer(batch(results, started, self._state.now()), 201)

    def archive(self, call: Call) -> Response:
        start, end = self._open(call, (0, 1), "write")
        for pair in _some(call.body(Pairs).inputs, MOST):
            kind = self._kind(start, end, pair.type)
            self._relations.unlabel(kind, record_id(str(pair.start.id)), record_id(str(pair.to.id)))
        return nothing()

    def put(self, call: Call) -> Response:
        """Link two records; the answer is the first one with what it is linked to."""
        start, end = self._open(call, (0, 2), "write")
        kind = self._kind(start, end, call.args[4])
        one = self._exists(start, Ref(call.args[1]))
        self._relations.link(kind, one, self._exists(end, Ref(call.args[3])))
        results, _ = self._page(start, end, one, 0, PAGE)
        record = start.live[one]
        shown = {name: record.properties.get(name) for name in start.columns(start.kind.defaults)}
        times = {"createdAt": shown[start.kind.created], "updatedAt": shown[start.kind.modified]}
        linked = {end.kind.name: {"results": results}}
        return answer(
            {"id": str(one), "properties": shown, **times, "archived": False, "associations": linked}
        )

    def delete(self, call: Call) -> Response:
        start, end = self._open(call, (0, 2), "write")
        kind = self._kind(start, end, call.args[4])
        self._relations.unlabel(kind, record_id(call.args[1]), record_id(call.args[3]))
        return nothing()

    def _page(
        self, start: Shelf, end: Shelf, number: int, after: int, limit: int
    ) -> tuple[Entries, int | None]:
        links = self._state.links
        ends = links.ends(start.kind.type_id, number, end.kind.type_id)
        ids = sorted(other for other in ends if other >= after and end.visible(other))
        results = [
            {"id": str(other), "type": links.types[kind].name}
            for other in ids[:limit]
            for kind in ends[other]
        ]
        return results, ids[limit] if len(ids) > limit else None

    def _kind(self, start: Shelf, end: Shelf, name: str) -> LinkType:
        """A type by its name or its id. Raises Refusal 400."""
        for kind in self._state.links.of_pair(start.kind.type_id, end.kind.type_id):
            if name.lower() in (kind.name.lower(), str(kind.id)):
                return kind
        raise bad_request(
            f"{name} is not a valid association type between {start.kind.name} and {end.kind.name}"
        )

    def _exists(self, shelf: Shelf, ref: Ref) -> int:
        record = shelf.get(record_id(str(ref.id)))
        if record is None:
            raise not_found()
        return record.id

    def _open(self, call: Call, where: tuple[int, int], act: str) -> tuple[Shelf, Shelf]:
        start, end = (self._state.shelf(call.args[at]) for at in where)
        for shelf in (start, end):
            self._state.permit(shelf.kind, "read" if shelf.kind.read_only else act)
        return start, end


def _shown(kind: LinkType, start: int, end: int) -> dict[str, Any]:
    return {"from": {"id": str(start)}, "to": {"id": str(end)}, "type": kind.name}


def _some(inputs: list[Any], most: int) -> list[Any]:
    if not 1 <= len(inputs) <= most:
        raise bad_request(f"A batch has 1 to {most} inputs, not {len(inputs)}")
    return inputs
