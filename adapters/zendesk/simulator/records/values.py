"""Values of the customer's own fields: checked by type, and as tags where Zendesk makes them so."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from ..answers import Refusal, invalid

Definition = Mapping[str, Any]
_EMPTY = {"checkbox": False}
_DAY = re.compile(
    r"\d{4}-\d\d-\d\d(T.*)?", re.ASCII
)  # the vendor's own pattern, as its date fields tell it, or a time
_WHOLE = re.compile(r"[-+]?\d+(\.0*)?", re.ASCII)
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?", re.ASCII | re.IGNORECASE)
_LONGEST_NUMBER = 400
CHOICES = ("dropdown", "multiselect", "tagger")


def checked(definition: Definition, value: Any) -> Any:
    """The value as it is kept; None clears. Raises Refusal (422) where the type forbids it."""
    if value is None or value == "":
        return None
    kind = definition["type"]
    try:
        return _PARSERS.get(kind, _text)(definition, value)
    except (ValueError, TypeError, OverflowError):
        raise _refused(definition, value) from None


def shown(definitions: Mapping[str, Definition], held: Mapping[str, Any]) -> dict[str, Any]:
    """Every defined field; a box that nobody ticked is false, anything else without a value null."""
    return {
        key: _EMPTY.get(found["type"]) if (value := held.get(key)) is None else value
        for key, found in definitions.items()
        if "::" not in key  # what stands in a column already
    }


def options(definition: Definition) -> list[str]:
    return [option["value"] for option in definition.get("custom_field_options") or ()]


def tags(definitions: Mapping[str, Definition], values: Mapping[str, Any]) -> list[str]:
    """The tags that these values make: choices, and boxes with a tag."""
    found: list[str] = []
    for key, value in values.items():
        definition = definitions.get(key)
        if definition is None or value in (None, False):
            continue
        if definition["type"] in CHOICES:
            found += value if isinstance(value, list) else [value]
        elif definition["type"] == "checkbox" and definition.get("tag"):
            found.append(definition["tag"])
    return found


def retagged(
    old_tags: list[str], definitions: Mapping[str, Definition], old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[str]:
    """A record's tags after its fields went from `old` to `new`."""
    gone = set(tags(definitions, old))
    kept = [tag for tag in old_tags if tag not in gone]
    return [*kept, *(tag for tag in tags(definitions, new) if tag not in kept)]


def _refused(definition: Definition, value: Any) -> Refusal:
    return invalid(
        base=f"{definition['title']}: '{value}' is not a valid value for a {definition['type']} field"
    )


def _text(_: Definition, value: Any) -> str:
    if isinstance(value, dict | list):
        raise TypeError
    return str(value)


def _checkbox(_: Definition, value: Any) -> bool:
    known = {"true": True, "false": False, "1": True, "0": False}
    text = str(value).lower()
    if text not in known:
        raise ValueError
    return known[text]


def _date(_: Definition, value: Any) -> str:
    if not _DAY.fullmatch(value):
        raise ValueError
    day = datetime.fromisoformat(value).date()
    return f"{day.isoformat()}T00:00:00+00:00"


def _integer(_: Definition, value: Any) -> int:
    """Every digit is kept: ids of other systems are longer than a float is exact."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    text = _digits(_WHOLE, value)
    return int(text.partition(".")[0])


def _decimal(_: Definition, value: Any) -> float:
    number = float(_digits(_NUMBER, value))
    if not math.isfinite(number):
        raise ValueError
    return number


def _digits(pattern: re.Pattern[str], value: Any) -> str:
    text = str(value).strip()
    if isinstance(value, bool) or len(text) > _LONGEST_NUMBER or not pattern.fullmatch(text):
        raise ValueError
    return text


def _regexp(definition: Definition, value: Any) -> str:
    pattern = _pattern(definition.get("regexp_for_validation") or "")
    if pattern is not None and not pattern.search(str(value)):
        raise ValueError
    return str(value)


@lru_cache(maxsize=256)
def _pattern(text: str) -> re.Pattern[str] | None:
    """A pattern as the vendor's language writes it; None where ours has no such words: then every value will do."""
    try:
        return re.compile(text.replace(r"\A", "^").replace(r"\z", r"\Z"))
    except re.error:
        return None


def _dropdown(definition: Definition, value: Any) -> str:
    if str(value) not in options(definition):
        raise ValueError
    return str(value)


def _multiselect(definition: Definition, value: Any) -> list[str]:
    if not isinstance(value, list):
        raise TypeError
    return [_dropdown(definition, item) for item in value]


_PARSERS = {
    "checkbox": _checkbox,
    "date": _date,
    "integer": _integer,
    "decimal": _decimal,
    "regexp": _regexp,
    "dropdown": _dropdown,
    "tagger": _dropdown,
    "multiselect": _multiselect,
}
