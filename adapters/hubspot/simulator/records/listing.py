"""Lists whose pages are copied from a file: all but where a page starts is worked out once."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from cs_connector.sandbox.wire import Body

from ..call import Call, is_digits
from ..paging import address
from .laid import filled
from .shelf import Shelf
from .shown import View

MOST = 1000  # lists; all are forgotten when there are more
HEAD = b'{"results":['


@dataclass(frozen=True, slots=True)
class Listing:
    """Pages of `size` records of a shelf, as one version of it has them.

    `more` is what each record lacks in the file; `link` is the address of a page up to where it starts, as JSON.
    """

    shelf: Shelf
    version: int
    size: int
    more: bytes
    link: bytes

    def page(self, start: int) -> Body | None:
        """The records with ids from `start` on, and where the next page is; None where they do not lie side by side."""
        first, last, after = self.shelf.window(start, self.size)
        found = self.shelf.lying(first, last, HEAD, b"]}" if after is None else self._onward(after))
        return None if found is None else filled(found, self.more)

    def _onward(self, after: int) -> bytes:
        return b'],"paging":{"next":{"after":"%d","link":"%b%d"}}}' % (after, self.link, after)


class Listings:
    """Those that were asked for, by what the requests for their pages share."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Listing] = {}

    def page(self, call: Call, shelf: Shelf) -> Body | None:
        """A page of a list that is known; None for any other."""
        query, after = _apart(call.request.query_string)
        known = self._known.get((call.request.path, query))
        if known is None or known.shelf is not shelf or known.version != shelf.version:
            return None
        return known.page(after)

    def begin(self, call: Call, view: View, size: int) -> Listing | None:
        """A list of live records that shows nothing but properties; None where a file lacks any of them."""
        more = view.shelf.beyond(view.columns)
        if more is None:
            return None
        link = msgspec.json.encode(address(call))[1:-1]
        made = Listing(view.shelf, view.shelf.version, size, more, link)
        self._keep(call, made)
        return made

    def _keep(self, call: Call, made: Listing) -> None:
        """For other pages, if nothing else in the query says where they start."""
        query, _ = _apart(call.request.query_string)
        starts = [name for name, _ in call.request.pairs].count("after")
        if starts != (query != call.request.query_string):
            return
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[call.request.path, query] = made


def _apart(query: str) -> tuple[str, int]:
    """A query without the start of a page, and that start; a query that says it in another way stays whole."""
    rest, _, after = query.rpartition("&after=")
    return (rest, int(after)) if rest and is_digits(after) else (query, 0)
