"""What the names in a query mean: its object, its alias, and the functions of its fields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..schema.schema import Field, ObjectType
from ..writing.rows import Row
from .functions import DATE_PARTS, DatePart, shows
from .operands import AGGREGATES
from .paths import Getter, Paths, Reached
from .query_error import QueryError, malformed
from .syntax import Call, Column, Operand


class Value(NamedTuple):
    """Something to compare, group or order by: its type as that of a field, and how to read it."""

    field: Field
    get: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Scope:
    paths: Paths
    object: ObjectType
    alias: str | None = None

    def reach(self, column: Column) -> Reached:
        """Raises QueryError INVALID_FIELD."""
        return self.paths.reach(self.object, column.path, self.alias, column.at)

    def value(self, operand: Operand) -> Value:
        """A field or a function of one, from a record. Raises QueryError."""
        if isinstance(operand, Column):
            reached = self.reach(operand)
            return Value(reached.field, reached.get)
        if operand.name in AGGREGATES:
            raise malformed(f"Aggregate expressions are not allowed here: {operand.text}", operand.at)
        if operand.name in DATE_PARTS:
            return self._date_part(operand, DATE_PARTS[operand.name])
        reached = self.reach(operand.column)
        return Value(reached.field, self.shown(operand, reached.field, reached.get))

    def shown(self, call: Call, field: Field, get: Getter) -> Getter:
        """What toLabel, FORMAT, convertCurrency or convertTimezone makes of what `get` reads from a record.

        Raises QueryError.
        """
        inner = self.shown(call.of, field, get) if isinstance(call.of, Call) else get
        if call.name == "CONVERTCURRENCY" and field.type != "currency":
            why = f"field {field.name} does not support function convertCurrency"
            raise QueryError("INVALID_FIELD", why, call.at)
        show = self.paths.converter(call.at) if call.name == "CONVERTCURRENCY" else shows(call.name, field)
        return lambda row: show(inner(row), row.get("CurrencyIsoCode"))

    def _date_part(self, call: Call, part: DatePart) -> Value:
        reached = self.reach(call.column)
        if not part.takes(reached.field):
            why = f"field {reached.field.name} does not support function {call.name.lower()}"
            raise QueryError("INVALID_FIELD", why, call.at)
        get, of = reached.get, part.of

        def read(row: Row) -> Any:
            value = get(row)
            return None if value is None else of(value)

        return Value(Field(call.text, part.type, call.text), read)
