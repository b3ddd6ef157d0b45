"""Texts with places for numbers: `{value:percent}`, `{renewal_on:date}`, `{waiting_days:ago}`.

`{value:ticket|tickets}` is a whole number with its noun: 1 ticket, 7 tickets.

Nothing ticks: a number of days is printed as the date it points to (`ago`, or `since` with its year), so that a stored
sentence stays the same until a fact changes; only when the date is a year old, `ago` says its year, too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from string import Formatter
from types import MappingProxyType
from typing import Any

from cs_connector.config.documents import Document, suggest

YEAR = 365  # days after which a day without its year would be taken for one of this year
NOW: Mapping[str, date | None] = MappingProxyType({})  # every value is of today


@dataclass(frozen=True, slots=True)
class Template:
    text: str
    parts: tuple[tuple[str, str | None, str], ...]  # literal before, name, format
    names: frozenset[str]

    def fill(self, values: Mapping[str, Any], today: date, since: Mapping[str, date | None] = NOW) -> str:
        """The text; what is not known is left out with a dash. `since` are the days of which values are that are carried:
        an age that was true then points to the same date ever after.
        """
        said: list[str] = []
        for before, name, kind in self.parts:
            value, of = (values.get(name), since.get(name) or today) if name else ("", today)
            said += (before, "–" if value is None else _told(kind, value, of, today) if name else "")
        return "".join(said)


def template(document: Document, at: tuple[str | int, ...], text: str, names: Collection[str]) -> Template:
    """Check a text. Raises ConfigError with the line for an unknown name or format."""
    parts = []
    for before, name, kind, _ in _split(document, at, text):
        if name is not None and name not in names:
            raise document.error(
                at, f"{name!r} is not known here", fix=suggest(name, names) or "use a metric's name"
            )
        if name is not None and (kind or "plain") not in FORMATS and not _noun(kind or ""):
            listed = ", ".join([*FORMATS, "and a noun such as ticket|tickets"])
            raise document.error(at, f"there is no format {kind!r}", fix=f"formats: {listed}")
        parts.append((before, name, kind or "plain"))
    return Template(text, tuple(parts), frozenset(name for _, name, _ in parts if name))


def read(text: str) -> Template:
    """A text that was checked when it was declared."""
    parts = [(before, name, kind or "plain") for before, name, kind, _ in Formatter().parse(text)]
    return Template(text, tuple(parts), frozenset(name for _, name, _ in parts if name))


def _split(
    document: Document, at: tuple[str | int, ...], text: str
) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(text))
    except ValueError as error:
        fix = "close every {, and write {{ and }} for braces that are meant"
        raise document.error(at, "this text cannot be read", why=str(error), fix=fix) from None


@lru_cache(4096)
def day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


@lru_cache(4096)
def short(value: date) -> str:
    """Without the year, for what is less than a year away."""
    return f"{value.day} {value:%b}"


def recent(value: date, today: date) -> str:
    """A past day, without its year where that is less than a year ago."""
    return short(value) if (today - value).days < YEAR else day(value)


def plain(value: float | str) -> str:
    """At most one decimal, none if it is whole."""
    return value if isinstance(value, str) else f"{round(float(value), 1):.15g}"


def half_up(value: float) -> int:
    """The one rounding that people see."""
    return math.floor(round(value, 9) + 0.5)


def _whole(value: float, *_: date) -> str:
    return f"{half_up(float(value)):,}"


def _noun(kind: str) -> list[str]:
    """The noun of one and that of several; empty for what is no pair."""
    names = kind.split("|")
    return names if len(names) == 2 and all(name.strip() for name in names) else []


def _told(kind: str, value: Any, of: date, today: date) -> str:
    if kind in FORMATS:
        return FORMATS[kind](value, of, today)
    number, (one, several) = _whole(value), _noun(kind)
    return f"{number} {one if number == '1' else several}"


def _before(of: date, days: Any) -> date:
    return of - timedelta(days=half_up(float(days)))


# each is given the value, the day that it is of, and today
FORMATS: dict[str, Callable[[Any, date, date], str]] = {
    "plain": lambda value, *_: plain(value),
    "whole": _whole,
    "percent": lambda value, *_: f"{half_up(float(value) * 100)} %",
    "date": lambda value, *_: day(value),
    "ago": lambda value, of, today: recent(_before(of, value), today),
    "since": lambda value, of, _: day(_before(of, value)),
}
