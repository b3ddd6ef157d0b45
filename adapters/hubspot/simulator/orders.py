"""Orders that are not traffic: they change what the portal is like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .fields import from_spec
from .oauth import Tokens
from .search import Search
from .state import State
from .times import iso

FIELD_TYPES = {
    "number": "number",
    "date": "date",
    "datetime": "date",
    "enumeration": "select",
    "bool": "booleancheckbox",
}


class Orders:
    def __init__(self, state: State, tokens: Tokens, search: Search) -> None:
        self._state = state
        self._tokens = tokens
        self._search = search
        self._known: dict[str, Callable[[Any], None]] = {
            "expire_token": self._expire,
            "daily_quota_left": self._quota,
            "search_lag_s": self._lag,
            "hide": self._hide,
            "remove_field": self._remove,
            "retype_field": self._retype,
            "scopes": self._scopes,
            "omit_update_misses": self._misses,
            "retry_after": self._retry_after,
        }

    def obey(self, order: Mapping[str, Any]) -> None:
        """Orders that are not for this simulator change nothing."""
        for name, value in order.items():
            if name in self._known:
                self._known[name](value)

    def _expire(self, value: bool) -> None:
        if value:
            self._tokens.expire()

    def _quota(self, left: int) -> None:
        self._state.limits.leave(left, self._state.clock.now())

    def _lag(self, seconds: float) -> None:
        for shelf in self._state.shelves.values():
            shelf.lag = int(seconds * 1000)
        self._search.forget()

    def _hide(self, what: Mapping[str, Any]) -> None:
        self._state.shelf(what["object"]).hidden = float(what["share"])
        self._search.forget()

    def _remove(self, what: Mapping[str, str]) -> None:
        shelf = self._state.shelf(what["object"])
        if what["field"] in shelf.fields:
            shelf.retire(what["field"], iso(self._state.now()))

    def _retype(self, what: Mapping[str, str]) -> None:
        shelf = self._state.shelf(what["object"])
        old = shelf.fields.get(what["field"])
        if old is not None:
            shape = {"type": what["type"], "fieldType": FIELD_TYPES.get(what["type"], "text")}
            shelf.define(from_spec({**old.spec, **shape}))

    def _scopes(self, names: list[str]) -> None:
        self._state.scopes = frozenset(names)

    def _misses(self, value: bool) -> None:
        self._state.omits_misses = value

    def _retry_after(self, value: bool) -> None:
        self._state.limits.retry_after = value
