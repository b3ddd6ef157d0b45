"""Times as HubSpot writes them: UTC with a Z, and milliseconds only where there are any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
DAY_MS = 86_400_000


def millis(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return (moment - EPOCH) // MILLISECOND


def iso(ms: int) -> str:
    """2026-11-01T10:00:00.120Z, or without a fraction where it is zero."""
    text = (EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds" if ms % 1000 else "seconds")
    return text[:-6] + "Z"


def parsed(text: str) -> int:
    """Milliseconds from epoch milliseconds or ISO text, a date being its midnight. Raises ValueError."""
    if text.lstrip("-").isdecimal() and len(text) != 8:
        return int(text)
    moment = datetime.fromisoformat(text)
    return millis(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
