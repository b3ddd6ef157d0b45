"""Records as the bytes that answers hold: those that came with a file, and those that were drawn before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from cs_connector.sandbox.records import Records
from cs_connector.sandbox.wire import Body

from .look import Look
from .rows import Rows
from .table import Key, Record, Table

MOST = 20_000  # records; all are forgotten when there are more
_NONE = None, msgspec.Raw()


class Rendered:
    """What is kept is good as long as the record is the same object and nothing changed how records look."""

    def __init__(self, table: Table, look: Look) -> None:
        self._table, self._look = table, look
        self._held: dict[Key, tuple[Record, msgspec.Raw]] = {}
        self._turn, self._sign = -1, ""

    def rows(self, records: Iterable[Record]) -> list[msgspec.Raw] | msgspec.Raw:
        """A list, of which each part or, where many lie side by side, the whole is JSON already."""
        self._follow()
        if not isinstance(records, Rows) or not self._fits():
            return [self._row(record) for record in records]
        whole = self.whole(records.keys, b"[", b"]") if len(records) > 1 else None
        return [self._copied(key) for key in records.keys] if whole is None else msgspec.Raw(bytes(whole))

    def whole(self, keys: Sequence[Key], head: bytes, tail: bytes) -> Body | None:
        """An answer with records between a head and a tail, where they lie side by side."""
        self._follow()
        held = self._table.drawn.held
        return held.listed(keys, head, tail) if isinstance(held, Records) and self._fits() else None

    def lying(self, ids: Sequence[Key], first: int, last: int, head: bytes, tail: bytes) -> Body | None:
        """The same for a part of all ids of the table."""
        self._follow()
        held = self._table.drawn.held
        return (
            held.lying(ids, first, last, head, tail) if isinstance(held, Records) and self._fits() else None
        )

    def _follow(self) -> None:
        """Forget what looks different now."""
        if self._turn != self._look.turn or len(self._held) > MOST:
            self._held, self._turn, self._sign = {}, self._look.turn, self._look.sign()

    def _fits(self) -> bool:
        """Whether what came with a file looks as records do now."""
        return self._table.drawn.sign == self._sign

    def _copied(self, key: Key) -> msgspec.Raw:
        found = self._table.drawn.held.get(key)
        return self._row(self._table.records[key]) if found is None else msgspec.Raw(found)

    def _row(self, record: Record) -> msgspec.Raw:
        known = self._held.get(record["id"], _NONE)
        if known[0] is record:
            return known[1]
        made = msgspec.Raw(self._look.draw(record))
        self._held[record["id"]] = record, made
        return made
