"""Records as the bytes that answers hold, kept for the next time that they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from ..state import State
from .table import Key, Record

MOST = 20_000  # records; all are forgotten when there are more
_NONE = None, msgspec.Raw()


class Rendered:
    """Good as long as the record is the same object and nothing changed how records look."""

    def __init__(self, state: State, draw: Callable[[Record], bytes]) -> None:
        self._state, self._draw = state, draw
        self._held: dict[Key, tuple[Record, msgspec.Raw]] = {}
        self._look = -1

    def rows(self, records: Iterable[Record]) -> list[msgspec.Raw]:
        if self._look != self._state.look or len(self._held) > MOST:
            self._held, self._look = {}, self._state.look
        held = self._held
        return [
            known[1] if (known := held.get(record["id"], _NONE))[0] is record else self._made(record)
            for record in records
        ]

    def _made(self, record: Record) -> msgspec.Raw:
        made = msgspec.Raw(self._draw(record))
        self._held[record["id"]] = record, made
        return made
