"""Validation rules: a formula that is true of a record refuses it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ..errors import NOT_IMPLEMENTED, ApiError, RecordError
from ..schema.schema import ObjectType, Schema, ValidationRule
from ..soql.paths import SystemPaths
from .formula import Changed, Value, formula
from .rows import Row, Rows


class Rules:
    def __init__(self, schema: Schema, rows: Rows, now: Callable[[], datetime]) -> None:
        self._paths, self._now = SystemPaths(schema, rows, now), now
        self._read: dict[tuple[str, str], Value] = {}

    def check(self, obj: ObjectType, before: Row | None, after: Row) -> None:
        """Raises RecordError FIELD_CUSTOM_VALIDATION_EXCEPTION at the first active rule that is broken."""
        if not obj.rules:
            return
        row = Changed(after)
        row.before = before
        for rule in obj.rules.values():
            if rule.active and self._broken(obj, rule)(row):
                fields = [rule.field] if rule.field else []
                raise RecordError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields)

    def understood(self, obj: ObjectType, rule: ValidationRule) -> bool:
        """Whether the formula is of the kind that is simulated, over fields that are there."""
        try:
            self._broken(obj, rule)
        except RecordError:
            return False
        return True

    def _broken(self, obj: ObjectType, rule: ValidationRule) -> Value:
        """The rule as a function. Raises RecordError NOT_IMPLEMENTED for a formula beyond what is simulated."""
        key = (obj.name, rule.formula)
        if key not in self._read:
            try:
                found = formula(rule.formula, lambda path: self._paths.reach(obj, path).get, self._today)
            except ApiError:  # a field that is not there
                found = None
            if found is None:
                raise RecordError(
                    NOT_IMPLEMENTED, f"The formula of the validation rule {rule.name} is not simulated."
                )
            self._read[key] = found
        return self._read[key]

    def _today(self) -> str:
        return self._now().date().isoformat()
