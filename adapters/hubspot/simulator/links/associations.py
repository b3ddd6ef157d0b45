"""Associations: read, create and archive, of one record and in batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from cs_connector.sandbox.wire import Response

from ..call import Call, answer, is_digits, nothing, record_id
from ..errors import bad_request, no_links, not_found
from ..paging import link, onward
from ..records.records import Ref, Spec
from ..records.shelf import Shelf
from ..records.shown import batch, partly
from ..state import State
from .labels import shown
from .links import LinkType
from .relations import Relations

READS, WRITES, PAGE = 1_000, 2_000, 500
MOST_LINKS = 50_000  # of one record to records of one kind
Entry = dict[str, Any]
Entries = list[Entry]


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
        results, after = self._page(call, start, end, number, call.after(), call.number("limit", PAGE, PAGE))
        return answer({"results": results, **link(call, after)})

    def read(self, call: Call) -> Response:
        """200, or 207 where some have no associations."""
        start, end = self._open(call, (0, 1), "read")
        inputs = _some(call.body(Froms).inputs, READS)
        started = self._state.now()
        results: Entries = []
        errors: Entries = []
        for each in inputs:
            number = record_id(str(each.id))
            found, after = self._page(call, start, end, number, record_id(str(each.after or 0)), PAGE)
            if found:
                results.append({"from": {"id": str(number)}, "to": found, **onward(after)})
            else:
                errors.append(no_links(str(number), start.kind.singular, end.kind.singular))
        body = batch(results, started, self._state.now())
        return answer(partly(body, errors), 207) if errors else answer(body)

    def create(self, call: Call) -> Response:
        """Pairs of which a record does not exist are reported in a 207; a wrong type refuses all."""
        start, end = self._open(call, (0, 1), "write")
        pairs = _some(call.body(Pairs).inputs, WRITES)
        started = self._state.now()
        for pair in pairs:
            _need_types(pair.types)
        kinds = [[self._typed(spec, start, end) for spec in pair.types] for pair in pairs]
        lost = self._lost(start, end, pairs)
        results: Entries = []
        for pair, each in zip(pairs, kinds, strict=True):
            if not self._missing(start, end, pair):
                one, other = self._linked(start, end, pair, each)
                results.append(_labelled(start, end, one, other, each))
        body = batch(results, started, self._state.now())
        return answer(partly(body, lost), 207) if lost else answer(body, 201)

    def create_default(self, call: Call) -> Response:
        """Plain links; the answer shows both directions."""
        start, end = self._open(call, (0, 1), "write")
        pairs = _some(call.body(Pairs).inputs, WRITES)
        there = [pair for pair in pairs if not self._missing(start, end, pair)]
        return self._link_default(start, end, there, self._lost(start, end, pairs))

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
        pair = Pair(Ref(self._exists(start, call.args[1])), Ref(self._exists(end, call.args[3])))
        specs = call.body(list[Spec])
        _need_types(specs)
        kinds = [self._typed(spec, start, end) for spec in specs]
        one, other = self._linked(start, end, pair, kinds)
        return answer(_labelled(start, end, one, other, kinds), 201)

    def put_default(self, call: Call) -> Response:
        start, end = self._open(call, (0, 2), "write")
        pair = Pair(Ref(self._exists(start, call.args[1])), Ref(self._exists(end, call.args[3])))
        return self._link_default(start, end, [pair], [])

    def delete(self, call: Call) -> Response:
        start, end = self._open(call, (0, 2), "write")
        self._relations.unlink(start, record_id(call.args[1]), end, record_id(call.args[3]))
        return nothing()

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

    def _missing(self, start: Shelf, end: Shelf, pair: Pair) -> Sequence[str]:
        """The ids of a pair that no record has."""
        ends = ((start, str(pair.start.id)), (end, str(pair.to.id)))
        return [text for shelf, text in ends if not is_digits(text) or shelf.get(int(text)) is None]

    def _lost(self, start: Shelf, end: Shelf, pairs: Iterable[Pair]) -> Entries:
        """What a 207 says of pairs that cannot be linked."""
        lost = []
        for pair in pairs:
            missing = self._missing(start, end, pair)
            if missing:
                names = f"from {start.kind.singular} {pair.start.id} to {end.kind.singular} {pair.to.id}"
                lost.append(
                    {
                        "status": "error",
                        "category": "OBJECT_NOT_FOUND",
                        "subCategory": "crm.associations.OBJECT_NOT_FOUND",
                        "message": f"The association {names} names a record that does not exist.",
                        "context": {"ids": list(missing)},
                    }
                )
        return lost

    def _linked(self, start: Shelf, end: Shelf, pair: Pair, kinds: Iterable[LinkType]) -> tuple[int, int]:
        one, other = self._exists(start, str(pair.start.id)), self._exists(end, str(pair.to.id))
        for shelf, number, far in ((start, one, end), (end, other, start)):
            held = self._state.links.ends(shelf.kind.type_id, number, far.kind.type_id)
            if len(held) >= MOST_LINKS:
                raise bad_request(f"A record is linked to at most {MOST_LINKS} {far.kind.name}")
        for kind in kinds:
            self._relations.link(kind, one, other)
        return one, other

    def _link_default(
        self, start: Shelf, end: Shelf, pairs: Sequence[Pair], lost: Sequence[Entry]
    ) -> Response:
        started = self._state.now()
        kind = self._relations.default(start, end)
        inverse = self._state.links.types[kind.inverse]
        results: Entries = []
        for pair in pairs:
            one, other = self._linked(start, end, pair, [kind])
            results += [_specified(kind, one, other), _specified(inverse, other, one)]
        body = batch(results, started, self._state.now())
        return answer(partly(body, lost), 207) if lost else answer(body)

    def _page(
        self, call: Call, start: Shelf, end: Shelf, number: int, after: int, limit: int
    ) -> tuple[Entries, int | None]:
        record = start.get(number)
        own = number if record is None else record.id
        ends = self._state.links.ends(start.kind.type_id, own, end.kind.type_id)
        ids = sorted(other for other in ends if other >= after and end.visible(other))
        types = self._state.links.types
        results = [
            {
                "toObjectId": str(other) if call.dated else other,
                "associationTypes": [shown(types[kind]) for kind in ends[other]],
            }
            for other in ids[:limit]
        ]
        return results, ids[limit] if len(ids) > limit else None


def _need_types(specs: Sequence[Spec]) -> None:
    if not specs:
        raise bad_request("An association needs at least one type")


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
