"""How much there is to read, and which records are there at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

import msgspec
from requests import Response

from cs_connector.errors import NotPermitted, Unavailable
from cs_connector.ports import Estimate, Read
from cs_connector.transport import Transport
from cs_connector.transport.sensible import unlike

from .discovery import OWN
from .errors import problem

PAGE, EXPORT_PAGE = 100, 1000
EXACT = 100_000  # above it Zendesk counts once a day
COUNTED = frozenset({"organizations"})  # not tickets: list and count leave out the archived ones
LISTED = frozenset({"organization_memberships"})  # counted by the list itself, a hundred a page
ABOUT = {"tickets": "search/count.json?query=type:ticket", "users": "search/count.json?query=type:user"}


class Count(msgspec.Struct):
    value: int


class Counted(msgspec.Struct):
    count: Count


class Paged(msgspec.Struct):
    """How many there are: of a list, or of what a search finds."""

    count: int


class Row(msgspec.Struct):
    id: int


class Meta(msgspec.Struct, frozen=True):
    has_more: bool
    after_cursor: str | None = None


class Listing(msgspec.Struct):
    meta: Meta


_bodies = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Counter:
    def __init__(self, transport: Transport, host: str) -> None:
        self._transport, self._host = transport, host

    def total(self, noun: str) -> int | None:
        """The records that are not deleted; None where Zendesk's number may be a day old."""
        if noun in LISTED:
            return self._listed(noun)
        if noun not in COUNTED:
            return None
        answer = self._transport.get(f"{self._host}/api/v2/{noun}/count.json")
        with suppress(msgspec.MsgspecError):
            value = msgspec.json.decode(answer.content, type=Counted).count.value
            return value if answer.ok and value <= EXACT else None
        return None

    def _listed(self, noun: str) -> int | None:
        answer = self._transport.get(f"{self._host}/api/v2/{noun}.json", params={"per_page": "1"})
        with suppress(msgspec.MsgspecError):
            return msgspec.json.decode(answer.content, type=Paged).count if answer.ok else None
        return None

    def ids(self, noun: str) -> Iterator[Sequence[str]]:
        """Raises Unavailable for an answer that is no list: it must not pass for an empty one."""
        after: str | None = None
        while True:
            query = {"page[size]": str(PAGE), **({"page[after]": after} if after else {})}
            ids, meta = _ids(self._transport.get(f"{self._host}/api/v2/{noun}.json", params=query), noun)
            yield ids
            if not meta.has_more:
                return
            if meta.after_cursor in (None, after):
                raise Unavailable(f"Zendesk's list of {noun} does not move on")
            after = meta.after_cursor

    def estimate(self, read: Read) -> Estimate:
        """Records of a first reading only: an export from a cursor on does not say how long it is, so its calls are the least."""
        described = int(read.object in OWN)  # the list of its own fields is read before every reading
        if read.cursor:
            return Estimate(calls=1 + described, exact=False)
        if read.object in ABOUT:
            about = self._about(ABOUT[read.object])
            return Estimate(about, _pages(about or 0, EXPORT_PAGE) + described, exact=False)
        total = self.total(read.object)
        size = PAGE if read.object in LISTED else EXPORT_PAGE
        return Estimate(total, _pages(total or 0, size) + described, exact=total is not None)

    def _about(self, path: str) -> int | None:
        """By the search index, which knows old tickets too, but not what was deleted: an export brings that as well."""
        with suppress(msgspec.MsgspecError, NotPermitted):
            answer = self._transport.get(f"{self._host}/api/v2/{path}")
            return msgspec.json.decode(answer.content, type=Paged).count if answer.ok else None
        return None


def _pages(records: int, size: int) -> int:
    return max(1, -(-records // size))


def _ids(answer: Response, noun: str) -> tuple[list[str], Meta]:
    if not answer.ok:
        raise Unavailable(f"Zendesk answered {answer.status_code}", why=problem(answer).message)
    try:
        rows = msgspec.json.decode(_bodies.decode(answer.content)[noun], type=list[Row])
        return [str(row.id) for row in rows], msgspec.json.decode(answer.content, type=Listing).meta
    except (msgspec.MsgspecError, KeyError) as error:
        raise unlike("Zendesk", str(error)) from error
