"""Days and months counted back from one date."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

MONTHS = 18


def month_back(on: date, months: int) -> date:
    """The first day of the month that lies `months` before the month of `on`."""
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    return date(year, month + 1, 1)


class Calendar:
    """Everything before `as_of`: `months` are the first days of the last full months, oldest first."""

    __slots__ = ("as_of", "midnight", "months")

    def __init__(self, as_of: date) -> None:
        self.as_of = as_of
        self.midnight = datetime.combine(as_of, time(), UTC)
        self.months = tuple(month_back(as_of, back) for back in range(MONTHS, 0, -1))

    def ago(self, days: int) -> date:
        """A date so many days before; negative is ahead."""
        return self.as_of - timedelta(days=days)

    def at(self, days: int, minute: int = 600) -> datetime:
        """A time on the day so many days before; `minute` counts from midnight."""
        return self.midnight - timedelta(days=days, minutes=-minute)

    def days(self, on: date) -> int:
        """How many days ago a date is."""
        return (self.as_of - on).days


def noon(on: date) -> datetime:
    return datetime.combine(on, time(12), UTC)
