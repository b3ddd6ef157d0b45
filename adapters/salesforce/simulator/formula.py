"""Formula fields: IF, ISBLANK, TEXT, AND, OR, NOT, comparisons, `&`, fields of the record and its parents.

A formula beyond this shows blank.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

Value = Callable[[Any], Any]
Reach = Callable[[tuple[str, ...]], Value]
TOKEN = re.compile(r'\s*("[^"]*"|\d+(?:\.\d+)?|[A-Za-z_][\w.]*|<>|<=|>=|[=<>&(),])')
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip


class Beyond(ValueError):
    """The formula uses something that is not understood here."""


def formula(text: str, reach: Reach) -> Value | None:
    """How to read the formula from a record; None for a formula beyond this kind."""
    try:
        return _Reader(text, reach).whole()
    except Beyond:
        return None


class _Reader:
    def __init__(self, text: str, reach: Reach) -> None:
        self._reach = reach
        self._tokens = TOKEN.findall(text)
        if "".join(self._tokens) != re.sub(r'("[^"]*")|\s+', lambda m: m[1] or "", text):
            raise Beyond(text)

    def whole(self) -> Value:
        found = self._compared()
        if self._tokens:
            raise Beyond(self._tokens[0])
        return found

    def _take(self, mark: str) -> bool:
        if not self._tokens or self._tokens[0] != mark:
            return False
        self._tokens.pop(0)
        return True

    def _compared(self) -> Value:
        left = self._joined()
        if self._tokens and self._tokens[0] in COMPARE:
            return _comparing(left, COMPARE[self._tokens.pop(0)], self._joined())
        return left

    def _joined(self) -> Value:
        parts = [self._atom()]
        while self._take("&"):
            parts.append(self._atom())
        return parts[0] if len(parts) == 1 else lambda row: "".join(shown(part(row)) for part in parts)

    def _atom(self) -> Value:
        if self._take("("):
            found = self._compared()
            return self._closed(found)
        if not self._tokens:
            raise Beyond
        token = self._tokens.pop(0)
        if token[0] == '"':
            return _fixed(token[1:-1])
        if token[0].isdigit():
            return _fixed(float(token))
        if self._take("("):
            return self._call(token.upper())
        if token.upper() == "NULL":
            return _fixed(None)
        return self._reach(tuple(token.split(".")))

    def _call(self, name: str) -> Value:
        given = [self._compared()]
        while self._take(","):
            given.append(self._compared())
        make = CALLS.get((name, len(given))) or CALLS.get((name, 0))
        if make is None:
            raise Beyond(name)
        return self._closed(make(*given))

    def _closed(self, found: Value) -> Value:
        if not self._take(")"):
            raise Beyond
        return found


def _fixed(value: Any) -> Value:
    return lambda _row: value


def _comparing(left: Value, op: Callable[[Any, Any], bool], right: Value) -> Value:
    def compare(row: Any) -> bool:
        a, b = left(row), right(row)
        ordered = op not in {operator.eq, operator.ne}
        return False if ordered and (a is None or b is None) else op(a, b)

    return compare


def shown(value: Any) -> str:
    """A value as TEXT() writes it."""
    if value is None:
        return ""
    return f"{value:.15g}" if isinstance(value, float) else str(value)


CALLS: dict[tuple[str, int], Callable[..., Value]] = {
    ("IF", 3): lambda test, yes, no: lambda row: yes(row) if test(row) else no(row),
    ("ISBLANK", 1): lambda value: lambda row: value(row) in {None, ""},
    ("BLANKVALUE", 2): lambda value, other: (
        lambda row: other(row) if value(row) in {None, ""} else value(row)
    ),
    ("TEXT", 1): lambda value: lambda row: shown(value(row)),
    ("NOT", 1): lambda value: lambda row: not value(row),
    ("AND", 0): lambda *tests: lambda row: all(test(row) for test in tests),
    ("OR", 0): lambda *tests: lambda row: any(test(row) for test in tests),
    ("ISPICKVAL", 2): lambda value, other: lambda row: shown(value(row)) == shown(other(row)),
}
