"""Times as Salesforce writes them: UTC, whole seconds, no colon in the offset."""

from __future__ import annotations

from datetime import UTC, date, datetime

FORMAT = "%Y-%m-%dT%H:%M:%S.000+0000"


def stamp(when: datetime) -> str:
    return when.astimezone(UTC).strftime(FORMAT)


def read_time(text: str) -> datetime:
    """An ISO 8601 time with an offset. Raises ValueError."""
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError(text)
    return when.astimezone(UTC)


def time_text(value: object) -> str:
    """Any time in the stored form; it sorts as text. Raises ValueError or TypeError."""
    if isinstance(value, datetime):
        return stamp(value if value.tzinfo else value.replace(tzinfo=UTC))
    text = str(value)
    if len(text) == 28 and text.endswith("+0000"):
        return text
    if len(text) == 10:
        return stamp(datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC))
    when = datetime.fromisoformat(text)
    return stamp(when if when.tzinfo else when.replace(tzinfo=UTC))
