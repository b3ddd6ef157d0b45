"""Literals of a query as values of the fields that they are compared with."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ..errors import unsimulated
from ..ids import full_id
from ..schema.schema import IDS, NUMBERS, TEXTS, Field
from ..times import time_text
from .periods import period
from .query_error import QueryError, malformed
from .syntax import Literal

WANTED = {"number": NUMBERS, "boolean": {"boolean"}, "date": {"date"}, "datetime": {"datetime"}}
WANTED |= {"string": TEXTS | IDS | {"encryptedstring", "anyType"}, "period": {"date", "datetime"}}
TYPE_NAMES = {"datetime": "dateTime", "reference": "reference", "id": "id"} | dict.fromkeys(TEXTS, "string")
LONGEST = 4_000


def stored(field: Field, literal: Literal, at: int) -> Any:
    """The literal as the field's stored value; `at` is where the comparison stands. Raises QueryError."""
    if literal.kind == "null":
        return None
    check_kind(field, literal, at)
    if field.type in IDS:
        return _id(literal, at)
    if literal.kind == "number":
        return float(literal.text)
    if literal.kind == "boolean":
        return literal.text == "TRUE"
    if literal.kind in {"date", "datetime"}:
        return _time(literal)
    return _text(literal)


def check_kind(field: Field, literal: Literal, at: int) -> None:
    """Raises QueryError INVALID_FIELD for a literal of another type."""
    if literal.kind == "currency" and field.type == "currency":
        raise unsimulated("A currency literal in a query")
    if field.type in WANTED.get(literal.kind, ()):
        return
    quotes = "" if field.type in WANTED["string"] else "not "
    kind = TYPE_NAMES.get(field.type, field.type)
    why = f"value of filter criterion for field '{field.name}' must be of type {kind} and should {quotes}be enclosed in quotes"
    raise QueryError("INVALID_FIELD", why, at)


def days(field: Field, literal: Literal, today: date) -> tuple[str, str]:
    """The stored values of a period's first moment, and of the first one after it. Raises QueryError."""
    try:
        first, after = period(literal.text, today)
    except (OverflowError, ValueError):
        raise malformed(f"Invalid date literal: {literal.text}", literal.at) from None
    if field.type == "date":
        return first.isoformat(), after.isoformat()
    return time_text(first.isoformat()), time_text(after.isoformat())


def _id(literal: Literal, at: int) -> str | None:
    found = full_id(literal.text)
    if found is None and literal.text:
        raise QueryError("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {literal.text}", at)
    return found


def _time(literal: Literal) -> str:
    try:
        if literal.kind == "date":
            return date.fromisoformat(literal.text).isoformat()
        return time_text(datetime.fromisoformat(literal.text))
    except ValueError:
        raise malformed(f"Invalid {literal.kind}: {literal.text}", literal.at) from None


def _text(literal: Literal) -> str | None:
    if len(literal.text) > LONGEST:
        raise malformed(f"A string in a filter cannot be longer than {LONGEST} characters", literal.at)
    return literal.text or None
