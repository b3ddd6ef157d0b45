"""How much there is to read, and which records are there at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from requests import Response

from cs_connector.errors import Unavailable
from cs_connector.ports import Bucket, Estimate, Read
from cs_connector.transport import Transport
from cs_connector.transport.sensible import unlike

from .columns import long
from .errors import problem
from .history import PAGE as HISTORY_PAGE
from .history import at_once
from .paths import Paths

LIST_PAGE, SEARCH_PAGE = 100, 200
DESCRIBE = 1  # the list of properties is read before every reading


class Counted(msgspec.Struct):
    total: int


class Row(msgspec.Struct):
    id: str


class Next(msgspec.Struct):
    after: str


class Paging(msgspec.Struct):
    next: Next | None = None


class Rows(msgspec.Struct):
    results: list[Row]
    paging: Paging | None = None

    @property
    def after(self) -> str | None:
        return self.paging.next.after if self.paging and self.paging.next else None


class Counter:
    """`searches` is the pace of the search endpoint."""

    def __init__(self, transport: Transport, paths: Paths, searches: Bucket) -> None:
        self._transport, self._paths, self._searches = transport, paths, searches

    def total(self, kind: str, filters: Sequence[dict[str, Any]] = ()) -> int | None:
        """The records that are not archived, by the search index; None for what cannot be searched."""
        query = {"limit": 1, "filterGroups": [{"filters": list(filters)}] if filters else []}
        self._searches.take()
        with self._transport.safe():
            answer = self._transport.post(self._paths.objects(kind, "/search"), json=query)
        with suppress(msgspec.MsgspecError):
            return msgspec.json.decode(answer.content, type=Counted).total if answer.ok else None
        return None

    def ids(self, kind: str) -> Iterator[Sequence[str]]:
        """From the list, which is the database and not the index. Raises Unavailable for what is no list."""
        after: str | None = None
        while True:
            query = {"limit": LIST_PAGE, "after": after, "properties": "hs_object_id"}
            rows = _rows(self._transport.get(self._paths.objects(kind), params=query))
            yield [row.id for row in rows.results]
            if rows.after is None:
                return
            if rows.after == after:
                raise Unavailable(f"HubSpot's list of {kind} does not move on")
            after = rows.after

    def whole(self, read: Read) -> Estimate:
        """A reading from the beginning: by list."""
        records = self.total(read.object)
        if records is None:
            return Estimate()
        if long(read):
            return Estimate(records, pages(records, LIST_PAGE) + _by_id(records, read) + DESCRIBE)
        return Estimate(records, pages(records, HISTORY_PAGE if read.history else LIST_PAGE) + DESCRIBE)

    def window(self, read: Read, filters: Sequence[dict[str, Any]]) -> Estimate:
        """A reading of what was modified: by search, and one look into the recycle bin at least."""
        records = self.total(read.object, filters)
        if records is None:
            return Estimate()
        return Estimate(records, pages(records, SEARCH_PAGE) + _by_id(records, read) + 1 + DESCRIBE)


def _by_id(records: int, read: Read) -> int:
    """The calls by which what was found is asked for by id."""
    size = at_once(read)
    return -(-records // size) if size else 0


def _rows(answer: Response) -> Rows:
    if not answer.ok:
        raise Unavailable(f"HubSpot answered {answer.status_code}", why=problem(answer).message)
    try:
        return msgspec.json.decode(answer.content, type=Rows)
    except msgspec.MsgspecError as error:
        raise unlike("HubSpot", str(error)) from error


def pages(records: int, size: int) -> int:
    """One also for no records: who asks learns that there are none."""
    return max(1, -(-records // size))
