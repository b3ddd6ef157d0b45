"""WHERE and HAVING as Python functions: of a record, or of a group of records."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from ..schema.schema import IDS, TEXTS, Field
from .abilities import filterable
from .literals import check_kind, days, stored
from .query_error import QueryError, malformed
from .scope import Value
from .syntax import Among, Both, Call, Condition, Literal, Not, Operand, Query

Test = Callable[[Any], bool]
Read = Callable[[Any], Any]
OPS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
UNORDERED = frozenset({"boolean", "multipicklist"})
SELECTED_ONLY = frozenset(
    {"CONVERTCURRENCY", "FORMAT"}
)  # vendor: "in the SELECT statement"; in WHERE an error
SEMI_JOIN = "Semi-joins are only supported in WHERE clauses"


class Filters:
    """Compiles conditions once; `value` resolves an operand, `semi_join` gives the values of IN ( SELECT … )."""

    def __init__(
        self,
        value: Callable[[Operand], Value],
        today: date,
        semi_join: Callable[[Among], set[Any]] | None = None,
    ) -> None:
        self._value, self._today, self._semi_join = value, today, semi_join

    def compile(self, condition: Condition) -> Test:
        """Raises QueryError INVALID_FIELD and its like."""
        if isinstance(condition, Both):
            return _both(condition.op, [self.compile(c) for c in condition.of])
        if isinstance(condition, Not):
            inner = self.compile(condition.of)
            return lambda row: not inner(row)
        if isinstance(condition.left, Call) and condition.left.name in SELECTED_ONLY:
            raise malformed(f"unexpected token: '{condition.left.name}'", condition.left.at)
        field, get = self._value(condition.left)
        if not filterable(field):
            why = f"field '{field.name}' can not be filtered in a query call"
            raise QueryError("INVALID_FIELD", why, condition.left.at)
        if isinstance(condition, Among):
            return self._among(condition, field, get)
        return self._compare(field, get, condition.op, condition.right, condition.left.at)

    def _compare(self, field: Field, get: Read, op: str, right: Literal, at: int) -> Test:
        if (op in OPS and field.type in UNORDERED) or (op == "LIKE" and field.type not in TEXTS):
            raise _invalid_operator(field, at)
        if right.kind == "period":
            check_kind(field, right, at)
            return _within(get, op, days(field, right, self._today))
        if op == "LIKE":
            check_kind(field, right, at)  # NULL is no pattern
            return _like(get, stored(field, right, at))
        value = stored(field, right, at)
        if _folds(field):
            value, get = _folded(value), _folding(get)
        if op == "=":
            return lambda row: get(row) == value
        if op == "!=":
            return lambda row: get(row) != value
        return _ordered(get, OPS[op], value)

    def _among(self, condition: Among, field: Field, get: Read) -> Test:
        right, at = condition.right, condition.left.at
        if isinstance(right, Query):
            if self._semi_join is None:
                raise malformed(SEMI_JOIN, at)
            return _member(field, get, self._semi_join(condition), condition.op)
        if condition.op in {"INCLUDES", "EXCLUDES"}:
            if field.type != "multipicklist":
                raise _invalid_operator(field, at)
            return _includes(get, {stored(field, r, at) for r in right}, condition.op == "INCLUDES")
        if any(r.kind == "period" for r in right):
            found = _both("OR", [self._compare(field, get, "=", r, at) for r in right])
            return found if condition.op == "IN" else lambda row: not found(row)
        return _member(field, get, {stored(field, r, at) for r in right}, condition.op)


def _invalid_operator(field: Field, at: int) -> QueryError:
    kind = "id" if field.type in IDS else field.type
    return QueryError("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {kind} field", at)


def _folds(field: Field) -> bool:
    return field.type in TEXTS and not field.case_sensitive


def _both(op: str, tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]
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


def _folding(get: Read) -> Read:
    def folded(row: Any) -> Any:
        value = get(row)
        return value.lower() if value is not None else None

    return folded


def _member(field: Field, get: Read, values: set[Any], op: str) -> Test:
    if _folds(field):
        values, get = {_folded(v) for v in values}, _folding(get)
    if op == "IN":
        return lambda row: get(row) in values
    return lambda row: get(row) not in values


def _ordered(get: Read, op: Callable[[Any, Any], bool], value: Any) -> Test:
    def test(row: Any) -> bool:
        found = get(row)
        return found is not None and value is not None and op(found, value)

    return test


def _within(get: Read, op: str, span: tuple[str, str]) -> Test:
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

    def within(row: Any) -> bool:
        value = get(row)
        return op == "!=" if value is None else test(value)

    return within


def _like(get: Read, value: Any) -> Test:
    parts = re.findall(r"\\[_%]|.", str(value or ""), re.DOTALL)
    wild = {"%": ".*", "_": "."}
    pattern = re.compile("".join(wild.get(p) or re.escape(p[-1]) for p in parts), re.IGNORECASE | re.DOTALL)

    def like(row: Any) -> bool:
        found = get(row)
        return found is not None and pattern.fullmatch(found) is not None

    return like


def _includes(get: Read, values: set[Any], wanted: bool) -> Test:
    sets = [frozenset(str(v).split(";")) for v in values]

    def includes(row: Any) -> bool:
        held = frozenset((get(row) or "").split(";"))
        return any(s <= held for s in sets) is wanted

    return includes
