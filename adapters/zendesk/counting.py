"""How much there is to read, and which records are there at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from cs_connector.ports import Estimate, Read
from cs_connector.transport import Transport

PAGE, EXPORT_PAGE = 100, 1000
EXACT = 100_000  # above it Zendesk counts once a day
COUNTED = frozenset({"organizations", "tickets"})
LISTED = frozenset({"organization_memberships"})  # counted by the list itself, a hundred a page


class Count(msgspec.Struct):
    value: int


class Counted(msgspec.Struct):
    count: Count


class Paged(msgspec.Struct):
    count: int


class Row(msgspec.Struct):
    id: int


class Meta(msgspec.Struct, frozen=True):
    has_more: bool = False
    after_cursor: str | None = None


class Rows(msgspec.Struct):
    organizations: list[Row] = []
    tickets: list[Row] = []
    organization_memberships: list[Row] = []
    meta: Meta = Meta()


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
        if not answer.ok:
            return None
        value = msgspec.json.decode(answer.content, type=Counted).count.value
        return value if value <= EXACT else None

    def _listed(self, noun: str) -> int | None:
        answer = self._transport.get(f"{self._host}/api/v2/{noun}.json", params={"per_page": "1"})
        return msgspec.json.decode(answer.content, type=Paged).count if answer.ok else None

    def ids(self, noun: str) -> Iterator[Sequence[str]]:
        after: str | None = None
        while True:
            query = {"page[size]": str(PAGE), **({"page[after]": after} if after else {})}
            answer = self._transport.get(f"{self._host}/api/v2/{noun}.json", params=query)
            rows = msgspec.json.decode(answer.content, type=Rows)
            yield [str(row.id) for row in getattr(rows, noun)]
            if not rows.meta.has_more:
                return
            after = rows.meta.after_cursor

    def estimate(self, read: Read) -> Estimate:
        """For a first reading only: an export from a cursor on does not say how long it is."""
        total = None if read.cursor else self.total(read.object)
        size = PAGE if read.object in LISTED else EXPORT_PAGE
        return Estimate(total, None if total is None else max(1, -(-total // size)))
