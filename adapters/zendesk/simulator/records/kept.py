"""A table on its way into a file and back: its records, and beside them what answers say of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from cs_connector.sandbox.stored import FEW, MOST_CHANGED, Stored, opened

from .look import Look

Record = Mapping[str, Any]
Key = Any  # an int; of survey responses a text
When = Callable[[Record], int]
INDEXED = (  # ready in a sandbox that was kept
    "organization_id",
    "requester_id",
    "external_id",
    "email",
    "user_id",
    "ticket_id",
    "custom_object_key",
)


@dataclass(slots=True)
class Sign:
    """Of the look that records were drawn with; nothing where it changed while they were written."""

    look: Look | None = None
    text: str = ""
    turn: int = 0

    def __getstate__(self) -> str:
        return self.text if self.look is not None and self.look.turn == self.turn else ""

    def __setstate__(self, text: str) -> None:
        self.look, self.text, self.turn = None, text, 0


@dataclass(slots=True)
class Drawn:
    """Records as answers show them, without those that changed since; `sign` is their look's."""

    held: MutableMapping[Key, bytes] = field(default_factory=dict)
    sign: str = ""


@dataclass(slots=True)
class Kept:
    """A table as it was; `gone` are the ids that lists leave out. From a file, `when` and `look` are not there."""

    records: MutableMapping[Key, Record]
    hidden: frozenset[Key]
    gone: set[Key]
    drawn: Drawn
    when: When | None = None
    look: Look | None = None

    def __getstate__(self) -> tuple[Any, ...]:
        columns = {name: texts(name) for name in INDEXED}
        records = Stored(self.records, msgspec.json.encode, self.when, columns)
        return records, self.hidden, self.gone, *self._drawn()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        records, self.hidden, self.gone, drawn, sign = state
        self.records = opened(records, msgspec.json.decode)
        self.drawn = Drawn(opened(drawn, bytes), sign.text)
        self.when = self.look = None

    def _drawn(self) -> tuple[Stored[bytes], Sign]:
        """The sign comes last: it is written when all records are."""
        look = self.look
        if look is None or len(self.records) <= FEW:
            return Stored({}, bytes), Sign()
        sign = Sign(look, look.sign(), look.turn)
        missing = len(self.records) - len(self.drawn.held)
        if sign.text == self.drawn.sign and missing <= MOST_CHANGED * len(self.records):
            return Stored(self.drawn.held, bytes), sign
        drawn: Any = _Drawings(self.records, look)
        return Stored(drawn, bytes), sign


class _Drawings(Mapping[Key, bytes]):
    """Every record as it looks, drawn when it is asked for."""

    def __init__(self, records: Mapping[Key, Record], look: Look) -> None:
        self._records, self._look = records, look

    def __getitem__(self, key: Key) -> bytes:
        return self._look.draw(self._records[key])

    def __iter__(self) -> Iterator[Key]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)


def texts(name: str) -> Callable[[Record], str | None]:
    """What a record has in a field, as it is looked for."""

    def text(record: Record) -> str | None:
        value = record.get(name)
        return None if value is None else str(value).casefold()

    return text
