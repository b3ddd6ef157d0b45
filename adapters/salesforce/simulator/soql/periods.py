"""Date literals: TODAY, LAST_N_DAYS:30, THIS_FISCAL_QUARTER. Weeks begin on Sunday, days in UTC, the fiscal year in
January.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

UNITS = "DAY|WEEK|MONTH|QUARTER|YEAR|FISCAL_QUARTER|FISCAL_YEAR"
PATTERN = re.compile(rf"(LAST|NEXT)_N_({UNITS})S:(\d+)")
AGO = re.compile(rf"N_({UNITS})S_AGO:(\d+)")
NAMED = re.compile(r"(LAST|THIS|NEXT)_(WEEK|MONTH|QUARTER|YEAR|FISCAL_QUARTER|FISCAL_YEAR)")
NINETY = {"LAST_90_DAYS": "LAST_N_DAYS:90", "NEXT_90_DAYS": "NEXT_N_DAYS:90"}
DAYS = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
STEPS = {"LAST": -1, "THIS": 0, "NEXT": 1}
Span = tuple[date, date]


def is_period(text: str) -> bool:
    text = NINETY.get(text, text)
    return text in DAYS or any(p.fullmatch(text) for p in (PATTERN, AGO, NAMED))


def period(text: str, today: date) -> Span:
    """The first day, and the day after the last. Raises OverflowError or ValueError beyond the calendar."""
    text = NINETY.get(text, text)
    if text in DAYS:
        day = today + timedelta(days=DAYS[text])
        return day, day + timedelta(days=1)
    if match := NAMED.fullmatch(text):
        return _unit(match[2], STEPS[match[1]], today)
    if match := AGO.fullmatch(text):
        return _unit(match[1], -int(match[2]), today)
    match = PATTERN.fullmatch(text)
    assert match, text
    return _many(match[1], match[2].removeprefix("FISCAL_"), int(match[3]), today)


def _unit(name: str, away: int, today: date) -> Span:
    """One unit that many units after the present one."""
    unit = name.removeprefix("FISCAL_")
    start = _shift(_start(today, unit), unit, away)
    return start, _shift(start, unit, 1)


def _many(side: str, unit: str, count: int, today: date) -> Span:
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
