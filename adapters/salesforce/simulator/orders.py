"""Orders to an org that are not traffic: what an admin, a quota or a late commit would do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from cs_connector.errors import UsageError

from .install import TYPES
from .oauth import Login
from .rows import Row
from .schema import NUMBERS, Field, retyped
from .state import State


class Orders:
    def __init__(self, state: State, login: Login) -> None:
        self._state, self._login = state, login
        self._ways: dict[str, Callable[[Any], None]] = {
            "expire_token": lambda _: login.end_sessions(),
            "daily_quota_left": lambda left: state.limits.leave(int(left)),
            "commit_lag_s": self._lag,
            "hide": self._hide,
            "remove_field": self._remove,
            "retype_field": self._retype,
        }

    def obey(self, order: Mapping[str, Any]) -> None:
        """Orders of other systems are passed over. Raises UsageError for an object or field unknown here."""
        for name, value in order.items():
            way = self._ways.get(name)
            if way is not None:
                way(value)

    def _lag(self, seconds: Any) -> None:
        self._state.writer.lag = timedelta(seconds=float(seconds))

    def _hide(self, what: Mapping[str, Any]) -> None:
        obj = self._state.schema.find(str(what["object"]))
        if obj is None:
            raise _unknown(what)
        self._state.rows.of(obj).hidden = float(what.get("share", 1))

    def _remove(self, what: Mapping[str, Any]) -> None:
        field = self._field(what)
        self._state.schema.remove_field(str(what["object"]), field.name)

    def _retype(self, what: Mapping[str, Any]) -> None:
        field = self._field(what)
        obj = self._state.schema.objects[str(what["object"]).lower()]
        kind = str(what["type"])
        changed = retyped(field, TYPES.get(kind, kind.lower()))
        obj.add(changed)
        table = self._state.rows.of(obj)
        for record_id, row in list(table.rows.items()):
            if row.get(field.name) is not None:
                table.put(record_id, _converted(row, changed))

    def _field(self, what: Mapping[str, Any]) -> Field:
        obj = self._state.schema.find(str(what["object"]))
        field = obj.field(str(what["field"])) if obj else None
        if field is None:
            raise _unknown(what)
        return field


def _converted(row: Row, field: Field) -> Row:
    value = row[field.name]
    if field.type not in NUMBERS:
        return {**row, field.name: f"{value:g}" if isinstance(value, float) else str(value)}
    try:
        return {**row, field.name: float(value)}
    except ValueError:
        return {**row, field.name: None}


def _unknown(what: Mapping[str, Any]) -> UsageError:
    return UsageError(
        f"The simulated Salesforce org has no {what.get('object')} {what.get('field', '')}".rstrip()
    )
