"""How much there is to read, and which records are there at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from cs_connector.ports import Bucket, Estimate
from cs_connector.transport import Transport

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
        return msgspec.json.decode(answer.content, type=Counted).total if answer.ok else None

    def ids(self, kind: str) -> Iterator[Sequence[str]]:
        """From the list, which is the database and not the index."""
        after: str | None = None
        while True:
            query = {"limit": LIST_PAGE, "after": after, "properties": "hs_object_id"}
            answer = self._transport.get(self._paths.objects(kind), params=query)
            rows = msgspec.json.decode(answer.content, type=Rows)
            yield [row.id for row in rows.results]
            after = rows.after
            if after is None:
                return

    def whole(self, kind: str) -> Estimate:
        """A reading from the beginning: by list."""
        records = self.total(kind)
        return Estimate(records, None if records is None else _pages(records, LIST_PAGE) + DESCRIBE)

    def window(self, kind: str, filters: Sequence[dict[str, Any]]) -> Estimate:
        """A reading of what was modified: by search, and one look into the recycle bin at least."""
        records = self.total(kind, filters)
        return Estimate(records, None if records is None else _pages(records, SEARCH_PAGE) + 1 + DESCRIBE)


def _pages(records: int, size: int) -> int:
    return max(1, -(-records // size))
