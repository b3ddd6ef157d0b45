"""Values as HubSpot takes them, and whether one that it holds means the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from types import NoneType
from typing import Any

from cs_connector.ports import Change

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MILLIS = re.compile(r"\d{12,14}")
DUE = "hs_timestamp"


def properties(change: Change) -> dict[str, str]:
    """The fields of a change as HubSpot takes them."""
    found = {
        name: value if value.__class__ is str else _TEXTS.get(value.__class__, str)(value)
        for name, value in change.fields.items()
    }
    day = found.get(DUE)
    if day and _DAY.fullmatch(day):
        found[DUE] = f"{day}T12:00:00Z"  # noon is the same day for nearly everybody; midnight is not
    return found


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else str(value)


# All values travel as texts; an empty one clears.
_TEXTS: dict[type, Callable[[Any], str]] = {
    NoneType: lambda _: "",
    bool: lambda value: "true" if value else "false",
    float: _number,
}


def same(sent: str, held: str | None) -> bool:
    """Whether a property that holds `held` holds what was sent: equal texts, numbers, times or sets of choices."""
    one, other = sent.strip(), (held or "").strip()
    if one == other:
        return True
    return bool(one and other) and (
        _numbers(one, other) or _times(one, other) or (";" in one and _choices(one) == _choices(other))
    )


def _numbers(one: str, other: str) -> bool:
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False


def _times(one: str, other: str) -> bool:
    moments = _moment(one), _moment(other)
    return None not in moments and moments[0] == moments[1]


def _moment(value: str) -> datetime | None:
    """A date, a time, or milliseconds since 1970, as a time in UTC."""
    try:
        if _MILLIS.fullmatch(value):
            return datetime.fromtimestamp(int(value) / 1000, UTC)
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _choices(value: str) -> set[str]:
    return {part for part in value.split(";") if part}
