"""The calendar of a company, from `calendar.yml`: beside the metrics, because scores change with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal
from zoneinfo import available_timezones

from pydantic import Field, field_validator

from cs_connector.config.documents import load, suggest, validate
from cs_connector.language.periods import GREGORIAN, Calendar
from cs_connector.language.steps import Strict

FILE = "calendar.yml"


class CalendarFile(Strict):
    """When the fiscal year starts (a month), on which day weeks do, and the zone in which the day of a time is told."""

    version: Literal[1] = 1
    fiscal_year_starts: int = Field(default=1, ge=1, le=12)
    week_starts: Literal["monday", "sunday"] = "monday"
    zone: str = "UTC"

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        if zone not in available_timezones():
            hint = suggest(zone, available_timezones()) or "write one like Europe/Berlin"
            raise ValueError(f"{zone!r} is not a time zone; {hint}")
        return zone


def load_calendar(layers: Sequence[Path]) -> Calendar:
    """That of the last layer that has one. Raises ConfigError with file and line."""
    files = [layer / FILE for layer in layers if (layer / FILE).exists()]
    if not files:
        return GREGORIAN
    read = validate(CalendarFile, load(files[-1]))
    return Calendar(read.fiscal_year_starts, read.week_starts, read.zone)
