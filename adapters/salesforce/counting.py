"""How much there is to read, and which records are there at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from urllib.parse import quote_plus

import msgspec

from cs_connector.errors import Unavailable
from cs_connector.ports import Estimate, Read
from cs_connector.transport import Transport

from .bulk import ROWS
from .errors import decode
from .reading import PAGE, Reader
from .soql import literal, long_id


class Counted(msgspec.Struct):
    total: int = msgspec.field(name="totalSize")


class Row(msgspec.Struct):
    id: str = msgspec.field(name="Id")


class Rows(msgspec.Struct):
    records: list[Row]
    next: str | None = msgspec.field(default=None, name="nextRecordsUrl")


class Counter:
    def __init__(self, session: Transport, root: Callable[[], str], reader: Reader) -> None:
        self._session, self._root, self._reader = session, root, reader

    def total(self, object_name: str) -> int | None:
        """The records that are not deleted, archived activities among them; None where there are too many to count, or no such object."""
        if self._reader.lacks(object_name):
            return None
        try:
            return self._count(f"SELECT COUNT() FROM {object_name}{self._living(object_name)}")
        except Unavailable:  # a count that takes too long must not keep anybody from reading
            return None

    def ids(self, object_name: str) -> Iterator[Sequence[str]]:
        """The ids of all of them, page by page."""
        url: str | None = self._url(f"SELECT Id FROM {object_name}{self._living(object_name)}")
        while url:
            answer: Rows = decode(self._session.get(url).content, Rows)
            yield [long_id(row.id) for row in answer.records]
            url = f"{self._root().partition('/services/')[0]}{answer.next}" if answer.next else None

    def estimate(self, read: Read) -> Estimate:
        if self._reader.lacks(read.object):
            return Estimate(0, 1)
        since, stamp = self._reader.start(read)
        where = f" WHERE {stamp} >= {literal(since)}" if since and stamp else ""
        records = self._count(f"SELECT COUNT() FROM {read.object}{where}")
        describe_and_window = 1 + self._reader.replicated(read.object)
        if self._reader.by_bulk(records):  # one page, the job, one look at it at least, and its results
            return Estimate(records, 3 + -(-(records - PAGE) // ROWS) + describe_and_window, exact=False)
        return Estimate(records, max(1, -(-records // PAGE)) + describe_and_window)

    def _living(self, object_name: str) -> str:
        return " WHERE IsDeleted = FALSE" if self._reader.has(object_name, "IsDeleted") else ""

    def _count(self, query: str) -> int:
        counted: Counted = decode(self._session.get(self._url(query)).content, Counted)
        return counted.total

    def _url(self, query: str) -> str:
        return f"{self._root()}/queryAll?q={quote_plus(query)}"
