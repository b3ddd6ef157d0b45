"""A line of a table as a record of the account."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from cs_connector.sandbox.wire import BadCell, SeedRow

from ..answers import Refusal
from ..kinds import KINDS, SURVEY, Kind
from ..state import Definition, State
from ..times import epoch, stamp
from .values import checked

TEXTS = frozenset({"external_id", "encoded_id"})  # all other ids are numbers
KEYED = frozenset(
    {"survey_responses", "organization_merges", "custom_object_records"}
)  # their own ids are texts
NESTED = frozenset({"answers", "survey", "subjects", "custom_fields"})
LISTED = {
    ("tickets", "status"): ("new", "open", "pending", "hold", "solved", "closed"),
    ("tickets", "priority"): ("low", "normal", "high", "urgent"),
    ("tickets", "type"): ("problem", "incident", "question", "task"),
    ("users", "role"): ("end-user", "agent", "admin"),
    ("satisfaction_ratings", "score"): ("offered", "unoffered", "good", "bad"),
}
FLAGS = {"true": True, "false": False, "1": True, "0": False}


def record(state: State, object_name: str, cells: Mapping[str, str]) -> SeedRow:
    """Columns are those of the record; own fields are named organization_fields.KEY or user_fields.KEY.

    Lists have `;` between their parts, what is nested is JSON. Without dates the record was made when the sandbox began. Raises BadCell.
    """
    kind = KINDS.get(object_name)
    if kind is None:
        raise BadCell("", f"Zendesk has no {object_name}")
    made: dict[str, Any] = {"id": state.new_key() if kind.plural in KEYED else state.new_id()}
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
    if column in NESTED:
        return _nested(column, text)
    if isinstance(example, bool) or column == "default":
        return _read(column, text, lambda t: FLAGS[t.lower()])
    if isinstance(example, tuple):
        parts = [part.strip() for part in text.split(";")]
        return [_read(column, part, int) for part in parts] if column.endswith("_ids") else parts
    if _is_number(kind, column) or isinstance(example, int):
        return _read(column, text, int)
    if column.endswith("_at"):
        return _time(kind, column, text)
    known = LISTED.get((kind.plural, column))
    if known and text not in known:
        raise BadCell(column, f"{text} is none of {', '.join(known)}")
    if isinstance(example, dict):
        raise BadCell(column, "only its parts can be given, one a column")
    return text


def _is_number(kind: Kind, column: str) -> bool:
    return kind.plural not in KEYED if column == "id" else column.endswith("_id") and column not in TEXTS


def _time(kind: Kind, column: str, text: str) -> str:
    """As the vendor writes it; only surveys have milliseconds."""
    try:
        second = epoch(text)
    except ValueError:
        raise BadCell(column, f"{text} is not a time") from None
    return text if kind is SURVEY else stamp(second)


def _nested(column: str, text: str) -> Any:
    """A list of objects, or one."""
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        found = None
    parts = [found] if column == "survey" else found
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise BadCell(column, "it is written as JSON, as the API shows it") from None
    for made in (str(part["created_at"]) for part in parts if part.get("created_at")):
        _read(column, made, epoch)
    return found


def _read(column: str, text: str, way: Callable[[str], Any]) -> Any:
    try:
        return way(text)
    except (ValueError, KeyError):
        raise BadCell(column, f"{text} is not a value for it") from None
