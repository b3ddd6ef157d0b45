"""Times as Salesforce writes them: UTC, whole seconds, no colon in the offset."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

STORED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000", re.ASCII)
# The days that a field can hold. Vendor: SOQL reference, Minimum and Maximum Dates.
EARLIEST, LATEST = "1700-01-01", "4000-12-31"


def stamp(when: datetime) -> str:
    """Raises ValueError for a time that lies beyond the calendar in UTC."""
    return f"{_in_utc(when).isoformat(timespec='seconds')[:19]}.000+0000"


def read_time(text: str) -> datetime:
    """An ISO 8601 time with an offset. Raises ValueError."""
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError(text)
    return _in_utc(when)


def time_text(value: object) -> str:
    """Any time in the stored form; it sorts as text. Raises ValueError or TypeError."""
    if isinstance(value, datetime):
        return stamp(value if value.tzinfo else value.replace(tzinfo=UTC))
    text = str(value)
    if len(text) == 10:
        return stamp(datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC))
    when = datetime.fromisoformat(text)
    if STORED.fullmatch(text):
        return text
    return stamp(when if when.tzinfo else when.replace(tzinfo=UTC))


def _in_utc(when: datetime) -> datetime:
    try:
        return when.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{when.isoformat()} is beyond the calendar") from None
