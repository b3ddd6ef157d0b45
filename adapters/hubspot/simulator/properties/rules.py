"""Rules that an admin puts on a property's values; every write must keep them.

The kinds of rule and their arguments are those of /crm/property-validations; which of them mean what is read
from their names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple

from ..errors import bad_request, unsimulated


class Rule(NamedTuple):
    type: str
    arguments: tuple[str, ...]

    def shown(self) -> dict[str, Any]:
        return {
            "ruleType": self.type,
            "ruleArguments": list(self.arguments),
            "shouldApplyNormalization": False,
        }


_TYPES = """
AFTER_DATETIME_DURATION AFTER_DURATION ALPHANUMERIC BEFORE_DATETIME_DURATION BEFORE_DURATION DAYS_OF_WEEK DECIMAL
DOMAIN EMAIL EMAIL_ALLOWED_DOMAINS EMAIL_BLOCKED_DOMAINS END_DATE END_DATETIME FORMAT MAX_LENGTH MAX_NUMBER
MIN_LENGTH MIN_NUMBER PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE REGEX SPECIAL_CHARACTERS START_DATE START_DATETIME URL
URL_ALLOWED_DOMAINS URL_BLOCKED_DOMAINS WHITESPACE
"""
KNOWN = frozenset(_TYPES.split())


def made(rule_type: str, arguments: Sequence[str]) -> Rule:
    """Raises Refusal 400 for a rule that cannot be, 501 for one that is not simulated."""
    if rule_type not in KNOWN:
        raise bad_request(f"Unknown rule type {rule_type}")
    if rule_type not in _CHECKS:
        raise unsimulated(f"the validation rule {rule_type}")
    rule = Rule(rule_type, tuple(arguments))
    try:
        _CHECKS[rule_type]("0", rule.arguments)
    except (ValueError, IndexError, re.error) as error:
        raise bad_request(f"Invalid arguments of the rule {rule_type}: {list(arguments)}") from error
    return rule


def broken(rules: Sequence[Rule], text: str) -> Rule | None:
    """The first rule that a value breaks."""
    return next((rule for rule in rules if not _CHECKS[rule.type](text, rule.arguments)), None)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")  # the type of the property has its own words for that


def _places(text: str, most: str) -> bool:
    return len(text.partition(".")[2]) <= int(most)


def _day(text: str) -> date:
    return date.fromisoformat(text[:10]) if len(text) >= 10 else date.min


_CHECKS: dict[str, Callable[[str, tuple[str, ...]], bool]] = {
    "ALPHANUMERIC": lambda text, _: text.isalnum(),
    "DECIMAL": lambda text, args: _places(text, args[0]),
    "DOMAIN": lambda text, _: re.fullmatch(r"[\w-]+(\.[\w-]+)+", text) is not None,
    "EMAIL": lambda text, _: re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text) is not None,
    "EMAIL_ALLOWED_DOMAINS": lambda text, args: text.rpartition("@")[2].lower() in args,
    "EMAIL_BLOCKED_DOMAINS": lambda text, args: text.rpartition("@")[2].lower() not in args,
    "END_DATE": lambda text, args: _day(text) <= date.fromisoformat(args[0]),
    "MAX_LENGTH": lambda text, args: len(text) <= int(args[0]),
    "MAX_NUMBER": lambda text, args: not _number(text) > float(args[0]),
    "MIN_LENGTH": lambda text, args: len(text) >= int(args[0]),
    "MIN_NUMBER": lambda text, args: not _number(text) < float(args[0]),
    "REGEX": lambda text, args: re.fullmatch(args[0], text) is not None,
    "START_DATE": lambda text, args: _day(text) >= date.fromisoformat(args[0]),
    "WHITESPACE": lambda text, _: text == text.strip(),
}
