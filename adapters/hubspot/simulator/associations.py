"""Associations: read, create, label and archive, of one record and in batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from cs_connector.sandbox.wire import Response

from .call import Call, answer, nothing, record_id
from .errors import bad_request, no_links, not_found
from .links import USER, LinkType
from .records import Ref, Spec
from .relations import Relations
from .shelf import Shelf
from .shown import batch, partly
from .state import State

READS, WRITES, PAGE = 1_000, 2_000, 500


class From(msgspec.Struct):
    id: str | int
    after: str | int | None = None


class Froms(msgspec.Struct):
    inputs: list[From]


class Pair(msgspec.Struct):
    start: Ref = msgspec.field(name="from")
    to: Ref
    types: list[Spec] = []


class Pairs(msgspec.Struct):
    inputs: list[Pair]


class Cut(msgspec.Struct):
    start: Ref = msgspec.field(name="from")
    to: list[Ref]


class Cuts(msgspec.Struct):
    inputs: list[Cut]


class NewLabel(msgspec.Struct):
    label: str
    name: str
    inverseLabel: str | None = None  # noqa: N815 — HubSpot's name


class Associations:
    def __init__(self, state: State, relations: Relations) -> None:
        self._state = state
        self._relations = relations

    def list(self, call: Call) -> Response:
        """What one record is linked to, of one kind."""
        start, end = self._open(call, (0, 2), "read")
        number = record_id(call.args[1])
        if start.get(number) is None:
            raise not_found()
        return answer(self._page(call, start, end, number, call.after(), call.number("limit", PAGE, PAGE)))

    def read(self, call: Call) -> Response:
        """200, or 207 where some have no associations."""
        start, end = self._open(call, (0, 1), "read")
        inputs = _some(call.body(Froms).inputs, READS)
        started = self._state.now()
        results, errors = [], []
        for each in inputs:
            number = record_id(str(each.id))
            page = self._page(call, start, end, number, record_id(str(each.after or 0)), PAGE)
            if page["results"]:
                more = {"paging": page["paging"]} if "paging" in page else {}
                results.append({"from": {"id": str(number)}, "to": page["results"], **more})
            else:
                errors.append(no_links(str(number), start.kind.singular, end.kind.singular))
        body = batch(results, started, self._state.now())
        return answer(partly(body, errors), 207) if errors else answer(body)

    def create(self, call: Call) -> Response:
        """All or none."""
        start, end = self._open(call, (0, 1), "write")
        pairs = _some(call.body(Pairs).inputs, WRITES)
        started = self._state.now()
        kinds = [[self._typed(spec, start, end) for spec in pair.types] for pair in pairs]
        ends = [self._both(start, end, pair) for pair in pairs]
        for (one, other), each in zip(ends, kinds, strict=True):
            for kind in each:
                self._relations.link(kind, one, other)
        results = [
            _labelled(start, end, one, other, each) for (one, other), each in zip(ends, kinds, strict=True)
        ]
        return answer(batch(results, started, self._state.now()), 201)

    def create_default(self, call: Call) -> Response:
        """Plain links; the answer shows both directions."""
        start, end = self._open(call, (0, 1), "write")
        pairs = _some(call.body(Pairs).inputs, WRITES)
        return self._link_default(start, end, [self._both(start, end, pair) for pair in pairs])

    def archive(self, call: Call) -> Response:
        start, end = self._open(call, (0, 1), "write")
        for cut in _some(call.body(Cuts).inputs, WRITES):
            for to in cut.to:
                self._relations.unlink(start, record_id(str(cut.start.id)), end, record_id(str(to.id)))
        return nothing()

    def archive_labels(self, call: Call) -> Response:
        start, end = self._open(call, (0, 1), "write")
        for pair in _some(call.body(Pairs).inputs, WRITES):
            for spec in pair.types:
                kind = self._typed(spec, start, end)
                self._relations.unlabel(kind, record_id(str(pair.start.id)), record_id(str(pair.to.id)))
        return nothing()

    def put(self, call: Call) -> Response:
        """Link one record to another with given types."""
        start, end = self._open(call, (0, 2), "write")
        one, other = self._exists(start, call.args[1]), self._exists(end, call.args[3])
        kinds = [self._typed(spec, start, end) for spec in call.body(list[Spec])]
        for kind in kinds:
            self._relations.link(kind, one, other)
        return answer(_labelled(start, end, one, other, kinds), 201)

    def put_default(self, call: Call) -> Response:
        start, end = self._open(call, (0, 2), "write")
        return self._link_default(
            start, end, [(self._exists(start, call.args[1]), self._exists(end, call.args[3]))]
        )

    def delete(self, call: Call) -> Response:
        start, end = self._open(call, (0, 2), "write")
        self._relations.unlink(start, record_id(call.args[1]), end, record_id(call.args[3]))
        return nothing()

    def labels(self, call: Call) -> Response:
        start, end = self._open(call, (0, 1), "read")
        kinds = self._state.links.of_pair(start.kind.type_id, end.kind.type_id)
        return answer({"results": [_shown(kind) for kind in kinds]})

    def create_label(self, call: Call) -> Response:
        """A label of the customer's own, in both directions."""
        start, end = self._open(call, (0, 1), "write")
        wanted = call.body(NewLabel)
        links, here, there = self._state.links, start.kind.type_id, end.kind.type_id
        number = max(1_000, *links.types) + 1
        inverse_name = f"{wanted.name}_inverse"
        one = LinkType(number, here, there, number + 1, wanted.name, USER, wanted.label)
        other = LinkType(
            number + 1, there, here, number, inverse_name, USER, wanted.inverseLabel or wanted.label
        )
        links.register(one, other)
        return answer({"results": [_shown(one), _shown(other)]})

    def _open(self, call: Call, where: tuple[int, int], act: str) -> tuple[Shelf, Shelf]:
        start, end = (self._state.shelf(call.args[at]) for at in where)
        for shelf in (start, end):
            self._state.permit(shelf.kind, "read" if shelf.kind.read_only else act)
        return start, end

    def _typed(self, spec: Spec, start: Shelf, end: Shelf) -> LinkType:
        return self._relations.typed(spec.associationTypeId, spec.associationCategory, start, end)

    def _exists(self, shelf: Shelf, text: str) -> int:
        record = shelf.get(record_id(text))
        if record is None:
            raise not_found()
        return record.id

    def _both(self, start: Shelf, end: Shelf, pair: Pair) -> tuple[int, int]:
        return self._exists(start, str(pair.start.id)), self._exists(end, str(pair.to.id))

    def _link_default(self, start: Shelf, end: Shelf, pairs: Sequence[tuple[int, int]]) -> Response:
        started = self._state.now()
        kind = self._relations.default(start, end)
        inverse = self._state.links.types[kind.inverse]
        results = []
        for one, other in pairs:
            self._relations.link(kind, one, other)
            results += [_specified(kind, one, other), _specified(inverse, other, one)]
        return answer(batch(results, started, self._state.now()))

    def _page(
        self, call: Call, start: Shelf, end: Shelf, number: int, after: int, limit: int
    ) -> dict[str, Any]:
        ends = self._state.links.ends(start.kind.type_id, number, end.kind.type_id)
        ids = sorted(other for other in ends if other >= after and end.visible(other))
        types = self._state.links.types
        results = [
            {
                "toObjectId": str(other) if call.dated else other,
                "associationTypes": [_shown(types[kind]) for kind in ends[other]],
            }
            for other in ids[:limit]
        ]
        page: dict[str, Any] = {"results": results}
        if len(ids) > limit:
            page["paging"] = {"next": {"after": str(ids[limit])}}
        return page


def _shown(kind: LinkType) -> dict[str, Any]:
    return {"category": kind.category, "typeId": kind.id, "label": kind.label}


def _specified(kind: LinkType, start: int, end: int) -> dict[str, Any]:
    return {
        "from": {"id": str(start)},
        "to": {"id": str(end)},
        "associationSpec": {"associationCategory": kind.category, "associationTypeId": kind.id},
    }


def _labelled(start: Shelf, end: Shelf, one: int, other: int, kinds: Sequence[LinkType]) -> dict[str, Any]:
    return {
        "fromObjectTypeId": start.kind.type_id,
        "fromObjectId": str(one),
        "toObjectTypeId": end.kind.type_id,
        "toObjectId": str(other),
        "labels": [kind.label for kind in kinds if kind.label],
    }


def _some(inputs: list[Any], most: int) -> list[Any]:
    if not 1 <= len(inputs) <= most:
        raise bad_request(f"A batch has 1 to {most} inputs, not {len(inputs)}")
    return inputs
