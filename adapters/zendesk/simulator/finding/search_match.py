"""Whether a record fits the terms of a query."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..kinds import KINDS, USER
from ..records.table import Record
from ..state import ME, State
from ..times import epoch
from .search_query import Query, Term, span

RANKS: Mapping[str, tuple[str, ...]] = {
    "status": ("new", "open", "pending", "hold", "solved", "closed"),
    "priority": ("low", "normal", "high", "urgent"),
}
_TIMES = {"created": "created_at", "updated": "updated_at", "solved": "solved_at", "due_date": "due_at"}
_PEOPLE = {"requester": "requester_id", "assignee": "assignee_id", "submitter": "submitter_id"}
_GROUPS = {"group": ("group_id", "groups"), "organization": ("organization_id", "organizations")}
_RENAMED = {"ticket_type": "type", "ticket_id": "id", "is_verified": "verified", "is_suspended": "suspended"}
_TEXTS = ("subject", "description", "name", "email", "notes", "details")
_PREFIX = "custom_field_"

Test = Callable[[Record, Term], bool]


class Matcher:
    """Tests records of one noun. A property that the noun does not have fits none of its records."""

    def __init__(self, state: State, noun: str, query: Query) -> None:
        self._state, self._kind = state, KINDS[noun]
        self._groups = query.groups()
        self._now = float(state.now())
        self._tests: dict[str, Test] = {
            "": _has_word,
            "tags": _tag,
            "via": _channel,
            **dict.fromkeys(_TIMES, self._time),
            **dict.fromkeys(RANKS, _rank),
            **dict.fromkeys(_PEOPLE, self._person),
            **dict.fromkeys(_GROUPS, self._group),
        }

    def fits(self, record: Record) -> bool:
        whole = {**self._kind.columns, **record}
        return all(any(self._holds(whole, term) for term in group) for group in self._groups)

    def _holds(self, record: Record, term: Term) -> bool:
        return self._test(term.name)(record, term) != term.negative

    def _test(self, name: str) -> Test:
        if name in RANKS and name not in self._kind.columns:
            return self._value
        return self._tests.get(name, self._value)

    def _time(self, record: Record, term: Term) -> bool:
        found = record.get(_TIMES[term.name])
        if term.value == "none" or found is None:
            return found is None and term.value == "none"
        return span(term.value, self._now).holds(epoch(found), term.operator)

    def _person(self, record: Record, term: Term) -> bool:
        column = _PEOPLE[term.name]
        if column not in self._kind.columns:
            return False
        ident = record.get(column)
        if term.value in ("none", "me"):
            return bool(ident is None if term.value == "none" else ident == ME)
        if term.value.isdecimal():
            return str(ident) == term.value
        person = self._state.table(USER).get(ident) or {}
        return _like(person.get("email"), term.value) or _words_in(str(person.get("name", "")), term.value)

    def _group(self, record: Record, term: Term) -> bool:
        column, noun = _GROUPS[term.name]
        ident = record.get(column)
        if column not in self._kind.columns or term.value == "none":
            return ident is None and column in self._kind.columns
        if term.value.isdecimal():
            return str(ident) == term.value
        held = self._state.tables[noun].get(ident) or {}
        return _words_in(str(held.get("name", "")), term.value)

    def _value(self, record: Record, term: Term) -> bool:
        """A column, or one of the customer's own fields by its key or number."""
        name = _RENAMED.get(term.name, term.name)
        if name == "id" or name in self._kind.columns:
            return _compared(record.get(name), term)
        if name == "fieldvalue":
            return any(_compared(value, term) for value in _own(record, self._kind.custom).values())
        return _compared(_own(record, self._kind.custom).get(name.removeprefix(_PREFIX)), term)


def _own(record: Record, column: str) -> dict[str, Any]:
    own = dict(record.get(column) or {}) if column else {}
    return own | {str(f["id"]): f.get("value") for f in record.get("custom_fields") or ()}


def _rank(record: Record, term: Term) -> bool:
    order = RANKS[term.name]
    value = record.get(term.name)
    if term.operator == ":":
        return _like(value, term.value) or (value is None and term.value == "none")
    if value not in order or term.value not in order:
        return False
    return _order(order.index(value), order.index(term.value), term.operator)


def _tag(record: Record, term: Term) -> bool:
    held = record.get("tags") or ()
    if term.value == "none":
        return not held
    return any(_like(tag, wanted) for wanted in term.value.split(",") for tag in held)


def _channel(record: Record, term: Term) -> bool:
    return _like((record.get("via") or {}).get("channel"), term.value)


def _has_word(record: Record, term: Term) -> bool:
    return any(_words_in(str(record.get(name) or ""), term.value) for name in _TEXTS)


def _compared(value: Any, term: Term) -> bool:
    if term.value == "none":
        return value in (None, "", ())
    if isinstance(value, list | tuple):
        return any(_like(each, term.value) for each in value)
    if term.operator == ":":
        return _like(value, term.value) or (" " in str(value) and _words_in(str(value), term.value))
    try:
        return _order(float(value), float(term.value), term.operator)
    except (TypeError, ValueError):
        return value is not None and _order(str(value), term.value, term.operator)


def _order(left: Any, right: Any, operator: str) -> bool:
    return bool(
        {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right, ":": left == right}[
            operator
        ]
    )


def _like(value: Any, wanted: str) -> bool:
    """Equal whatever the case; a star at the end stands for the rest."""
    if value is None:
        return False
    text, wanted = str(value).casefold(), wanted.casefold()
    return text.startswith(wanted[:-1]) if wanted.endswith("*") else text == wanted


def _words_in(text: str, wanted: str) -> bool:
    """Whether the words stand in the text one after the other."""
    words, sought = _split(text), _split(wanted.removesuffix("*"))
    last = len(words) - len(sought)
    if not sought:
        return False
    if wanted.endswith("*"):
        joined = " ".join(sought)
        return any(" ".join(words[at:]).startswith(joined) for at in range(len(words)))
    return any(words[at : at + len(sought)] == sought for at in range(last + 1))


def _split(text: str) -> list[str]:
    return "".join(c if c.isalnum() or c in "@._-'" else " " for c in text.casefold()).split()
