"""Orders that are not traffic: what an admin does, or what a login, an index or an export suffers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .fields.fields import TICKET_TYPES
from .kinds import KINDS, Kind
from .login.oauth import Logins
from .settings import Settings
from .state import State

# Those of fault rules first, then those that only a test in the same process can give.
KNOWN = frozenset({"expire_token", "hide", "remove_field", "retype_field", "commit_lag_s", "search_lag_s"})


class Orders:
    def __init__(self, state: State, logins: Logins) -> None:
        self._state = state
        self._ways: dict[str, Callable[[Any], None]] = {
            "expire_token": lambda _: logins.expire(),
            "hide": lambda what: state.hide(what["object"], what["share"]),
            "remove_field": self._remove,
            "retype_field": self._retype,
            "commit_lag_s": self._commit_lag,
            "search_lag_s": self._search_lag,
            "settings": self._set,
        }

    def obey(self, order: Mapping[str, Any]) -> None:
        """Orders that cannot be obeyed, or are for other systems, change nothing."""
        for name, value in order.items():
            if name in self._ways and self.objection({name: value}) is None:
                self._ways[name](value)

    def objection(self, order: Mapping[str, Any]) -> str | None:
        """Why an order cannot be obeyed: an object, a field or a type that the account does not have."""
        for name, what in order.items():
            if not isinstance(what, Mapping) or "object" not in what:
                continue
            kind = KINDS.get(what["object"])
            if kind is None:
                return f"the Zendesk account has no {what['object']}"
            if "field" in what and not self._has(kind, what["field"], name):
                return f"the {kind.plural} of the Zendesk account have no field {what['field']}"
            if "type" in what and what["type"] not in TICKET_TYPES:
                return f"a field of the Zendesk account has no type {what['type']}"
        return None

    def calm(self) -> None:
        """End all that is ongoing; removed and retyped fields are as they were, with their values."""
        state = self._state
        for table in state.tables.values():
            table.hidden = frozenset()
        for (noun, key), definition in state.altered.items():
            state.fields[noun][key] = definition
        state.removed, state.altered = {}, {}
        state.settings = Settings()
        state.recent.commit_lag = state.recent.search_lag = 0.0
        state.recent.forget()

    def _commit_lag(self, seconds: float) -> None:
        self._state.recent.commit_lag = float(seconds)

    def _search_lag(self, seconds: float) -> None:
        self._state.recent.search_lag = float(seconds)

    def _set(self, what: Mapping[str, Any]) -> None:
        """Change the account's settings, by their names."""
        for name, value in what.items():
            setattr(self._state.settings, name, value)

    def _has(self, kind: Kind, name: str, order: str) -> bool:
        """Only fields of the customer's own can change their type."""
        own = _key(name) in self._state.definitions(kind.definitions)
        return own or (order == "remove_field" and name in kind.columns)

    def _remove(self, what: Mapping[str, Any]) -> None:
        noun, name = what["object"], what["field"]
        self._remember(noun, name)
        self._state.drop_field(noun, name)

    def _retype(self, what: Mapping[str, Any]) -> None:
        noun, name = what["object"], what["field"]
        self._remember(noun, name)
        self._state.retype(noun, name, what["type"])

    def _remember(self, noun: str, name: str) -> None:
        definitions = KINDS[noun].definitions
        found = self._state.definitions(definitions).get(_key(name))
        if found is not None:
            self._state.altered.setdefault((definitions, _key(name)), found)


def _key(name: str) -> str:
    return name.rpartition(".")[2]
