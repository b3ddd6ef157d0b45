"""Search: pages by number up to a thousand results, the export by cursor, and counts.

Facts: the vendor's reference; that a page past the thousandth result is refused while the count tells of all, and that
a cursor is refused by the paged search, was observed. The index can be late by order: records are then found as they
were.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from cs_connector.sandbox.wire import Response

from ..answers import missing, not_integer, reply
from ..call import Call
from ..kinds import KINDS
from ..paths import Routes
from ..records.paging import by_cursor, limited, marked, numbered, unmarked
from ..records.resource import Resource
from ..records.table import Record
from ..state import State
from .search_match import RANKS, Matcher
from .search_query import TYPES, Query, invalid_search, parse

CURSOR_LIFE = 3600  # seconds
EXPORT_PAGE = 1000
_ORDERS = {"created": "created_at", "updated": "updated_at", "status": "status", "priority": "priority"}
_NARROW = {
    "organization": "organization_id",
    "requester": "requester_id",
    "external_id": "external_id",
    "email": "email",
}
Hit = tuple[str, Record]


class Search:
    def __init__(self, state: State, resources: Sequence[Resource]) -> None:
        self._state = state
        self._resources = {resource.kind.plural: resource for resource in resources}

    def routes(self) -> Routes:
        return {
            ("GET", "search"): self.pages,
            ("GET", "search/count"): self.count,
            ("GET", "search/export"): self.export,
        }

    def pages(self, call: Call) -> Response:
        if by_cursor(call):
            raise not_integer("page", "search/index")
        query = self._query(call)
        number, size = numbered(call, self._state.limits.page, "search")
        if number * size > self._state.limits.found:
            raise invalid_search("Requested response size was greater than Search Response Limits")
        hits = self._sorted(query, call, list(self._hits(query)))
        start = (number - 1) * size
        ends = start + size >= min(len(hits), self._state.limits.found)
        body = {
            "results": [self._view(hit) for hit in hits[start : start + size]],
            "facets": None,
            "next_page": None if ends else self._link(call, "search", "page", str(number + 1)),
            "previous_page": self._link(call, "search", "page", str(number - 1)) if number > 1 else None,
            "count": len(hits),
        }
        return reply(body)

    def count(self, call: Call) -> Response:
        return reply({"count": sum(1 for _ in self._hits(self._query(call)))})

    def export(self, call: Call) -> Response:
        """One type, by creation; a cursor is good for an hour.

        The vendor says that a type in the query is an error; a client that repeats the filter there is known to work.
        """
        headers = self._state.buckets.endpoint("search-export")
        noun = TYPES.get(call.query.get("filter[type]", "").removesuffix("s"))
        query = self._query(call)
        if noun is None:
            raise missing("filter[type]")
        if query.types not in ([], [noun]):
            raise invalid_search("type is given by filter[type] and not in the query")
        query.types = [noun]
        hits = sorted(self._hits(query), key=_made)
        mark = self._after(call)
        rest = hits if mark is None else [hit for hit in hits if _made(hit) > mark]
        size = limited(call.query.get("page[size]"), EXPORT_PAGE, "page[size]", "search")
        rows, more = rest[:size], len(rest) > size
        cursor = marked([self._state.now(), *_made(rows[-1])]) if rows else None
        body = {
            "results": [self._view(hit) for hit in rows],
            "facets": None,
            "meta": {"has_more": more, "after_cursor": cursor, "before_cursor": None},
            "links": {
                "prev": None,
                "next": self._link(call, "search/export", "page[after]", cursor or "") if more else None,
            },
        }
        return reply(body, 200, headers)

    def _query(self, call: Call) -> Query:
        if not call.query.get("query"):
            raise missing("query")
        return parse(call.query["query"])

    def _hits(self, query: Query) -> Iterator[Hit]:
        for noun in query.types or self._resources:
            matcher = Matcher(self._state, noun, query)
            yield from ((noun, record) for record in self._indexed(noun, query) if matcher.fits(record))

    def _indexed(self, noun: str, query: Query) -> Iterator[Record]:
        """Live records as the index has them; those that may fit, where a term narrows them down."""
        resource = self._resources[noun]
        late = self._state.recent.unindexed(noun)
        for key in self._candidates(resource, query, bool(late)):
            record = late[key] if key in late else resource.table.get(key)
            if record is not None and resource.alive(record):
                yield record

    @staticmethod
    def _candidates(resource: Resource, query: Query, late: bool) -> Iterable[Any]:
        for term in () if late else query.terms:
            column = _NARROW.get(term.name)
            exact = (
                term.operator == ":" and not term.negative and term.value != "none" and "*" not in term.value
            )
            alone = sum(other.name == term.name for other in query.terms) == 1
            if column is None or column not in KINDS[resource.kind.plural].columns or not (exact and alone):
                continue
            if not column.endswith("_id") or column == "external_id" or term.value.isdecimal():
                return resource.table.where(column, term.value)
        return resource.table.ids()

    def _sorted(self, query: Query, call: Call, hits: list[Hit]) -> list[Hit]:
        """What is most relevant is not known here: without an order, what changed last comes first."""
        order = query.order or call.query.get("sort_by", "").removesuffix("_at")
        down = query.down if query.order else call.query.get("sort_order", "desc") != "asc"
        column = _ORDERS.get(order, "updated_at")
        ranks = RANKS.get(column, ())

        def key(hit: Hit) -> tuple[Any, Any]:
            value = str(hit[1].get(column) or "")
            return (ranks.index(value) if value in ranks else -1) if ranks else value, hit[1]["id"]

        return sorted(hits, key=key, reverse=down)

    def _after(self, call: Call) -> tuple[str, Any] | None:
        mark = unmarked(call.query.get("page[after]"))
        if mark is None:
            return None
        if not isinstance(mark, tuple) or [type(part) for part in mark] != [int, str, int]:
            raise invalid_search("the cursor is not valid")
        if self._state.now() - mark[0] > CURSOR_LIFE:
            raise invalid_search("the cursor has expired")
        return mark[1], mark[2]

    def _view(self, hit: Hit) -> dict[str, Any]:
        resource = self._resources[hit[0]]
        return {**resource.view(hit[1]), "result_type": resource.kind.singular}

    def _link(self, call: Call, path: str, name: str, value: str) -> str:
        kept = {key: text for key, text in call.query.items() if key not in ("page", "page[after]")}
        return f"{self._state.url(path)}.json?{urlencode({**kept, name: value})}"


def _made(hit: Hit) -> tuple[str, Any]:
    return str(hit[1].get("created_at") or ""), hit[1]["id"]
