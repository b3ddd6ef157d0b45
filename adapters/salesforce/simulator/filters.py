"""WHERE as a Python function of a record."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from .errors import ApiError
from .ids import full_id
from .paths import Getter, Paths
from .periods import period
from .rows import Row
from .schema import IDS, NUMBERS, TEXTS, Field, ObjectType
from .syntax import Among, Both, Call, Column, Compare, Condition, Literal, Not, Query
from .times import time_text

Test = Callable[[Row], bool]
OPS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
WANTED = {"number": NUMBERS, "boolean": {"boolean"}, "date": {"date"}, "datetime": {"datetime"}}
WANTED |= {"string": TEXTS | IDS, "period": {"date", "datetime"}}
LONG_TEXT = 255


class Filters:
    """Compiles conditions. `semi_join` gives the values of a query in IN ( SELECT … )."""

    def __init__(self, paths: Paths, today: date, semi_join: Callable[[Query], set[Any]]) -> None:
        self._paths, self._today, self._semi_join = paths, today, semi_join

    def compile(self, condition: Condition, obj: ObjectType, alias: str | None) -> Test:
        """Raises ApiError INVALID_FIELD and its like."""
        if isinstance(condition, Both):
            return _both(condition.op, [self.compile(c, obj, alias) for c in condition.of])
        if isinstance(condition, Not):
            inner = self.compile(condition.of, obj, alias)
            return lambda row: not inner(row)
        if isinstance(condition, Among):
            return self._among(condition, obj, alias)
        return self._compare(condition, obj, alias)

    def _compare(self, condition: Compare, obj: ObjectType, alias: str | None) -> Test:
        left = condition.left
        if isinstance(left, Call):
            raise ApiError(400, "MALFORMED_QUERY", f"{left.name} is not allowed in this filter")
        field, get = self._left(left, obj, alias)
        return self.test(field, get, condition.op, condition.right)

    def test(self, field: Field, get: Getter, op: str, right: Literal) -> Test:
        """The comparison of one value with a literal."""
        if right.kind == "period":
            return _within(get, op, self._period(field, right))
        value = literal(field, right)
        if op == "LIKE":
            return _like(field, get, value)
        if field.type in TEXTS:
            value, get = _folded(value), _folding(get)
        if op == "=":
            return lambda row: get(row) == value
        if op == "!=":
            return lambda row: get(row) != value
        return _ordered(get, OPS[op], value)

    def _left(self, column: Column, obj: ObjectType, alias: str | None) -> tuple[Field, Getter]:
        reached = self._paths.reach(obj, column.path, alias)
        field = reached.field
        if field.type == "textarea" and field.length > LONG_TEXT:
            raise ApiError(
                400, "INVALID_FIELD", f"\nfield '{field.name}' can not be filtered in a query call"
            )
        return field, reached.get

    def _among(self, condition: Among, obj: ObjectType, alias: str | None) -> Test:
        field, get = self._left(condition.left, obj, alias)
        if isinstance(condition.right, Query):
            values = self._semi_join(condition.right)
        else:
            values = {literal(field, right) for right in condition.right}
        if condition.op in {"INCLUDES", "EXCLUDES"}:
            return _includes(get, values, condition.op == "INCLUDES")
        if field.type in TEXTS:
            values, get = {_folded(v) for v in values}, _folding(get)
        if condition.op == "IN":
            return lambda row: get(row) in values
        return lambda row: get(row) not in values

    def _period(self, field: Field, right: Literal) -> tuple[str, str]:
        found = period(right.text, self._today)
        if found is None:
            raise ApiError(
                400,
                "MALFORMED_QUERY",
                f"\nERROR at Row:1:Column:{right.at + 1}\nunexpected token: '{right.text}'",
            )
        _check_kind(field, right)
        if field.type == "date":
            return found[0].isoformat(), found[1].isoformat()
        return time_text(found[0].isoformat()), time_text(found[1].isoformat())


def literal(field: Field, right: Literal) -> Any:
    """The literal as the field's stored value. Raises ApiError for another type."""
    if right.kind == "null":
        return None
    _check_kind(field, right)
    if field.type in IDS:
        return _id(right.text)
    if right.kind == "number":
        return float(right.text)
    if right.kind == "boolean":
        return right.text == "TRUE"
    if right.kind == "datetime":
        return time_text(right.text)
    return right.text if right.kind != "string" else right.text or None


def _id(text: str) -> str:
    found = full_id(text)
    if found is None and text:
        raise ApiError(400, "INVALID_QUERY_FILTER_OPERATOR", f"\ninvalid ID field: {text}")
    return found or ""


def _check_kind(field: Field, right: Literal) -> None:
    if field.type in WANTED[right.kind]:
        return
    quoted = field.type in TEXTS | IDS
    raise ApiError(
        400,
        "INVALID_FIELD",
        f"\nERROR at Row:1:Column:{right.at + 1}\nvalue of filter criterion for field '{field.name}' must be of "
        f"type {field.type} and should {'' if quoted else 'not '}be enclosed in quotes",
    )


def _both(op: str, tests: list[Test]) -> Test:
    if len(tests) == 2:
        first, second = tests
        if op == "AND":
            return lambda row: first(row) and second(row)
        return lambda row: first(row) or second(row)
    if op == "AND":
        return lambda row: all(test(row) for test in tests)
    return lambda row: any(test(row) for test in tests)


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _folding(get: Getter) -> Getter:
    def folded(row: Row) -> Any:
        value = get(row)
        return value.lower() if value is not None else None

    return folded


def _ordered(get: Getter, op: Callable[[Any, Any], bool], value: Any) -> Test:
    def test(row: Row) -> bool:
        found = get(row)
        return found is not None and value is not None and op(found, value)

    return test


def _within(get: Getter, op: str, span: tuple[str, str]) -> Test:
    first, after = span
    tests: dict[str, Callable[[str], bool]] = {
        "=": lambda v: first <= v < after,
        "!=": lambda v: not first <= v < after,
        "<": lambda v: v < first,
        "<=": lambda v: v < after,
        ">": lambda v: v >= after,
        ">=": lambda v: v >= first,
    }
    test = tests[op]

    def within(row: Row) -> bool:
        value = get(row)
        return op == "!=" if value is None else test(value)

    return within


def _like(field: Field, get: Getter, value: Any) -> Test:
    if field.type not in TEXTS:
        raise ApiError(400, "INVALID_QUERY_FILTER_OPERATOR", "\ninvalid operator on id field")
    parts = re.findall(r"\\[_%]|.", str(value or ""), re.DOTALL)
    wild = {"%": ".*", "_": "."}
    pattern = re.compile("".join(wild.get(p) or re.escape(p[-1]) for p in parts), re.IGNORECASE | re.DOTALL)

    def like(row: Row) -> bool:
        found = get(row)
        return found is not None and pattern.fullmatch(found) is not None

    return like


def _includes(get: Getter, values: set[Any], wanted: bool) -> Test:
    sets = [frozenset(str(v).split(";")) for v in values]

    def includes(row: Row) -> bool:
        held = frozenset((get(row) or "").split(";"))
        return any(s <= held for s in sets) is wanted

    return includes
