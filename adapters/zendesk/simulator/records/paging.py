"""Pages of a list: by cursor, or by number until that gets too deep."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import compress
from typing import Any
from urllib.parse import urlencode

import msgspec

from cs_connector.sandbox.lines import Keys

from ..answers import Refusal, bad_value, not_integer, several
from ..call import Call
from ..digits import number
from ..state import State
from .rows import Rows
from .table import Keep, Key, Record, Table

Test = Callable[[Sequence[Key]], Iterable[bool] | None]  # None: all of them
OFFSET_SORTS = ("id", "created_at", "updated_at", "name", "subject", "status", "priority")
CURSOR_SORTS = ("id", "updated_at", "status")  # as observed; anything else is refused
_PLACES = ("page[after]", "page[before]", "page")


class Lister:
    """Answers one list request over the ids of a table; `keep` says which records are part of it."""

    def __init__(self, state: State, table: Table, path: str, noun: str, keep: Keep) -> None:
        self._state, self._table = state, table
        self._path, self._noun, self._keep = path, noun, keep

    def of(self, keep: Keep) -> Lister:
        """The same list of other records."""
        return Lister(self._state, self._table, self._path, self._noun, keep)

    def page(self, call: Call, ids: Sequence[Key] | None = None) -> dict[str, Any]:
        """`page[…]` in the query asks for a cursor, anything else for a page number."""
        if by_cursor(call):
            return self._by_cursor(call, ids)
        return self._by_number(call, ids)

    def _by_cursor(self, call: Call, ids: Sequence[Key] | None) -> dict[str, Any]:
        """`sort_by` and `sort_order` belong to the other way of paging: here they are ignored, as observed."""
        query = call.query
        sort = query.get("sort", "id")
        size = limited(query.get("page[size]"), self._state.limits.page, "page[size]", self._path)
        order = self._order(sort.lstrip("-"), ids)
        back = "page[before]" in query
        mark = query.get("page[before]" if back else "page[after]")
        begin, step = _begin(order, unmarked(mark), down=sort.startswith("-") != back)
        found = self._found(order, begin, step, size + 1, self._test(ids))
        more, marks = len(found) > size, found[:size]
        if back:
            marks.reverse()
        first, last = (marked(marks[0]), marked(marks[-1])) if marks else (None, None)
        has_next, has_prev = (bool(marks), more) if back else (more, mark is not None and bool(marks))
        kept = _kept(query)
        return {
            self._noun: Rows(self._table, _keys(marks)),
            "meta": {"has_more": more, "after_cursor": last, "before_cursor": first},
            "links": {
                "prev": self._link(kept, "page[before]", first) if has_prev else None,
                "next": self._link(kept, "page[after]", last) if has_next else None,
            },
        }

    def _order(self, sort: str, ids: Sequence[Key] | None) -> Sequence[Any]:
        if sort not in CURSOR_SORTS:
            detail = f"sort by {sort} is not supported with cursor pagination"
            raise several(400, "InvalidPaginationParameter", "Invalid pagination parameter", detail)
        if sort == "id":
            return self._table.ids() if ids is None else ids
        if sort == "status":
            held = ((key, self._table.get(key)) for key in (self._table.ids() if ids is None else ids))
            return sorted((str((record or {}).get("status")), key) for key, record in held)
        line = self._table.timeline()
        wanted = None if ids is None else set(ids)
        return line if wanted is None else [mark for mark in line if mark[1] in wanted]

    def _found(self, order: Sequence[Any], at: int, step: int, wanted: int, test: Test) -> Any:
        """So many marks of records that pass, from a place on; a list or a part of the order."""
        found: Any = []
        while len(found) < wanted and 0 <= at < len(order):
            end = at + step * (wanted - len(found))
            marks = order[at : end if end >= 0 else None : step]
            fits = test(_keys(marks))
            passed = marks if fits is None else list(compress(marks, fits))
            found = [*found, *passed] if found else passed
            at = end
        return found

    def _test(self, ids: Sequence[Key] | None) -> Test:
        """Whether records are part of the list; what the table knows of its own ids is not looked up."""
        return self._table.listed if ids is None and self._keep == self._table.alive else self._kept

    def _kept(self, keys: Sequence[Key]) -> Iterable[bool]:
        return (record is not None and self._keep(record) for record in self._table.several(keys))

    def _by_number(self, call: Call, ids: Sequence[Key] | None) -> dict[str, Any]:
        number, size = numbered(call, self._state.limits.page, self._path)
        if number * size > self._state.limits.depth:
            raise _too_deep()
        start = (number - 1) * size
        count, rows = self._numbered(call, ids, slice(start, start + size))
        ends, kept = start + size >= count, _kept(call.query)
        return {
            self._noun: rows,
            "next_page": None if ends else self._link(kept, "page", str(number + 1)),
            "previous_page": self._link(kept, "page", str(number - 1)) if number > 1 else None,
            "count": count,
        }

    def _numbered(self, call: Call, ids: Sequence[Key] | None, part: slice) -> tuple[int, Sequence[Record]]:
        """How many records the list has, and a part of it."""
        name, down = call.query.get("sort_by", "id"), call.query.get("sort_order") == "desc"
        plain = name not in OFFSET_SORTS or (name == "id" and not down)
        if plain and ids is None:
            kept = self._table.kept(self._keep)
            return len(kept), Rows(self._table, kept[part])
        order = self._table.ids() if ids is None else ids
        fits = self._test(ids)(order)
        rows = Rows(self._table, order if fits is None else list(compress(order, fits)))
        return len(rows), rows[part] if plain else self._sorted(rows, name, down=down)[part]

    def _sorted(self, rows: Rows, name: str, *, down: bool) -> list[Record]:
        if name == "id":
            return sorted(rows, key=lambda record: record["id"], reverse=down)
        return sorted(rows, key=lambda record: (str(record.get(name) or ""), record["id"]), reverse=down)

    def _link(self, kept: tuple[tuple[str, str], ...], name: str, value: str | None) -> str:
        """The address of another page; `kept` are the other parameters."""
        return f"{_linked(self._state.url(self._path), kept, name)}{(value or '').replace('=', '%3D')}"


def linked(address: str, query: dict[str, str], name: str) -> str:
    """The address of another page of a list at an address, up to the value of the parameter that says which."""
    return _linked(address, _kept(query), name)


def _linked(address: str, kept: tuple[tuple[str, str], ...], name: str) -> str:
    return f"{address}.json?{_named(kept, name)}"


def _kept(query: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """The parameters that do not say which page is asked for."""
    return tuple([pair for pair in query.items() if pair[0] not in _PLACES])


@lru_cache(maxsize=256)
def _named(kept: tuple[tuple[str, str], ...], name: str) -> str:
    """A query up to before the value of its last parameter."""
    return urlencode([*kept, (name, "")])


def _keys(marks: Sequence[Any]) -> Sequence[Key]:
    """The ids in marks, which are ids themselves or have one behind what they are sorted by."""
    return [mark[1] for mark in marks] if marks and isinstance(marks[0], tuple) else marks


def by_cursor(call: Call) -> bool:
    return any(name.startswith("page[") for name in call.query)


def whole(call: Call, count: int) -> dict[str, Any]:
    """The end of a list that has one page only."""
    if by_cursor(call):
        nothing = {"has_more": False, "after_cursor": None, "before_cursor": None}
        return {"meta": nothing, "links": {"prev": None, "next": None}}
    return {"next_page": None, "previous_page": None, "count": count}


def only_by_cursor(call: Call, size: int) -> None:
    """Make a request of a list that knows no numbered pages one for its first page."""
    if not by_cursor(call):
        call.query["page[size]"] = str(size)


def numbered(call: Call, most: int, path: str) -> tuple[int, int]:
    """The number of a page and its size. Raises Refusal (400)."""
    size = limited(call.query.get("per_page"), most, "per_page", path)
    return _number(call.query.get("page"), 1, "page", path), size


def limited(text: str | None, most: int, name: str = "per_page", path: str = "") -> int:
    """A page size: what was asked for, at most `most`."""
    return min(_number(text, most, name, path), most)


def marked(mark: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(mark)).decode()


def unmarked(text: str | None) -> Any:
    """What `marked` was given. Raises Refusal (400)."""
    if not text:
        return None
    try:
        mark = msgspec.json.decode(base64.urlsafe_b64decode(text))
    except (binascii.Error, msgspec.DecodeError, ValueError):
        raise bad_value("page[after] is not a valid cursor") from None
    return tuple(mark) if isinstance(mark, list) else mark


def _number(text: str | None, default: int, name: str, path: str) -> int:
    if text is None:
        return default
    found = number(text)
    if not found:
        raise not_integer(name, f"{path.partition('/')[0]}/index")
    return found


def _begin(order: Sequence[Any], mark: Any, *, down: bool) -> tuple[int, int]:
    """The place next to a mark, and the step from there on. Raises Refusal (400)."""
    try:
        if down:
            return (len(order) if mark is None else bisect_left(order, mark)) - 1, -1
        if type(mark) is int and isinstance(order, Keys):
            return order.before(mark + 1), 1
        return (0 if mark is None else bisect_right(order, mark)), 1
    except TypeError:  # a cursor of another sort
        raise bad_value("page[after] is not a valid cursor") from None


def _too_deep() -> Refusal:
    title = "Pagination requests using Offset Pagination are limited"
    return several(400, "InvalidPaginationDepth", title, "Use cursor pagination to go further")
