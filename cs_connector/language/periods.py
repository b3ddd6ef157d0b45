"""The calendar: where periods begin, in the years and weeks of this company, and how far they lie back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from sqlglot import exp

from cs_connector.language.lowering import call

WEEK = 7
MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a fiscal year starts (the month), on which day a week does, and in which zone a day of a time lies."""

    fiscal_year_starts: int = 1
    week_starts: Literal["monday", "sunday"] = "monday"
    zone: str = "UTC"


GREGORIAN = Calendar()


@dataclass(frozen=True, slots=True)
class Period:
    """A grain of a calendar: periods are told by their first day."""

    grain: str
    fiscal: bool
    calendar: Calendar

    def start(self, day: exp.Expr) -> exp.Expr:
        """The first day of the period in which a day lies."""
        return starts(
            f"fiscal_{self.grain}_start" if self.fiscal else f"{self.grain}_start", day, self.calendar
        )

    def later(self, start: exp.Expr, count: exp.Expr) -> exp.Expr:
        """The first day of the period so many periods after the one that begins with `start`."""
        size = MONTHS.get(self.grain) or (WEEK if self.grain == "week" else 1)
        steps = count if size == 1 else exp.Mul(this=exp.Paren(this=count), expression=exp.convert(size))
        return call("add_months" if self.grain in MONTHS else "add_days", start, steps)

    def within(self, grain: str, fiscal: bool) -> bool:
        """Whether each of these periods lies in one of another grain as a whole."""
        if self.grain in ("day", grain):
            return self.grain == "day" or self.fiscal == fiscal
        if self.grain == "month":
            return grain in MONTHS
        return self.grain == "quarter" and grain == "year" and self.fiscal == fiscal

    def back(self, start: exp.Expr, today: exp.Expr) -> exp.Expr:
        """How many periods the one that begins with `start` lies before that of `today`: 1 is the last full one."""
        size = MONTHS.get(self.grain) or (WEEK if self.grain == "week" else 1)
        between = call("months" if self.grain in MONTHS else "days", self.start(today), start)
        return between if size == 1 else exp.Paren(this=exp.Div(this=between, expression=double(size)))


def double(value: int) -> exp.Expr:
    """A whole number as DOUBLE: engines divide whole numbers differently."""
    literal = exp.Literal.number(abs(value))
    return exp.cast(exp.Neg(this=literal) if value < 0 else literal, "double")


def starts(name: str, day: exp.Expr, calendar: Calendar) -> exp.Expr:
    """`day_start(d)` and its like, in functions that every engine has."""
    return _STARTS[name](day, calendar)


def _plain(name: str, day: exp.Expr, _calendar: Calendar) -> exp.Expr:
    return call(name, day)


def _day(day: exp.Expr, _calendar: Calendar) -> exp.Expr:
    return exp.cast(exp.Paren(this=day), "date")


def _week(day: exp.Expr, calendar: Calendar) -> exp.Expr:
    if calendar.week_starts == "monday":
        return call("week_start", day)
    return call("add_days", call("week_start", call("add_days", day, double(1))), double(-1))


def _fiscal(name: str, day: exp.Expr, calendar: Calendar) -> exp.Expr:
    """The year (quarter) of a calendar that began so many months earlier, moved back."""
    moved = calendar.fiscal_year_starts - 1
    if moved == 0:
        return call(name, day)
    earlier = call("add_months", call("month_start", day), double(-moved))
    return call("add_months", call(name, earlier), double(moved))


_STARTS: dict[str, Callable[[exp.Expr, Calendar], exp.Expr]] = {
    "day_start": _day,
    "week_start": _week,
    "month_start": partial(_plain, "month_start"),
    "quarter_start": partial(_plain, "quarter_start"),
    "year_start": partial(_plain, "year_start"),
    "fiscal_quarter_start": partial(_fiscal, "quarter_start"),
    "fiscal_year_start": partial(_fiscal, "year_start"),
}
STARTS = tuple(_STARTS)
