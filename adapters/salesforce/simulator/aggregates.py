"""COUNT, SUM, AVG, MIN, MAX and GROUP BY."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .errors import ApiError, malformed
from .filters import OPS
from .paths import Getter, Paths
from .rows import Row
from .schema import ObjectType
from .soql import AGGREGATES
from .syntax import All, Both, Call, Column, Compare, Condition, Not, Order, Query

Line = tuple[Any, ...]


def is_aggregate(query: Query) -> bool:
    calls = [i for i in query.items if isinstance(i, Call) and i.name in AGGREGATES]
    return bool(calls or query.group)


class Aggregator:
    """One aggregate query over filtered records."""

    def __init__(self, paths: Paths, obj: ObjectType, query: Query) -> None:
        self._paths, self._obj, self._query = paths, obj, query
        self._group = [self._getter(g) for g in query.group]
        self._names = self._check()

    def run(self, rows: Iterable[Row]) -> list[dict[str, Any]]:
        """One record a group, ordered and limited."""
        groups: dict[Line, list[Row]] = {} if self._group else {(): []}
        for row in rows:
            groups.setdefault(tuple(get(row) for get in self._group), []).append(row)
        kept = [members for members in groups.values() if self._having(self._query.having, members)]
        for order in reversed(self._query.order):
            kept.sort(key=self._sort_key(order), reverse=order.down)
        last = None if self._query.limit is None else self._query.offset + self._query.limit
        return [self._record(members) for members in kept[self._query.offset : last]]

    def _check(self) -> list[str]:
        grouped = {g.text.lower() for g in self._query.group if isinstance(g, Column)}
        names: list[str] = []
        unnamed = 0
        for item in self._query.items:
            if isinstance(item, (All, Query)):
                raise malformed(self._query.text, 0, "a grouped query has only fields and aggregates")
            if isinstance(item, Column) and item.text.lower() not in grouped:
                raise malformed(
                    self._query.text, item.at, f"Field must be grouped or aggregated: {item.text}"
                )
            if isinstance(item, Column):
                names.append(
                    item.alias or self._paths.reach(self._obj, item.path, self._query.alias).field.name
                )
            else:
                names.append(item.alias or f"expr{unnamed}")
                unnamed += item.alias is None
        return names

    def _getter(self, what: Column | Call) -> Getter:
        column = what if isinstance(what, Column) else what.column
        if column is None:
            return lambda _row: 1
        get = self._paths.reach(self._obj, column.path, self._query.alias).get
        if isinstance(what, Call) and what.name in DATE_PARTS:
            part = DATE_PARTS[what.name]
            return lambda row: None if get(row) is None else part(get(row))
        return get

    def _value(self, what: Column | Call, members: list[Row]) -> Any:
        get = self._getter(what)
        if isinstance(what, Column) or what.name in DATE_PARTS:
            return get(members[0]) if members else None
        return FOLDS[what.name]([v for v in map(get, members) if v is not None])

    def _record(self, members: list[Row]) -> dict[str, Any]:
        made: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
        for name, item in zip(self._names, self._query.items, strict=True):
            assert isinstance(item, (Column, Call))
            made[name] = self._value(item, members)
        return made

    def _sort_key(self, order: Order) -> Callable[[list[Row]], Any]:
        named = [
            i
            for i in self._query.items
            if isinstance(i, (Column, Call))
            and i.alias
            and isinstance(order.by, Column)
            and i.alias == order.by.text
        ]
        what = named[0] if named else order.by

        def key(members: list[Row]) -> Any:
            value = self._value(what, members)
            return (value is not None, value)

        return key

    def _having(self, condition: Condition | None, members: list[Row]) -> bool:
        if condition is None:
            return True
        if isinstance(condition, Both):
            results = [self._having(c, members) for c in condition.of]
            return all(results) if condition.op == "AND" else any(results)
        if isinstance(condition, Not):
            return not self._having(condition.of, members)
        if not isinstance(condition, Compare):
            raise ApiError(400, "MALFORMED_QUERY", "HAVING compares aggregates with numbers")
        return _compare(self._value(condition.left, members), condition)


def _compare(value: Any, condition: Compare) -> bool:
    right: Any = float(condition.right.text) if condition.right.kind == "number" else condition.right.text
    if condition.op in {"=", "!="}:
        return (value == right) is (condition.op == "=")
    return value is not None and OPS[condition.op](value, right)


def _mean(values: list[Any]) -> float | None:
    return sum(values) / len(values) if values else None


FOLDS: dict[str, Callable[[list[Any]], Any]] = {
    "COUNT": len,
    "COUNT_DISTINCT": lambda values: len(set(values)),
    "SUM": lambda values: sum(values) if values else None,
    "AVG": _mean,
    "MIN": lambda values: min(values, default=None),
    "MAX": lambda values: max(values, default=None),
}
DATE_PARTS: dict[str, Callable[[str], Any]] = {
    "CALENDAR_YEAR": lambda text: int(text[:4]),
    "CALENDAR_MONTH": lambda text: int(text[5:7]),
    "CALENDAR_QUARTER": lambda text: (int(text[5:7]) + 2) // 3,
    "DAY_IN_MONTH": lambda text: int(text[8:10]),
    "DAY_ONLY": lambda text: text[:10],
}
