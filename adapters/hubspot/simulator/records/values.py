"""Values as they may be written: every one becomes text, or is refused with HubSpot's code."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Sequence
from datetime import date

from ..properties.fields import Property
from ..properties.rules import Rule, broken
from ..times import DAY_MS, iso, parsed

LONGEST = 65_536
SHOWN_OPTIONS = 50
EMAIL = re.compile(r"[^@\s,;<>()\[\]]+@[^@\s,;<>()\[\]]+\.[^@\s,;<>()\[\]]+")
EMAIL_PROPERTIES = frozenset({"email"})
ID_PROPERTIES = frozenset({"associatedcompanyid"})  # numbers that are the id of a record
Scalar = str | int | float | bool


class Invalid(Exception):
    """A value that a property does not take: the vendor's code and sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def checked(
    prop: Property, value: Scalar, allowed: Collection[str] | None, rules: Sequence[Rule] = ()
) -> str:
    """The text that will be kept; "" clears. `allowed` are the options, None where any will do.

    Raises Invalid.
    """
    if prop.read_only:
        what = "calculated" if prop.calculated else "read only"
        raise Invalid("READ_ONLY_VALUE", f'"{prop.name}" is a {what} property; its value cannot be set.')
    text = text_of(value)
    if text == "":
        return ""
    if prop.type != "string" and text != text.strip():
        raise Invalid("INVALID_WHITESPACE", f"{text!r} has leading or trailing whitespace.")
    kept = _typed(prop, text, allowed)
    rule = broken(rules, kept)
    if rule is not None:
        arguments = f" ({', '.join(rule.arguments)})" if rule.arguments else ""
        raise Invalid(
            "PROPERTY_VALIDATION_RULE", f"{text} breaks the rule {rule.type}{arguments} of {prop.name}."
        )
    return kept


def text_of(value: Scalar) -> str:
    """A JSON scalar as HubSpot keeps it."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def _typed(prop: Property, text: str, allowed: Collection[str] | None) -> str:
    if allowed is not None:
        return _option(prop, text, allowed)
    if prop.name in EMAIL_PROPERTIES:
        return _email(text)
    if prop.name in ID_PROPERTIES:
        return _long(text)
    return _BY_TYPE.get(prop.type, _string)(text)


def _option(prop: Property, text: str, allowed: Collection[str]) -> str:
    parts = [part for part in text.split(";") if part] if prop.multiple else [text]
    for part in parts:
        if part not in allowed:
            raise _no_option(prop, part, allowed)
    return text


def _no_option(prop: Property, part: str, allowed: Collection[str]) -> Invalid:
    if prop.reference == "OWNER":
        if not part.isdecimal():
            return Invalid("INVALID_INTEGER", f"{part} was not a valid integer (for owner ID).")
        return Invalid("INVALID_OWNER_ID", f"Owner {part} does not exist")
    listed = ", ".join(sorted(allowed)[:SHOWN_OPTIONS])
    return Invalid("INVALID_OPTION", f"{part} was not one of the allowed options: [{listed}]")


def _email(text: str) -> str:
    """Addresses are kept in lower case."""
    if not EMAIL.fullmatch(text):
        raise Invalid("INVALID_EMAIL", f"Email address {text} is invalid")
    return text.lower()


def _string(text: str) -> str:
    if len(text) > LONGEST:
        raise Invalid("PROPERTY_VALUE_TOO_LONG", f"The value is longer than {LONGEST} characters.")
    return text


def _long(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise Invalid("INVALID_LONG", f"{text} was not a valid long.")
    return text


def _number(text: str) -> str:
    try:
        fine = math.isfinite(float(text)) and "_" not in text and text.isascii()
    except ValueError:
        fine = False
    if not fine:
        raise Invalid("INVALID_DOUBLE", f"{text} was not a valid number.")
    return text


def _datetime(text: str) -> str:
    try:
        return iso(parsed(text))
    except (ValueError, OverflowError):
        raise Invalid("INVALID_LONG", f"{text} was not a valid long.") from None


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if len(text) == 10 else _midnight(parsed(text))
    except (ValueError, OverflowError):
        raise Invalid("INVALID_DATE", f"{text} was not a valid date.") from None


def _midnight(ms: int) -> str:
    if ms % DAY_MS:
        raise Invalid("INVALID_DATE", f"{ms} is at {iso(ms)}, which is not midnight in UTC.")
    return iso(ms)[:10]


_BY_TYPE: dict[str, Callable[[str], str]] = {"number": _number, "date": _date, "datetime": _datetime}
