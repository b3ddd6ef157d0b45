"""A line of a table as a record of the account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cs_connector.sandbox.wire import BadCell, SeedRow

from ..answers import Refusal
from ..kinds import KINDS, Kind
from ..state import Definition, State
from .values import checked

NUMBERS = frozenset(
    {"id", "organization_id", "requester_id", "submitter_id", "assignee_id", "ticket_id", "group_id"}
)
FLAGS = {"true": True, "false": False, "1": True, "0": False}


def record(state: State, object_name: str, cells: Mapping[str, str]) -> SeedRow:
    """Columns are those of the record; own fields are named organization_fields.KEY or user_fields.KEY.

    Lists have `;` between their parts. Without dates the record was made when the sandbox began. Raises BadCell.
    """
    kind = KINDS.get(object_name)
    if kind is None:
        raise BadCell("", f"Zendesk has no {object_name}")
    made: dict[str, Any] = {"id": state.new_id()}
    for column, text in cells.items():
        head, _, key = column.partition(".")
        definition = _definition(state, kind, column)
        if text and definition is not None:
            made.setdefault(head, {})[key] = _own(definition, column, text)
        elif text:
            made[column] = _value(kind, column, text)
    if "created_at" in kind.columns:
        made.setdefault("created_at", made.get("updated_at") or state.stamp())
    return SeedRow(kind.plural, made)


def _definition(state: State, kind: Kind, column: str) -> Definition | None:
    """Of a field of one's own; None for a column that every account has. Raises BadCell for any other."""
    head, _, key = column.partition(".")
    if key and head == kind.custom:
        found = state.fields[kind.definitions].get(key)
        if found is None:
            raise BadCell(column, f"{kind.definitions} has no such key")
        return found
    if column not in kind.columns and column != "id":
        raise BadCell(column, f"{kind.plural} have no such column")
    return None


def _own(definition: Definition, column: str, text: str) -> Any:
    value = text.split(";") if definition["type"] == "multiselect" else text
    try:
        return checked(definition, value)
    except Refusal:
        raise BadCell(column, f"{text} is not a valid value for a {definition['type']} field") from None


def _value(kind: Kind, column: str, text: str) -> Any:
    example = kind.columns.get(column)
    if isinstance(example, bool):
        return _read(column, text, lambda t: FLAGS[t.lower()])
    if isinstance(example, tuple):
        return [part.strip() for part in text.split(";")]
    if column in NUMBERS or isinstance(example, int):
        return _read(column, text, int)
    if isinstance(example, dict):
        raise BadCell(column, "only its parts can be given, one a column")
    return text


def _read(column: str, text: str, way: Callable[[str], Any]) -> Any:
    try:
        return way(text)
    except (ValueError, KeyError):
        raise BadCell(column, f"{text} is not a value for it") from None
