"""Orders that are not traffic: they change what the portal is like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .account.oauth import Tokens
from .errors import Refusal
from .properties.fields import TYPES, from_spec
from .records.search import Search
from .state import State
from .times import iso

FIELD_TYPES = {
    "number": "number",
    "date": "date",
    "datetime": "date",
    "enumeration": "select",
    "bool": "booleancheckbox",
}

KNOWN = frozenset(
    {"expire_token", "daily_quota_left", "search_lag_s", "hide", "remove_field", "retype_field"}
)


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
            "traced": self._traced,
        }

    def obey(self, order: Mapping[str, Any]) -> None:
        """Orders that cannot be obeyed, or are for other systems, change nothing."""
        for name, value in order.items():
            if name in self._known and self.objection({name: value}) is None:
                self._known[name](value)

    def objection(self, order: Mapping[str, Any]) -> str | None:
        """Why an order cannot be obeyed: an object, a property or a type that the portal does not have."""
        if "daily_quota_left" in order and self._state.limits.sizes.daily is None:
            return "the profile of this sandbox has no daily quota in HubSpot"
        for word, what in order.items():
            if not isinstance(what, Mapping):
                continue
            try:
                shelf = self._state.named(what["object"])
            except Refusal:
                return f"the HubSpot portal has no object {what['object']}"
            if "field" in what and what["field"] not in shelf.fields:
                return f"the {shelf.kind.name} of the HubSpot portal have no property {what['field']}"
            if word == "remove_field" and what["field"] in shelf.kind.always:
                return f"{shelf.kind.name}: nobody can delete {what['field']}, which HubSpot writes itself"
            if "type" in what and what["type"] not in TYPES:
                return f"a property of the HubSpot portal has no type {what['type']}"
        return None

    def calm(self) -> None:
        """End all that is ongoing; removed and retyped properties are as they were, with their values."""
        state = self._state
        for shelf in state.shelves.values():
            shelf.lag, shelf.hidden = state.limits.sizes.index_lag_ms, 0.0
        for (type_id, name), prop in state.altered.items():
            state.shelves[type_id].retired.pop(name, None)
            state.shelves[type_id].define(prop)
        state.limits.used = max(0, state.limits.used - state.spent)
        state.altered, state.spent = {}, 0
        self._search.forget()

    def _expire(self, value: bool) -> None:
        if value:
            self._tokens.expire()

    def _quota(self, left: int) -> None:
        limits, used = self._state.limits, self._state.limits.used
        limits.leave(left, self._state.clock.now())
        self._state.spent += limits.used - used

    def _lag(self, seconds: float) -> None:
        for shelf in self._state.shelves.values():
            shelf.lag = int(seconds * 1000)
        self._search.forget()

    def _hide(self, what: Mapping[str, Any]) -> None:
        self._state.named(what["object"]).hidden = float(what["share"])
        self._search.forget()

    def _remove(self, what: Mapping[str, str]) -> None:
        shelf, name = self._state.named(what["object"]), what["field"]
        self._state.altered.setdefault((shelf.kind.type_id, name), shelf.fields[name])
        shelf.retire(name, iso(self._state.now()))

    def _retype(self, what: Mapping[str, str]) -> None:
        shelf = self._state.named(what["object"])
        old = shelf.fields[what["field"]]
        self._state.altered.setdefault((shelf.kind.type_id, old.name), old)
        shape = {"type": what["type"], "fieldType": FIELD_TYPES.get(what["type"], "text")}
        shelf.define(from_spec({**old.spec, **shape}))

    def _scopes(self, names: list[str]) -> None:
        self._state.scopes = frozenset(names)

    def _misses(self, value: bool) -> None:
        self._state.omits_misses = value

    def _traced(self, value: bool) -> None:
        self._state.traced = value

    def _retry_after(self, value: bool) -> None:
        self._state.limits.retry_after = value
