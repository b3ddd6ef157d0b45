"""A part of Zendesk's query language: words, property:value and comparisons, a minus before what must not be.

Facts: the vendor's search reference. Terms of one property with a colon are alternatives; everything else must hold
together. A word without quotes also stands for longer words that begin with it. A date without a time is the whole
day; 4hours or 3days is a time so long ago.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ..answers import Refusal, flat, unsimulated
from ..digits import number

_TERM = re.compile(r'-?(?:[\w.]+(?:<=|>=|[:<>]))?(?:"[^"]*"|\S+)')
_PROPERTY = re.compile(r"(?s)([\w.]+)(<=|>=|[:<>])(.*)")
_AGO = re.compile(r"(\d+)(minute|hour|day|week|month|year)s?")
_UNITS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604_800, "month": 2_592_000, "year": 31_536_000}
_SORTS = ("order_by", "sort")
UNSIMULATED = frozenset(
    {"brand", "cc", "commenter", "comment", "follower", "form", "has_attachment", "satisfaction", "user"}
)
TYPES = {"ticket": "tickets", "user": "users", "organization": "organizations", "group": "groups"}


@dataclass(frozen=True, slots=True)
class Term:
    """One condition; `name` is empty for words."""

    name: str
    operator: str
    value: str
    negative: bool = False


@dataclass(slots=True)
class Query:
    """`types` are the nouns that were asked for, empty for all; `order` is a property, `down` its direction."""

    terms: list[Term] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    order: str = ""
    down: bool = True

    def groups(self) -> list[list[Term]]:
        """Lists of alternatives, of each of which one must hold."""
        found: list[list[Term]] = []
        same: dict[str, list[Term]] = defaultdict(list)
        for term in self.terms:
            if term.name and term.operator == ":" and not term.negative:
                same[term.name].append(term)
            else:
                found.append([term])
        return [*same.values(), *found]


@dataclass(frozen=True, slots=True)
class Span:
    """A time in a query, in seconds: from `start` until before `end`."""

    start: float
    end: float

    def holds(self, second: int, operator: str) -> bool:
        return {
            ":": self.start <= second < self.end,
            ">": second >= self.end,
            ">=": second >= self.start,
            "<": second < self.start,
            "<=": second < self.end,
        }[operator]


def parse(text: str) -> Query:
    """Raises Refusal (422) for a type that there is not, 501 for a keyword that is not simulated."""
    query = Query()
    for found in _TERM.findall(text):
        _add(query, _term(found))
    return query


def _add(query: Query, term: Term) -> None:
    if term.name == "type":
        query.types.append(_noun(term.value))
        return
    if term.name in _SORTS:
        _sort(query, term.name, term.value)
        return
    if term.name in UNSIMULATED:
        raise unsimulated(f"The search keyword {term.name} is not simulated.")
    query.terms.append(term)


def _term(found: str) -> Term:
    negative, text = found.startswith("-"), found.removeprefix("-")
    matched = _PROPERTY.fullmatch(text)
    if matched is None:
        word = text.strip('"')
        return Term("", ":", word if text.startswith('"') or word.endswith("*") else f"{word}*", negative)
    name, operator, value = matched.groups()
    return Term(name.lower(), operator, value.strip('"'), negative)


def span(value: str, now: float) -> Span:
    """Raises Refusal (422) for a time that is none."""
    ago = _AGO.fullmatch(value.lower())
    if ago:
        count = number(ago[1])
        if count is None:
            raise invalid_search(f"{value} is not a date")
        start = now - count * _UNITS[ago[2]]
        return Span(start, start + 1)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise invalid_search(f"{value} is not a date") from None
    whole_day = "T" not in value and ":" not in value
    start = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return Span(start, start + (timedelta(days=1).total_seconds() if whole_day else 1))


def invalid_search(why: str) -> Refusal:
    return flat(422, "invalid", f"Invalid search: {why}")


def _noun(value: str) -> str:
    noun = TYPES.get(value.lower().removesuffix("s"))
    if noun is None:
        raise invalid_search(f"type:{value}")
    return noun


def _sort(query: Query, name: str, value: str) -> None:
    if name == "order_by":
        query.order = value.removesuffix("_at")
    else:
        query.down = value != "asc"
