"""Associations of the first version of the API: one pair at a time, by the number of a type."""

from __future__ import annotations

import msgspec

from cs_connector.sandbox.wire import Response

from ..call import Call, answer, is_digits, nothing, record_id
from ..errors import bad_request
from ..state import State
from .links import LinkType
from .relations import Relations

PAGE = 100


class Pair(msgspec.Struct):
    fromObjectId: str | int  # noqa: N815 — HubSpot's names
    toObjectId: str | int  # noqa: N815
    category: str
    definitionId: int  # noqa: N815


class OlderAssociations:
    def __init__(self, state: State, relations: Relations) -> None:
        self._state, self._relations = state, relations

    def list(self, call: Call) -> Response:
        """Ids in order; the offset is the last one shown."""
        kind = self._kind(call.args[1], call.args[2], "read")
        ends = self._state.links.ends(kind.start, record_id(call.args[0]), kind.end)
        after = call.number("offset", 0, 2**53) if call.query.get("offset", "0") != "0" else 0
        left = sorted(end for end, types in ends.items() if kind.id in types and end > after)
        shown = left[: call.number("limit", PAGE, PAGE)]
        return answer(
            {"results": shown, "hasMore": len(left) > len(shown), "offset": shown[-1] if shown else 0}
        )

    def put(self, call: Call) -> Response:
        pair = call.body(Pair)
        kind = self._kind(pair.category, str(pair.definitionId), "write")
        self._relations.link(kind, record_id(str(pair.fromObjectId)), record_id(str(pair.toObjectId)))
        return nothing()

    def delete(self, call: Call) -> Response:
        pair = call.body(Pair)
        kind = self._kind(pair.category, str(pair.definitionId), "write")
        start, end = (self._state.shelves[type_id] for type_id in (kind.start, kind.end))
        self._relations.unlink(start, record_id(str(pair.fromObjectId)), end, record_id(str(pair.toObjectId)))
        return nothing()

    def _kind(self, category: str, number: str, act: str) -> LinkType:
        """Raises Refusal 400 for a type that is not there, 403 where its records may not be used."""
        kind = self._state.links.types.get(int(number)) if is_digits(number) else None
        if kind is None or kind.category != category:
            raise bad_request(f"Association type {number} of {category} does not exist")
        for type_id in (kind.start, kind.end):
            self._state.permit(self._state.shelves[type_id].kind, act)
        return kind
