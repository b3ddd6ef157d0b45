"""Record ids: 15 characters that mind case, and the 18 that do not need to."""

from __future__ import annotations

import string
from functools import lru_cache

DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
CHECKS = string.ascii_uppercase + "012345"
POD = "Kd0"


def checksum(short: str) -> str:
    """The three characters that tell which of the 15 are upper-case."""
    return _check(short[:5]) + _check(short[5:10]) + _check(short[10:])


@lru_cache(maxsize=65_536)
def _check(group: str) -> str:
    return CHECKS[sum(1 << n for n, c in enumerate(group) if "A" <= c <= "Z")]


def make_id(prefix: str, number: int) -> str:
    """The 18-character id of the `number`th record with this key prefix."""
    tail = ""
    while number:
        number, digit = divmod(number, 62)
        tail = DIGITS[digit] + tail
    short = prefix + POD + tail.rjust(9, "0")
    return short + checksum(short)


def full_id(text: str) -> str | None:
    """The 18-character form, or None if this is no record id."""
    if not text.isalnum() or not text.isascii():
        return None
    if len(text) == 15:
        return text + checksum(text)
    if len(text) == 18:
        return text if checksum(text[:15]) == text[15:].upper() else None
    return None
