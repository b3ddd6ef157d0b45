"""Date literals: TODAY, LAST_N_DAYS:30, THIS_QUARTER. Weeks begin on Sunday, days in UTC."""

from __future__ import annotations

import re
from datetime import date, timedelta

PATTERN = re.compile(r"(LAST|NEXT)_N_(DAY|WEEK|MONTH|QUARTER|YEAR)S:(\d+)$")
AGO = re.compile(r"N_(DAY|WEEK|MONTH|QUARTER|YEAR)S_AGO:(\d+)$")
NAMED = re.compile(r"(LAST|THIS|NEXT)_(WEEK|MONTH|QUARTER|YEAR)$")
NINETY = {"LAST_90_DAYS": "LAST_N_DAYS:90", "NEXT_90_DAYS": "NEXT_N_DAYS:90"}
DAYS = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
STEPS = {"LAST": -1, "THIS": 0, "NEXT": 1}


def period(text: str, today: date) -> tuple[date, date] | None:
    """The first day, and the day after the last; None if there is no such literal."""
    text = NINETY.get(text, text)
    if text in DAYS:
        day = today + timedelta(days=DAYS[text])
        return day, day + timedelta(days=1)
    if match := NAMED.match(text):
        start = _shift(_start(today, match[2]), match[2], STEPS[match[1]])
        return start, _shift(start, match[2], 1)
    if match := AGO.match(text):
        start = _shift(_start(today, match[1]), match[1], -int(match[2]))
        return start, _shift(start, match[1], 1)
    if match := PATTERN.match(text):
        return _many(match[1], match[2], int(match[3]), today)
    return None


def _many(side: str, unit: str, count: int, today: date) -> tuple[date, date]:
    """LAST_N_DAYS includes today; the other units are whole units before or after the present one."""
    here = _start(today, unit)
    after = _shift(here, unit, 1)
    if side == "LAST":
        return _shift(here, unit, -count), (after if unit == "DAY" else here)
    return after, _shift(after, unit, count)


def _start(day: date, unit: str) -> date:
    if unit == "DAY":
        return day
    if unit == "WEEK":
        return day - timedelta(days=(day.weekday() + 1) % 7)
    size = MONTHS[unit]
    return date(day.year, (day.month - 1) // size * size + 1, 1)


def _shift(day: date, unit: str, count: int) -> date:
    if unit in {"DAY", "WEEK"}:
        return day + timedelta(days=count * (7 if unit == "WEEK" else 1))
    months = day.year * 12 + day.month - 1 + count * MONTHS[unit]
    return date(months // 12, months % 12 + 1, 1)
