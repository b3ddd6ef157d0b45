"""Search: filter groups, one sort, pages by offset, a ceiling, and an index that may lag."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from cs_connector.sandbox.records import Records
from cs_connector.sandbox.wire import Response

from ..call import Call, answer, is_digits
from ..errors import bad_request
from ..state import State
from .filters import Filter, Group, Key, Test, candidates, compiled, key_of, sifted
from .keyset import Keyset, walked
from .shelf import Record, Shelf
from .shown import view

# HubSpot's pages do not agree on how many filters may be asked with; these are the older, smaller figures.
LONGEST, PAGE, GROUPS, FILTERS, ALL_FILTERS = 3_000, 200, 5, 6, 18
DIRECTIONS = ("ASCENDING", "DESCENDING")


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
        self._keyset = Keyset()

    def forget(self) -> None:
        self._asked = None
        self._keyset.forget()

    def search(self, call: Call) -> Response:
        shelf = self._state.shelf(call.args[0])
        self._state.permit(shelf.kind, "read")
        if len(call.request.body) > LONGEST:
            raise bad_request(f"The request body must not be longer than {LONGEST} characters")
        query = call.body(Query)
        _check(query)
        query.sorts = [sort for sort in query.sorts if not _is_struct_as_text(sort)]
        start = self._start(query)
        found = self._find(shelf, query)
        page = found[start : start + min(query.limit, self._state.limits.sizes.search_page)]
        results = self._shown(shelf, query, page)
        body: dict[str, Any] = {"total": len(found), "results": results}
        after = start + len(page)
        if after < len(found):
            body["paging"] = {"next": {"after": str(after)}}
        return answer(body)

    def _shown(self, shelf: Shelf, query: Query, page: Sequence[Record]) -> list[Any]:
        """Search alone tells a property that was cleared, "", from one that never had a value, null."""
        what = view(self._state, shelf, query.properties or None)
        type_id, cleared = shelf.kind.type_id, self._state.history.cleared
        emptied = {r.id: names for r in page if (names := cleared((type_id, r.id)))}
        if not emptied:
            return what.rows(page)
        shown = [what.show(record) for record in page]
        for record, one in zip(page, shown, strict=True):
            properties = one["properties"]
            held = (name for name in emptied.get(record.id, ()) if name in properties)
            properties.update((name, "") for name in held if properties[name] is None)
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
        near = self._keyset.find(shelf, query.groups) if _by_id(query) and not stale else None
        if near is not None:
            compiled(shelf, self._state, query.groups)  # refuses what cannot be asked
            return near
        if stale or asked != self._asked:
            self._found = self._walk(shelf, query, stale)
            self._asked = None if stale else asked
        return self._found

    def _walk(self, shelf: Shelf, query: Query, stale: dict[int, Record | None]) -> Sequence[Record]:
        tests = compiled(shelf, self._state, query.groups)
        ids = candidates(shelf, self._state, query.groups)
        if isinstance(shelf.live, Records) and not stale:
            return _lean(shelf, query, tests, ids)
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


def _by_id(query: Query) -> bool:
    """Whether all there is to it are filters and the ascending order of ids."""
    if query.query or len(query.sorts) != 1:
        return False
    sort = Sort(query.sorts[0]) if isinstance(query.sorts[0], str) else query.sorts[0]
    return sort.propertyName == "hs_object_id" and not sort.direction.upper().startswith("DESC")


def _check(query: Query) -> None:
    if not 1 <= query.limit <= PAGE:
        raise bad_request(f"limit must be a number from 1 to {PAGE}, not {query.limit}")
    if len(query.sorts) > 1:
        raise bad_request("Only one sort is allowed")
    for sort in query.sorts:
        if isinstance(sort, Sort) and sort.direction.upper() not in DIRECTIONS:
            raise bad_request(f"Unknown direction {sort.direction}: not one of [{', '.join(DIRECTIONS)}]")
    sizes = [len(group.filters) for group in query.groups]
    if len(sizes) > GROUPS or max(sizes, default=0) > FILTERS or sum(sizes) > ALL_FILTERS:
        raise bad_request(
            f"At most {GROUPS} filterGroups of {FILTERS} filters, {ALL_FILTERS} filters in all, are allowed"
        )


def _is_struct_as_text(sort: Sort | str) -> bool:
    """HubSpot's own clients have written a sort as a text, which HubSpot passed over: hubspot-api-nodejs issue 14,
    hubspot-api-ruby issue 257.
    """
    return isinstance(sort, str) and sort.startswith("{")


def _holds(shelf: Shelf, record: Record, text: str) -> bool:
    return any(text in record.properties.get(name, "").lower() for name in shelf.kind.display)


def _lean(
    shelf: Shelf, query: Query, groups: Sequence[Sequence[Test]], ids: Iterable[int]
) -> Sequence[Record]:
    """The same for a shelf that lies in a file: records are looked at one by one, and not kept."""
    text, tests = (query.query or "").lower(), groups or [[]]
    found = shelf.live.values() if ids is shelf.ids else shelf.records(ids)
    passing = (r for r in found if any(all(test(r) for test in group) for group in tests))
    seen = (r for r in passing if shelf.visible(r.id) and (not text or _holds(shelf, r, text)))
    key, down = _order(shelf, query.sorts)
    return walked(shelf, seen, key, down=down)


def _sorted(shelf: Shelf, records: list[Record], sorts: Sequence[Sort | str]) -> list[Record]:
    """Records without the value come last, whatever the direction."""
    key, down = _order(shelf, sorts)
    has = [record for record in records if key(record) is not None]
    return sorted(has, key=key, reverse=down) + [record for record in records if key(record) is None]


def _order(shelf: Shelf, sorts: Sequence[Sort | str]) -> tuple[Key, bool]:
    """What to sort by, and whether downwards; the oldest first, where nothing is wanted. Raises Refusal 400."""
    if not sorts:
        created = shelf.kind.created
        return lambda record: (record.properties[created], record.id), False
    sort = Sort(sorts[0]) if isinstance(sorts[0], str) else sorts[0]
    down = sort.propertyName.startswith("-") or sort.direction.upper().startswith("DESC")
    name = sort.propertyName.removeprefix("-")
    if name not in shelf.fields:
        raise bad_request(f"Unknown property in sorts: {name}")
    return key_of(shelf, name), down
