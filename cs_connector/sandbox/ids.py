"""Ids as each kind of system writes them, made from a number: the same number, the same id."""

from __future__ import annotations

from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase, digits

_DIGITS = digits + ascii_uppercase + ascii_lowercase
_CHECKS = ascii_uppercase + "012345"
_POD = "8d0"  # not the one in which the simulated org makes its own records


@lru_cache(maxsize=200_000)
def _check(group: str) -> str:
    return _CHECKS[sum(1 << n for n, c in enumerate(group) if "A" <= c <= "Z")]


def sales_id(prefix: str, number: int) -> str:
    """18 characters: key prefix, number in base 62, and the three that make it safe from case."""
    tail = ""
    while number:
        number, digit = divmod(number, 62)
        tail = _DIGITS[digit] + tail
    short = prefix + _POD + tail.rjust(9, "0")
    return short + _check(short[:5]) + _check(short[5:10]) + _check(short[10:])


_MARKETING = {
    "companies": 9_104_000_001,
    "contacts": 51_300_000_001,
    "feedback_submissions": 330_000_000_001,
    "deals": 18_700_000_001,
    "owners": 71_204_501,
}
_SERVICE = {
    "organizations": 4_601_000_000_001,
    "users": 4_602_000_000_001,
    "tickets": 1_001,
    "satisfaction_ratings": 4_604_000_000_001,
}


def marketing_id(object_name: str, number: int) -> str:
    """Digits, as text."""
    return str(_MARKETING[object_name] + number)


def service_id(object_name: str, number: int) -> int:
    return _SERVICE[object_name] + number
