"""GROUP BY, its ROLLUP and CUBE, HAVING, and queries for one aggregate over all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations
from typing import Any

from ..schema.schema import Field
from ..writing.rows import Row
from .abilities import filterable, groupable, sortable
from .filters import Filters
from .folds import FOLDS
from .functions import WRAPPERS, shows
from .ordering import order_by
from .paths import Getter
from .query_error import QueryError, malformed
from .scope import Scope, Value
from .syntax import All, Call, Column, Operand, Order, Query, TypeOf

Line = tuple[Any, ...]
MOST_GROUPED = 3


@dataclass(frozen=True, slots=True)
class Grouped:
    """One group: the values of the grouped fields, those of them that are rolled up, and the records."""

    key: Line
    rolled: frozenset[int]
    members: list[Row]


class Aggregator:
    """One aggregate query, compiled. Raises QueryError."""

    def __init__(self, query: Query, scope: Scope, today: date) -> None:
        self._query, self._scope = query, scope
        self._keys = [self._key(operand) for operand in query.group.by]
        self._places = {_name(operand, scope): n for n, operand in enumerate(query.group.by)}
        self._parts = self._named()
        having = query.having
        self._having = Filters(self._value, today).compile(having) if having else None
        self._orders = [(self._ordered(order), order) for order in query.order]
        _check_ungrouped(query)

    def run(self, rows: Iterable[Row]) -> list[dict[str, Any]]:
        """One record a group, ordered; not yet limited."""
        groups = list(self._groups(list(rows)))
        if self._having:
            groups = [g for g in groups if self._having(g)]
        return [self._record(g) for g in order_by(groups, self._orders)]

    def columns(self) -> list[tuple[str, Operand, Field]]:
        """The keys of an answer's record, what they show, and its type."""
        return [(name, operand, value.field) for name, operand, value in self._parts]

    def _groups(self, rows: list[Row]) -> Iterator[Grouped]:
        gets = [value.get for value in self._keys]
        for rolled in _sets(len(gets), self._query.group.kind):
            whole = len(rolled) == len(gets)
            found: dict[Line, list[Row]] = (
                {(None,) * len(gets): rows} if whole else _split(rows, gets, rolled)
            )
            yield from (Grouped(key, rolled, members) for key, members in found.items())

    def _key(self, operand: Operand) -> Value:
        value = self._scope.value(operand)
        if isinstance(operand, Column) and not groupable(value.field):
            raise malformed(f"field '{value.field.name}' can not be grouped in a query call", operand.at)
        return value

    def _named(self) -> list[tuple[str, Operand, Value]]:
        """What the answer shows, each under its alias, its name or expr0, expr1 …"""
        found: list[tuple[str, Operand, Value]] = []
        unnamed = 0
        for item in self._query.items:
            if isinstance(item, (All, Query, TypeOf)):
                raise malformed("Grouped queries select only fields and aggregate expressions", item.at)
            value = self._value(item)
            name = item.alias or (value.field.name if isinstance(item, Column) else f"expr{unnamed}")
            unnamed += isinstance(item, Call) and not item.alias
            if any(name.lower() == other.lower() for other, _, _ in found):
                raise malformed(f"duplicate alias: {name}", item.at)
            found.append((name, item, value))
        return found

    def _value(self, operand: Operand) -> Value:
        """A grouped field or an aggregate expression, of a group. Raises QueryError."""
        place = self._places.get(_name(operand, self._scope))
        if place is not None:
            return Value(self._keys[place].field, lambda group: group.key[place])
        if isinstance(operand, Call) and operand.name in FOLDS:
            return self._fold(operand)
        if isinstance(operand, Call) and operand.name == "GROUPING":
            return self._grouping(operand)
        if isinstance(operand, Call) and operand.name in WRAPPERS:
            return self._wrapped(operand)
        self._scope.value(operand)
        raise malformed(f"Field must be grouped or aggregated: {operand.text}", operand.at)

    def _fold(self, call: Call) -> Value:
        field, get = self._scope.value(call.of)
        fold = FOLDS[call.name]
        if not fold.takes(field) or not filterable(field):
            raise malformed(f"field {field.name} does not support aggregate operator {call.name}", call.at)

        def read(group: Grouped) -> Any:
            return fold.of([v for v in map(get, group.members) if v is not None])

        return Value(replace(field, type=fold.type or field.type, formula=None), read)

    def _grouping(self, call: Call) -> Value:
        place = self._places.get(_name(call.of, self._scope))
        if place is None or not self._query.group.kind:
            raise malformed("GROUPING is for the fields of GROUP BY ROLLUP or CUBE", call.at)
        return Value(Field("GROUPING", "int", "GROUPING"), lambda group: int(place in group.rolled))

    def _wrapped(self, call: Call) -> Value:
        field, get = self._value(call.of)
        show = shows(call.name, field)
        return Value(field, lambda group: show(get(group), None))

    def _ordered(self, order: Order) -> Value:
        aliased = {item.alias.lower(): item for _, item, _ in self._parts if item.alias}
        by = order.by
        what = aliased.get(by.text.lower(), by) if isinstance(by, Column) else by
        try:
            value = self._value(what)
        except QueryError as bad:
            raise malformed(bad.message.replace("Field must", "Ordered field must", 1), by.at) from None
        if not sortable(value.field):
            raise malformed(f"field '{value.field.name}' can not be sorted in a query call", by.at)
        return value

    def _record(self, group: Grouped) -> dict[str, Any]:
        made: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
        for name, _, value in self._parts:
            made[name] = value.get(group)
        return made


def _split(rows: list[Row], gets: list[Getter], rolled: frozenset[int]) -> dict[Line, list[Row]]:
    """The records by the values of the fields that are not rolled up."""
    found: dict[Line, list[Row]] = {}
    for row in rows:
        key = tuple(None if n in rolled else get(row) for n, get in enumerate(gets))
        found.setdefault(key, []).append(row)
    return found


def _sets(count: int, kind: str) -> list[frozenset[int]]:
    """Which of the grouped fields are rolled up, for every kind of row in the answer."""
    if kind == "ROLLUP":
        return [frozenset(range(n, count)) for n in range(count, -1, -1)]
    if kind == "CUBE":
        return [frozenset(c) for n in range(count + 1) for c in combinations(range(count), n)]
    return [frozenset()]


def _name(operand: Operand, scope: Scope) -> str:
    """The same text for the same field, however the query writes it."""
    if isinstance(operand, Call):
        return f"{operand.name}({_name(operand.of, scope)})"
    return scope.reach(operand).name


def _check_ungrouped(query: Query) -> None:
    if query.group.kind and len(query.group.by) > MOST_GROUPED:
        raise malformed(f"GROUP BY {query.group.kind} takes at most {MOST_GROUPED} fields", query.at)
    if not query.group.by and query.limit is not None:
        why = "Non-grouped query that uses overall aggregate functions cannot also use LIMIT"
        raise malformed(why, query.at)
