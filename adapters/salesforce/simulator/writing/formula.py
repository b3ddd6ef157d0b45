"""Formulas of fields and validation rules: operators, fields of the record and its parents, and common functions.

A formula field beyond this shows blank; a validation rule beyond this is refused.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from .formula_functions import CALLS, Changed, Value, fixed, joined, minus, over, plus, shown, times

__all__ = ["Changed", "Value", "formula", "shown"]

Reach = Callable[[tuple[str, ...]], Value]
TOKEN = re.compile(
    r"""\s*("[^"]*"|'[^']*'|\d+(?:\.\d+)?|[A-Za-z_][\w.]*|<>|<=|>=|!=|==|&&|\|\||[-+*/!=<>&(),])"""
)
STRINGS = re.compile(r"""("[^"]*"|'[^']*')|\s+""")
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "==": operator.eq, "<>": operator.ne, "!=": operator.ne,
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
ADDED: dict[str, Callable[[Value, Value], Value]] = {"&": joined, "+": plus, "-": minus}
MULTIPLIED: dict[str, Callable[[Value, Value], Value]] = {"*": times, "/": over}
CONSTANTS = {"NULL": None, "TRUE": True, "FALSE": False}


class Beyond(ValueError):
    """The formula uses something that is not understood here."""


def formula(text: str, reach: Reach, today: Callable[[], str] | None = None) -> Value | None:
    """How to read the formula from a record; None for a formula beyond this kind.

    `reach` finds a field; `today` is the day, for formulas that may ask for it. What Salesforce shows as #Error!
    (VALUE of a word, a text beside a number) is null. A field by itself is read as `reach` gives it: it cannot fail,
    and of several that show one record above, that record is looked up once.
    """
    try:
        reader = _Reader(text, reach, today)
        return reader.whole() if reader.alone else _safely(reader.whole())
    except Beyond:
        return None


def _safely(value: Value) -> Value:
    def read(row: Any) -> Any:
        try:
            return value(row)
        except (ArithmeticError, TypeError, ValueError, re.error):
            return None

    return read


class _Reader:
    """One method a level: or, and, comparison, sum, product, and the parts."""

    def __init__(self, text: str, reach: Reach, today: Callable[[], str] | None) -> None:
        self._reach, self._today = reach, today
        self._tokens = TOKEN.findall(text)
        if "".join(self._tokens) != STRINGS.sub(lambda m: m[1] or "", text):
            raise Beyond(text)
        self.alone = len(self._tokens) == 1

    def whole(self) -> Value:
        found = self._either()
        if self._tokens:
            raise Beyond(self._tokens[0])
        return found

    def _take(self, mark: str) -> bool:
        if not self._tokens or self._tokens[0] != mark:
            return False
        self._tokens.pop(0)
        return True

    def _either(self) -> Value:
        parts = [self._both()]
        while self._take("||"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else CALLS["OR", 0](*parts)

    def _both(self) -> Value:
        parts = [self._compared()]
        while self._take("&&"):
            parts.append(self._compared())
        return parts[0] if len(parts) == 1 else CALLS["AND", 0](*parts)

    def _compared(self) -> Value:
        left = self._added()
        if self._tokens and self._tokens[0] in COMPARE:
            return _comparing(left, COMPARE[self._tokens.pop(0)], self._added())
        return left

    def _added(self) -> Value:
        return self._row(ADDED, self._multiplied)

    def _multiplied(self) -> Value:
        return self._row(MULTIPLIED, self._atom)

    def _row(self, ways: dict[str, Callable[[Value, Value], Value]], inner: Callable[[], Value]) -> Value:
        left = inner()
        while self._tokens and self._tokens[0] in ways:
            left = ways[self._tokens.pop(0)](left, inner())
        return left

    def _atom(self) -> Value:
        if self._take("("):
            return self._closed(self._either())
        if self._take("!"):
            return CALLS["NOT", 1](self._atom())
        if self._take("-"):
            return minus(fixed(0), self._atom())
        if not self._tokens:
            raise Beyond
        token = self._tokens.pop(0)
        return self._name(token) if token[0].isalpha() or token[0] == "_" else _literal(token)

    def _name(self, token: str) -> Value:
        """A function, a constant or a field."""
        if self._take("("):
            return self._call(token.upper())
        if token.upper() in CONSTANTS:
            return fixed(CONSTANTS[token.upper()])
        return self._reach(tuple(token.split(".")))

    def _call(self, name: str) -> Value:
        if self._take(")"):
            return self._without(name)
        given = [self._either()]
        while self._take(","):
            given.append(self._either())
        make = CALLS.get((name, len(given))) or CALLS.get((name, 0))
        if make is None or (name == "CASE" and (len(given) < 4 or len(given) % 2)):
            raise Beyond(name)
        return self._closed(make(*given))

    def _without(self, name: str) -> Value:
        """A function of nothing."""
        if name == "ISNEW":
            return lambda row: isinstance(row, Changed) and row.before is None
        if name == "TODAY" and self._today is not None:
            today = self._today
            return lambda _row: today()
        raise Beyond(name)

    def _closed(self, found: Value) -> Value:
        if not self._take(")"):
            raise Beyond
        return found


def _literal(token: str) -> Value:
    if token[0] in "\"'":
        return fixed(token[1:-1])
    if token[0].isdigit():
        return fixed(float(token))
    raise Beyond(token)


def _comparing(left: Value, op: Callable[[Any, Any], bool], right: Value) -> Value:
    ordered = op not in {operator.eq, operator.ne}

    def compare(row: Any) -> bool:
        a, b = (None if v == "" else v for v in (left(row), right(row)))
        return False if ordered and (a is None or b is None) else op(a, b)

    return compare
