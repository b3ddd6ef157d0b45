"""Functions of a field's value in SOQL. Days are in UTC, weeks begin on Sunday, the fiscal year is the calendar's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ..schema.currencies import CORPORATE
from ..schema.schema import NUMBERS, Field

Show = Callable[[Any, Any], Any]
WRAPPERS = frozenset({"TOLABEL", "FORMAT", "CONVERTCURRENCY", "CONVERTTIMEZONE"})


@dataclass(frozen=True, slots=True)
class DatePart:
    """What a date function makes of a stored date or time, and the type of it."""

    of: Callable[[str], Any]
    type: str = "int"
    times_only: bool = False

    def takes(self, field: Field) -> bool:
        return field.type == "datetime" or (field.type == "date" and not self.times_only)


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def _year(text: str) -> int:
    return int(text[:4])


def _month(text: str) -> int:
    return int(text[5:7])


def _quarter(text: str) -> int:
    return (int(text[5:7]) + 2) // 3


DATE_PARTS: dict[str, DatePart] = {
    "CALENDAR_MONTH": DatePart(_month),
    "CALENDAR_QUARTER": DatePart(_quarter),
    "CALENDAR_YEAR": DatePart(_year),
    "DAY_IN_MONTH": DatePart(lambda text: int(text[8:10])),
    "DAY_IN_WEEK": DatePart(lambda text: _day(text).isoweekday() % 7 + 1),
    "DAY_IN_YEAR": DatePart(lambda text: _day(text).timetuple().tm_yday),
    "DAY_ONLY": DatePart(lambda text: text[:10], "date", times_only=True),
    "FISCAL_MONTH": DatePart(_month),
    "FISCAL_QUARTER": DatePart(_quarter),
    "FISCAL_YEAR": DatePart(_year),
    "HOUR_IN_DAY": DatePart(lambda text: int(text[11:13]), times_only=True),
    "WEEK_IN_MONTH": DatePart(lambda text: (int(text[8:10]) - 1) // 7 + 1),
    "WEEK_IN_YEAR": DatePart(lambda text: (_day(text).timetuple().tm_yday - 1) // 7 + 1),
}


def shows(name: str, field: Field) -> Show:
    """toLabel, FORMAT or convertTimezone of a field, as a function of a value and its currency."""
    if name == "TOLABEL":
        labels = dict(field.labels)
        return lambda value, _: labels.get(value, value)
    if name == "FORMAT":
        return lambda value, currency: formatted(field, value, currency)
    return lambda value, _: value


def formatted(field: Field, value: Any, currency: Any) -> Any:
    """The value as text for the locale en_US."""
    if value is None:
        return None
    if field.type == "currency":
        return f"{currency or CORPORATE} {value:,.2f}"
    if field.type in NUMBERS:
        return f"{value:,.{field.scale}f}{'%' if field.type == 'percent' else ''}"
    if field.type == "date":
        day = _day(value)
        return f"{day.month}/{day.day}/{day.year}"
    return _clock(value) if field.type == "datetime" else value


def _clock(text: str) -> str:
    when = datetime.fromisoformat(text)
    return f"{when.month}/{when.day}/{when.year}, {when.hour % 12 or 12}:{when:%M %p}"
