"""Functions and operators of formulas, over values as records hold them: dates are text, empty is null."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

Value = Callable[[Any], Any]
DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Changed(dict[str, Any]):
    """A record together with what it was before; None for a new one."""

    before: dict[str, Any] | None = None


def fixed(value: Any) -> Value:
    return lambda _row: value


def shown(value: Any) -> str:
    """A value as TEXT() writes it."""
    if value is None:
        return ""
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def joined(left: Value, right: Value) -> Value:
    return lambda row: shown(left(row)) + shown(right(row))


def plus(left: Value, right: Value) -> Value:
    def add(a: Any, b: Any) -> Any:
        if _is_day(a):
            return _moved(a, b)
        return shown(a) + shown(b) if isinstance(a, str) or isinstance(b, str) else a + b

    return _of_two(left, right, add)


def minus(left: Value, right: Value) -> Value:
    def subtract(a: Any, b: Any) -> Any:
        if _is_day(a):
            both = _is_day(b)
            return (date.fromisoformat(a) - date.fromisoformat(b)).days if both else _moved(a, -b)
        return a - b

    return _of_two(left, right, subtract)


def times(left: Value, right: Value) -> Value:
    return _of_two(left, right, lambda a, b: a * b)


def over(left: Value, right: Value) -> Value:
    return _of_two(left, right, lambda a, b: a / b if b else None)


def _of_two(left: Value, right: Value, act: Callable[[Any, Any], Any]) -> Value:
    """Nothing comes of nothing."""

    def both(row: Any) -> Any:
        a, b = left(row), right(row)
        return None if a is None or b is None else act(a, b)

    return both


def _is_day(value: Any) -> bool:
    return isinstance(value, str) and DAY.fullmatch(value) is not None


def _moved(day: str, by: float) -> str:
    return (date.fromisoformat(day) + timedelta(days=int(by))).isoformat()


def _blank(value: Any) -> bool:
    return value is None or value == ""


def _before(value: Value) -> Value:
    """What the value was; what it is where there was no change."""

    def prior(row: Any) -> Any:
        held = row.before if isinstance(row, Changed) else None
        return value(row if held is None else held)

    return prior


def _changed(value: Value) -> Value:
    prior = _before(value)
    return lambda row: value(row) != prior(row)


def _case(*given: Value) -> Value:
    """CASE(value, match, result, …, else)."""

    def choose(row: Any) -> Any:
        wanted = given[0](row)
        for match, result in zip(given[1:-1:2], given[2:-1:2], strict=True):
            if match(row) == wanted:
                return result(row)
        return given[-1](row)

    return choose


def _of_one(value: Value, work: Callable[[Any], Any]) -> Value:
    """Nothing of nothing."""

    def read(row: Any) -> Any:
        found = value(row)
        return None if _blank(found) else work(found)

    return read


CALLS: dict[tuple[str, int], Callable[..., Value]] = {
    ("IF", 3): lambda test, yes, no: lambda row: yes(row) if test(row) else no(row),
    ("CASE", 0): _case,
    ("ISBLANK", 1): lambda value: lambda row: _blank(value(row)),
    ("ISNULL", 1): lambda value: lambda row: _blank(value(row)),
    ("BLANKVALUE", 2): lambda value, other: lambda row: other(row) if _blank(value(row)) else value(row),
    ("TEXT", 1): lambda value: lambda row: shown(value(row)),
    ("NOT", 1): lambda value: lambda row: not value(row),
    ("AND", 0): lambda *tests: lambda row: all(test(row) for test in tests),
    ("OR", 0): lambda *tests: lambda row: any(test(row) for test in tests),
    ("ISPICKVAL", 2): lambda value, other: lambda row: shown(value(row)) == shown(other(row)),
    ("INCLUDES", 2): lambda value, part: lambda row: shown(part(row)) in shown(value(row)).split(";"),
    ("CONTAINS", 2): lambda value, part: lambda row: shown(part(row)) in shown(value(row)),
    ("BEGINS", 2): lambda value, part: lambda row: shown(value(row)).startswith(shown(part(row))),
    ("LEN", 1): lambda value: lambda row: len(shown(value(row))),
    ("LOWER", 1): lambda value: lambda row: shown(value(row)).lower(),
    ("UPPER", 1): lambda value: lambda row: shown(value(row)).upper(),
    ("REGEX", 2): lambda value, form: lambda row: re.fullmatch(form(row), shown(value(row))) is not None,
    ("NULLVALUE", 2): lambda value, other: lambda row: other(row) if _blank(value(row)) else value(row),
    ("DATEVALUE", 1): lambda value: _of_one(value, lambda v: str(v)[:10]),
    ("YEAR", 1): lambda value: _of_one(value, lambda v: int(v[:4])),
    ("MONTH", 1): lambda value: _of_one(value, lambda v: int(v[5:7])),
    ("DAY", 1): lambda value: _of_one(value, lambda v: int(v[8:10])),
    ("ABS", 1): lambda value: _of_one(value, abs),
    ("VALUE", 1): lambda value: _of_one(value, float),
    ("PRIORVALUE", 1): _before,
    ("ISCHANGED", 1): _changed,
}
