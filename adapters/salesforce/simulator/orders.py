"""Orders to an org that are not traffic: what an admin, a quota or a late commit would do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import msgspec

from cs_connector.sandbox import faults

from .login.oauth import Login
from .schema.install import TYPES
from .schema.schema import NUMBERS, Field, Fields, ObjectType, ValidationRule, retyped
from .state import State
from .writing.rows import Row
from .writing.values import COERCERS

KNOWN = frozenset(faults.ORDERS) - {"search_lag_s"}
SYSTEM = frozenset({"Id", "IsDeleted", "SystemModstamp"})
STANDING = frozenset({"lock_rows", "duplicate_rule", "short_pages", "long_requests"})


@dataclass(frozen=True, slots=True)
class Changed:
    """What an order did to a field: how it was, where it stood, and the records' values before and since."""

    object: str
    field: Field
    names: tuple[str, ...]
    values: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Ongoing:
    """What orders began and have not ended; `counted` are the calls as they were before a quota was spent, `rules`
    the validation rules by object and name, `standing` the orders that leave no mark in records or schema.
    """

    changed: tuple[Changed, ...] = ()
    hidden: frozenset[str] = frozenset()
    counted: Any = None
    rules: frozenset[tuple[str, str]] = frozenset()
    standing: tuple[tuple[str, Any], ...] = ()


class Orders:
    """`forget` ends every query that has pages left."""

    def __init__(self, state: State, login: Login, forget: Callable[[], None]) -> None:
        self._state, self._login = state, login
        self.ongoing = Ongoing()
        self._ways: dict[str, Callable[[Any], None]] = {
            "expire_token": lambda _: login.end_sessions(),
            "daily_quota_left": self._quota,
            "commit_lag_s": self._lag,
            "hide": self._hide,
            "remove_field": self._remove,
            "retype_field": self._retype,
            "lock_rows": lambda what: state.writer.locks.order(msgspec.convert(what, faults.LockRows)),
            "validation_rule": self._rule,
            "duplicate_rule": lambda what: state.writer.duplicates.order(
                msgspec.convert(what, faults.DuplicateRule)
            ),
            "expire_locators": lambda _: forget(),
            "short_pages": self._shorten,
            "long_requests": self._crowd,
        }

    def obey(self, order: Mapping[str, Any]) -> None:
        """Orders that cannot be obeyed, or are for other systems, are passed over."""
        for name, value in order.items():
            way = self._ways.get(name)
            if way is not None and self.objection({name: value}) is None:
                way(value)
                if name in STANDING:
                    standing = (*self.ongoing.standing, (name, value))
                    self.ongoing = replace(self.ongoing, standing=standing)

    def resume(self, ongoing: Ongoing) -> None:
        """Go on as it was; records, schema and limits are back already."""
        self._end_standing()
        self.ongoing = ongoing
        for name, value in ongoing.standing:
            self._ways[name](value)

    def objection(self, order: Mapping[str, Any]) -> str | None:
        """Why an order cannot be obeyed: an object, a field or a type that the org does not have, or that must stay."""
        for word, what in order.items():
            if not isinstance(what, Mapping):
                continue
            obj = self._state.schema.find(str(what["object"]))
            if obj is None:
                return f"the Salesforce org has no object {what['object']}"
            for name in (*what.get("fields", ()), what.get("field")):
                if name is not None and obj.field(str(name)) is None:
                    return f"the object {obj.name} of the Salesforce org has no field {name}"
            if word == "remove_field" and _must_stay(obj, str(what["field"])):
                return f"{obj.name}: nobody can delete {what['field']} or take the sight of it from everybody"
            if "type" in what and _type(what) not in COERCERS:
                return f"a field of the Salesforce org has no type {what['type']}"
            if "formula" in what and not self._state.writer.rules.understood(obj, _rule(what)):
                return f"the formula {what['formula']} is beyond what is simulated, or names a field that is not there"
        return None

    def calm(self) -> None:
        """End all that is ongoing; removed and retyped fields are as they were, with their values."""
        state, ongoing = self._state, self.ongoing
        state.writer.lag = timedelta()
        if ongoing.counted is not None:
            state.limits.restore(ongoing.counted)
        self._end_standing()
        for name, rule in ongoing.rules:
            state.schema.objects[name].rules.pop(rule, None)
        for name in ongoing.hidden:
            state.rows.of(state.schema.objects[name]).hidden = 0
        for changed in reversed(ongoing.changed):
            self._undo(changed)
        self.ongoing = Ongoing()

    def _end_standing(self) -> None:
        self._state.writer.locks.release()
        self._state.writer.duplicates.forget()
        self._state.limits.shortened = None
        self._state.limits.long_requests = 0

    def _quota(self, left: int) -> None:
        limits = self._state.limits
        self.ongoing = replace(self.ongoing, counted=self.ongoing.counted or limits.copy())
        limits.leave(int(left))

    def _rule(self, what: Mapping[str, Any]) -> None:
        obj, rule = self._object(what), _rule(what)
        obj.rules[rule.name] = rule
        self.ongoing = replace(self.ongoing, rules=self.ongoing.rules | {(obj.name.lower(), rule.name)})

    def _shorten(self, rows: int) -> None:
        self._state.limits.shortened = rows

    def _crowd(self, requests: int) -> None:
        self._state.limits.long_requests = requests

    def _lag(self, seconds: Any) -> None:
        self._state.writer.lag = timedelta(seconds=float(seconds))

    def _hide(self, what: Mapping[str, Any]) -> None:
        obj = self._object(what)
        self._state.rows.of(obj).hidden = float(what.get("share", 1))
        self.ongoing = replace(self.ongoing, hidden=self.ongoing.hidden | {obj.name.lower()})

    def _remove(self, what: Mapping[str, Any]) -> None:
        obj = self._object(what)
        field = obj.fields[str(what["field"]).lower()]
        self._note(obj, field, {})
        self._state.schema.remove_field(obj.name, field.name)

    def _retype(self, what: Mapping[str, Any]) -> None:
        obj = self._object(what)
        field = obj.fields[str(what["field"]).lower()]
        changed = retyped(field, _type(what))
        table = self._state.rows.of(obj)
        values = {}
        for record_id, row in list(table.rows.items()):
            if row.get(field.name) is not None:
                new = _converted(row, changed)
                values[record_id] = row[field.name], new[field.name]
                table.put(record_id, new)
        self._note(obj, field, values)
        obj.add(changed)

    def _note(self, obj: ObjectType, field: Field, values: Mapping[str, tuple[Any, Any]]) -> None:
        changed = Changed(obj.name.lower(), field, tuple(obj.fields), values)
        self.ongoing = replace(self.ongoing, changed=(*self.ongoing.changed, changed))

    def _undo(self, changed: Changed) -> None:
        obj, field = self._state.schema.objects[changed.object], changed.field
        obj.add(field)
        where = {name: place for place, name in enumerate(changed.names)}
        in_order = sorted(obj.fields.items(), key=lambda item: where.get(item[0], len(where)))
        obj.fields = Fields(dict(in_order))
        table = self._state.rows.of(obj)
        for record_id, (before, since) in changed.values.items():
            row = table.rows.get(record_id)
            if row is not None and row.get(field.name) == since:
                table.put(record_id, {**row, field.name: before})

    def _object(self, what: Mapping[str, Any]) -> ObjectType:
        return self._state.schema.objects[str(what["object"]).lower()]


def _must_stay(obj: ObjectType, name: str) -> bool:
    """Whether every org has the field and every user sees it: the system's own, names, and what the vendor requires."""
    field = obj.fields[name.lower()]
    return field.name_field or (not field.custom and (field.required or field.name in SYSTEM))


def _type(what: Mapping[str, Any]) -> str:
    """A type as a describe tells it, by that word or by the one of the set-up."""
    kind = str(what["type"])
    return TYPES.get(kind, kind.lower())


def _rule(what: Mapping[str, Any]) -> ValidationRule:
    given = msgspec.convert(what, faults.ValidationRule)
    return ValidationRule(given.name, given.formula, given.message, given.field)


def _converted(row: Row, field: Field) -> Row:
    value = row[field.name]
    if field.type not in NUMBERS:
        return {**row, field.name: f"{value:g}" if isinstance(value, float) else str(value)}
    try:
        return {**row, field.name: float(value)}
    except ValueError:
        return {**row, field.name: None}
