"""Pages of a list: by cursor, or by number until that gets too deep."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any
from urllib.parse import urlencode

import msgspec

from .answers import Call, Refusal, bad_value
from .state import State
from .table import Key, Record, Table

Show = Callable[[Record], dict[str, Any]]
Keep = Callable[[Record], bool]


class Lister:
    """Answers one list request over the ids of a table; `keep` says which records are part of it."""

    def __init__(self, state: State, table: Table, path: str, noun: str, keep: Keep, show: Show) -> None:
        self._state, self._table = state, table
        self._path, self._noun = path, noun
        self._keep, self._show = keep, show

    def page(self, call: Call, ids: Sequence[Key] | None = None) -> dict[str, Any]:
        """`page[…]` in the query asks for a cursor, anything else for a page number."""
        if any(name.startswith("page[") for name in call.query):
            return self._by_cursor(call, ids)
        return self._by_number(call, self._table.ids() if ids is None else ids)

    def _by_cursor(self, call: Call, ids: Sequence[Key] | None) -> dict[str, Any]:
        query = call.query
        sort = query.get("sort", "id")
        size = limited(query.get("page[size]"), self._state.limits.page)
        order = self._order(sort.lstrip("-"), ids)
        back = "page[before]" in query
        mark = query.get("page[before]" if back else "page[after]")
        walk = _walk(order, _unmarked(mark), down=sort.startswith("-") != back)
        found = list(islice(self._kept(walk), size + 1))
        more, rows = len(found) > size, found[:size]
        if back:
            rows.reverse()
        first, last = (_marked(rows[0][0]), _marked(rows[-1][0])) if rows else (None, None)
        has_next, has_prev = (bool(rows), more) if back else (more, mark is not None and bool(rows))
        return {
            self._noun: [self._show(record) for _, record in rows],
            "meta": {"has_more": more, "after_cursor": last, "before_cursor": first},
            "links": {
                "prev": self._link(query, "page[before]", first) if has_prev else None,
                "next": self._link(query, "page[after]", last) if has_next else None,
            },
        }

    def _order(self, sort: str, ids: Sequence[Key] | None) -> Sequence[Any]:
        if sort == "updated_at":
            line = self._table.timeline()
            wanted = None if ids is None else set(ids)
            return line if wanted is None else [mark for mark in line if mark[1] in wanted]
        if sort != "id":
            raise bad_value(f"sort is not valid: {sort}")
        return self._table.ids() if ids is None else ids

    def _kept(self, marks: Iterator[Any]) -> Iterator[tuple[Any, Record]]:
        for mark in marks:
            record = self._table.get(mark[1] if isinstance(mark, tuple) else mark)
            if record is not None and self._keep(record):
                yield mark, record

    def _by_number(self, call: Call, ids: Sequence[Key]) -> dict[str, Any]:
        size = limited(call.query.get("per_page"), self._state.limits.page)
        number = _number(call.query.get("page"), 1)
        if number * size > self._state.limits.depth:
            raise _too_deep()
        rows = [record for _, record in self._kept(iter(ids))]
        start = (number - 1) * size
        ends = start + size >= len(rows)
        return {
            self._noun: [self._show(record) for record in rows[start : start + size]],
            "next_page": None if ends else self._link(call.query, "page", str(number + 1)),
            "previous_page": self._link(call.query, "page", str(number - 1)) if number > 1 else None,
            "count": len(rows),
        }

    def _link(self, query: dict[str, str], name: str, value: str | None) -> str:
        kept = {
            key: text for key, text in query.items() if key not in ("page[after]", "page[before]", "page")
        }
        return f"{self._state.url(self._path)}.json?{urlencode({**kept, name: value or ''})}"


def limited(text: str | None, most: int) -> int:
    """A page size: what was asked for, at most `most`."""
    return min(_number(text, most), most)


def _number(text: str | None, default: int) -> int:
    if text is None:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise bad_value(f"page is not a valid number: {text}")
    return int(text)


def _walk(order: Sequence[Any], mark: Any, *, down: bool) -> Iterator[Any]:
    if down:
        stop = len(order) if mark is None else bisect_left(order, mark)
        return (order[at] for at in range(stop - 1, -1, -1))
    start = 0 if mark is None else bisect_right(order, mark)
    return (order[at] for at in range(start, len(order)))


def _marked(mark: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(mark)).decode()


def _unmarked(text: str | None) -> Any:
    if not text:
        return None
    try:
        mark = msgspec.json.decode(base64.urlsafe_b64decode(text))
    except (binascii.Error, msgspec.DecodeError, ValueError):
        raise bad_value("page[after] is not a valid cursor") from None
    return tuple(mark) if isinstance(mark, list) else mark


def _too_deep() -> Refusal:
    error = {
        "code": "InvalidPaginationDepth",
        "title": "Pagination requests using Offset Pagination are limited",
        "detail": "Use cursor pagination to go further",
    }
    return Refusal(400, {"errors": [error]})
