"""The customer's own fields of a ticket: a list of id and value, told twice under two names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..records.table import Record
from ..records.values import checked, retagged
from ..state import Definition, State

NOUN = "ticket_fields"


class TicketFields:
    def __init__(self, state: State) -> None:
        self._state = state
        self._look, self._idents = -1, list[int]()

    def shown(self, record: Record) -> list[dict[str, Any]]:
        """Every field that is defined and not one of the system's, and what the ticket holds besides."""
        idents = self.idents()
        if not idents and not record.get("custom_fields"):
            return []
        held = _held(record)
        found = {ident: held.pop(ident, None) for ident in idents}
        return [{"id": ident, "value": value} for ident, value in (found | held).items()]

    def idents(self) -> list[int]:
        """Of the fields that are defined and not the system's."""
        if self._look != self._state.look:
            self._look, self._idents = self._state.look, [definition["id"] for definition in self._own()]
        return self._idents

    def take(self, asked: Any, new: dict[str, Any], old: Mapping[str, Any]) -> None:
        """Check and merge what a request says; ids that are not defined are left out."""
        known = {str(definition["id"]): definition for definition in self._own()}
        held = _held(old)
        merged = dict(held)
        for ident, value in _pairs(asked):
            if ident in known:
                merged[known[ident]["id"]] = checked(known[ident], value)
        new["custom_fields"] = [{"id": ident, "value": value} for ident, value in merged.items()]
        by_key = {str(definition["id"]): definition for definition in known.values()}
        before, after = ({str(i): v for i, v in values.items()} for values in (held, merged))
        new["tags"] = retagged(list(new.get("tags") or ()), by_key, before, after)

    def _own(self) -> Iterator[Definition]:
        found = self._state.definitions(NOUN).values()
        return (definition for definition in found if definition.get("removable", True))


def _held(record: Mapping[str, Any]) -> dict[Any, Any]:
    return {field["id"]: field.get("value") for field in record.get("custom_fields") or ()}


def _pairs(asked: Any) -> Iterator[tuple[str, Any]]:
    """A list of id and value, or an object of both."""
    if isinstance(asked, dict):
        yield from ((str(ident), value) for ident, value in asked.items())
        return
    for field in asked if isinstance(asked, list) else ():
        if isinstance(field, dict) and "id" in field:
            yield str(field["id"]), field.get("value")
