"""Lists by id whose pages are copied from a file: all but where a page starts is worked out once."""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass
from typing import Any

import msgspec

from cs_connector.sandbox.lines import Keys
from cs_connector.sandbox.wire import Body

from ..call import Call
from .paging import by_cursor, limited, linked
from .rendered import Rendered
from .table import Key, Table

MOST = 1000  # lists; all are forgotten when there are more
AFTER = ("&page%5Bafter%5D=", "&page[after]=")
NULL = b"null"
NO_MARK = -1
ZERO = ord("0")


@dataclass(frozen=True, slots=True)
class Listing:
    """Pages of `size` records, good for one `state` of the table and of how records look.

    `head` is what comes before the records; `onward` and `back` are the addresses of other pages up to their cursors,
    as JSON.
    """

    state: Any
    size: int
    head: bytes
    onward: bytes
    back: bytes

    def page(self, ids: Keys, mark: int | None, rendered: Rendered) -> Body | None:
        """The records after a mark; None where they do not lie side by side."""
        first = 0 if mark is None else ids.before(mark + 1)
        last = min(first + self.size, len(ids))
        if first >= last:
            return None
        tail = self._tail(ids[first], ids[last - 1], more=last < len(ids), later=mark is not None)
        return rendered.lying(ids, first, last, self.head, tail)

    def _tail(self, begin: Key, end: Key, *, more: bool, later: bool) -> bytes:
        """What comes after the records, of which these are the ids of the first and the last."""
        before, after = b2a_base64(b"%d" % begin, newline=False), b2a_base64(b"%d" % end, newline=False)
        return (
            b'],"meta":{"has_more":%b,"after_cursor":"%b","before_cursor":"%b"},"links":{"prev":%b,"next":%b}}'
            % (
                b"true" if more else b"false",
                after,
                before,
                _address(self.back, before) if later else NULL,
                _address(self.onward, after) if more else NULL,
            )
        )


class Listings:
    """Those that were asked for, by what the requests for their pages share."""

    def __init__(self, table: Table, rendered: Rendered) -> None:
        self._table, self._rendered = table, rendered
        self._known: dict[tuple[str, str], Listing] = {}

    def page(self, query: str, path: str, state: Any) -> Body | None:
        """A page of a list that is known; None for any other."""
        shared, after = _apart(query)
        known = self._known.get((path, shared))
        if known is None or known.state != state:
            return None
        ids, mark = self._table.ids(), None if after is None else _mark(after)
        return known.page(ids, mark, self._rendered) if isinstance(ids, Keys) and mark != NO_MARK else None

    def begin(self, call: Call, path: str, noun: str, address: str, state: Any, most: int) -> None:
        """Know a list of everything that the table has, if it goes by id and shows all that is there."""
        table, query = self._table, call.query
        shared, after = _apart(call.request.query_string)
        starts = [name for name, _ in call.request.pairs].count("page[after]")
        plain = by_cursor(call) and "page[before]" not in query and query.get("sort", "id") == "id"
        if not plain or table.hidden or table.gone or starts != (after is not None):
            return
        size = limited(query.get("page[size]"), most, "page[size]")
        links = (
            msgspec.json.encode(linked(address, query, name))[1:-1]
            for name in ("page[after]", "page[before]")
        )
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[path, shared] = Listing(state, size, b'{"%b":[' % noun.encode(), *links)


def _apart(query: str) -> tuple[str, str | None]:
    """A query without the cursor, and the cursor; a query that says it in another way stays whole."""
    for name in AFTER:
        shared, found, after = query.rpartition(name)
        if found:
            after = after.replace("%3D", "=")
            return (shared, after) if after.rstrip("=").isalnum() else (query, None)
    return query, None


def _mark(cursor: str) -> int:
    """The id in a cursor; NO_MARK where there is something else in it."""
    try:
        text = a2b_base64(cursor)
    except ValueError:
        return NO_MARK
    return int(text) if text.isdigit() and text[0] != ZERO else NO_MARK  # JSON has no numbers like 007


def _address(address: bytes, cursor: bytes) -> bytes:
    return b'"%b%b"' % (address, cursor.replace(b"=", b"%3D"))
