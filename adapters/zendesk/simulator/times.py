"""Times as Zendesk writes them: whole seconds, UTC; surveys in milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def epoch(text: str) -> int:
    """Seconds since 1970 of a time in ISO 8601. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def stamp(seconds: float) -> str:
    return iso(datetime.fromtimestamp(int(seconds), UTC))


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def changed_at(record: Mapping[str, Any]) -> int:
    """The second at which a record last changed, by whatever column tells it."""
    generated = record.get("generated_timestamp")
    if generated is not None:
        return int(generated)
    text = record.get("updated_at") or record.get("created_at")
    return epoch(text) if text else 0


def created_at(record: Mapping[str, Any]) -> int:
    text = record.get("created_at")
    return epoch(text) if text else answered_at(record)


def answered_at(record: Mapping[str, Any]) -> int:
    """The second of a survey's first answer."""
    times = [answer["created_at"] for answer in record.get("answers") or () if answer.get("created_at")]
    return epoch(min(times)) if times else 0
