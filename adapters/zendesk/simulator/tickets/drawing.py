"""Tickets as the bytes that answers hold, where that is quicker than by way of a view."""

from __future__ import annotations

from cs_connector.sandbox.drawing import Column, Drawing

from ..kinds import TICKET
from ..records.table import Record
from ..state import State
from .ticket_fields import TicketFields

_NEEDED = frozenset({"id", "updated_at", "generated_timestamp"})
_OWN = frozenset({"custom_fields", "fields"})
_KNOWN = frozenset({"id", *TICKET.columns, *TICKET.kept}) - _OWN
_SOURCES = {"raw_subject": "subject"}
_COLUMNS = tuple(Column(name, _SOURCES.get(name, name), absent) for name, absent in TICKET.columns.items())


class Drawer:
    """Says the same as `Tickets.view`, of tickets that hold nothing but columns."""

    def __init__(self, state: State, fields: TicketFields) -> None:
        self._state, self._fields = state, fields
        self._drawing = Drawing("url", [Column("id", "id"), *_COLUMNS])
        self._plain: dict[tuple[str, ...], bool] = {}
        self._look = -1

    def draw(self, record: Record) -> bytes | None:
        """None for a ticket that only a view shows rightly."""
        if self._look != self._state.look:
            self._plain, self._look = {}, self._state.look
        keys = tuple(record)
        plain = self._plain.get(keys)
        if plain is None:
            plain = self._plain[keys] = self._all_plain() and _NEEDED <= record.keys() <= _KNOWN
        if not plain or record["updated_at"] is None or record["generated_timestamp"] is None:
            return None
        return self._drawing.draw(self._state.url(f"tickets/{record['id']}.json"), record)

    def _all_plain(self) -> bool:
        return not (self._state.removed.get(TICKET.plural) or self._fields.idents())
