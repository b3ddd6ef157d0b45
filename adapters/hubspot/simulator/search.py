"""Search: filter groups, one sort, pages by offset, a ceiling, and an index that may lag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from cs_connector.sandbox.wire import Response

from .call import Call, answer, is_digits
from .errors import bad_request
from .filters import Filter, Group, candidates, compiled, key_of, sifted
from .shelf import Record, Shelf
from .shown import view
from .state import State

# HubSpot's pages do not agree on how many filters may be asked with; these are the older, smaller figures.
LONGEST, PAGE, GROUPS, FILTERS, ALL_FILTERS = 3_000, 200, 5, 6, 18


class Sort(msgspec.Struct):
    propertyName: str  # noqa: N815 — HubSpot's name
    direction: str = "ASCENDING"


class Query(msgspec.Struct):
    filterGroups: list[Group] = []  # noqa: N815 — HubSpot's names
    filters: list[Filter] = []
    sorts: list[Sort | str] = []
    properties: list[str] | None = None
    query: str | None = None
    limit: int = 10
    after: str | int | None = None

    @property
    def groups(self) -> list[Group]:
        """All that is asked for; filters without a group are one more."""
        return [*self.filterGroups, Group(self.filters)] if self.filters else self.filterGroups


class Search:
    """The last search is kept, so that its next pages need no second walk."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._asked: tuple[str, int, bytes] | None = None
        self._found: Sequence[Record] = ()

    def forget(self) -> None:
        self._asked = None

    def search(self, call: Call) -> Response:
        shelf = self._state.shelf(call.args[0])
        self._state.permit(shelf.kind, "read")
        if len(call.request.body) > LONGEST:
            raise bad_request(f"The request body must not be longer than {LONGEST} characters")
        query = call.body(Query)
        _check(query)
        start = self._start(query)
        found = self._find(shelf, query)
        page = found[start : start + min(query.limit, self._state.limits.sizes.search_page)]
        show = view(self._state, shelf, query.properties or None).show
        results = [self._emptied(shelf, record, show(record)) for record in page]
        body: dict[str, Any] = {"total": len(found), "results": results}
        after = start + len(page)
        if after < len(found):
            body["paging"] = {"next": {"after": str(after)}}
        return answer(body)

    def _emptied(self, shelf: Shelf, record: Record, shown: dict[str, Any]) -> dict[str, Any]:
        """Search alone tells a property that was cleared, "", from one that never had a value, null."""
        properties = shown["properties"]
        for name in self._state.history.cleared((shelf.kind.type_id, record.id)):
            if properties.get(name, "") is None:
                properties[name] = ""
        return shown

    def _start(self, query: Query) -> int:
        text = str(query.after or 0)
        if not is_digits(text):
            raise bad_request(f"The after parameter {text} is not valid")
        sizes = self._state.limits.sizes
        if int(text) + min(query.limit, sizes.search_page) > sizes.ceiling:
            raise bad_request(f"The requested page goes beyond the first {sizes.ceiling} results")
        return int(text)

    def _find(self, shelf: Shelf, query: Query) -> Sequence[Record]:
        what = msgspec.json.encode([query.groups, query.sorts, query.query])
        asked = (shelf.kind.type_id, shelf.version, what)
        stale = shelf.seen(self._state.now())
        if stale or asked != self._asked:
            self._found = self._walk(shelf, query, stale)
            self._asked = None if stale else asked
        return self._found

    def _walk(self, shelf: Shelf, query: Query, stale: dict[int, Record | None]) -> Sequence[Record]:
        tests = compiled(shelf, self._state, query.groups)
        ids = candidates(shelf, self._state, query.groups)
        found = sifted(tests, list(shelf.records(ids)))
        if stale:
            found = {record_id: record for record_id, record in found.items() if record_id not in stale}
            found |= sifted(tests, [record for record in stale.values() if record is not None])
        records = [found[record_id] for record_id in sorted(found) if shelf.visible(record_id)]
        if query.query:
            records = [record for record in records if _holds(shelf, record, query.query.lower())]
        in_order = _sorted(shelf, records, query.sorts)
        # The index decides what is found and in which order; what is shown is the record as it is.
        return [shelf.live.get(record.id, record) for record in in_order] if stale else in_order


def _check(query: Query) -> None:
    if not 1 <= query.limit <= PAGE:
        raise bad_request(f"limit must be a number from 1 to {PAGE}, not {query.limit}")
    if len(query.sorts) > 1:
        raise bad_request("Only one sort is allowed")
    sizes = [len(group.filters) for group in query.groups]
    if len(sizes) > GROUPS or max(sizes, default=0) > FILTERS or sum(sizes) > ALL_FILTERS:
        raise bad_request(
            f"At most {GROUPS} filterGroups of {FILTERS} filters, {ALL_FILTERS} filters in all, are allowed"
        )


def _holds(shelf: Shelf, record: Record, text: str) -> bool:
    return any(text in record.properties.get(name, "").lower() for name in shelf.kind.display)


def _sorted(shelf: Shelf, records: list[Record], sorts: Sequence[Sort | str]) -> list[Record]:
    """The oldest first, where nothing else is wanted. Records without the value come last, whatever the direction."""
    if not sorts:
        return sorted(records, key=lambda record: (record.properties[shelf.kind.created], record.id))
    sort = Sort(sorts[0]) if isinstance(sorts[0], str) else sorts[0]
    down = sort.propertyName.startswith("-") or sort.direction.upper().startswith("DESC")
    name = sort.propertyName.removeprefix("-")
    if name not in shelf.fields:
        raise bad_request(f"Unknown property in sorts: {name}")
    if name == "hs_object_id":
        return records[::-1] if down else records
    key = key_of(shelf, name)
    has = [record for record in records if key(record) is not None]
    return sorted(has, key=key, reverse=down) + [record for record in records if key(record) is None]
