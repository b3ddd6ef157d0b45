"""What the JSON reader of Salesforce refuses before any rule is looked at: values of the wrong kind.

Such a value fails the whole request, also one with many records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import msgspec

from ..answers import parser_error
from ..schema.schema import NUMBERS, Field, ObjectType
from ..times import read_time
from .values import DATE, FALSE, TIME, TRUE, number_of

COMPOUND = frozenset({"address", "location"})  # refused later, as fields that nobody can write


def check(obj: ObjectType, record: Mapping[str, Any], body: bytes) -> None:
    """Raises ApiError JSON_PARSER_ERROR for the first value that its field cannot be read from.

    `body` is the request as sent: the error says where in it the value stands.
    """
    for name, value in record.items():
        field = obj.field(name)
        if field is None or value is None or _fits(field, value):
            continue
        text = f"Cannot deserialize instance of {field.type} from {_token(value)}"
        raise parser_error(text, body, msgspec.json.encode(name))


def _fits(field: Field, value: Any) -> bool:
    if isinstance(value, (dict, list)):
        return field.type in COMPOUND
    test = TESTS.get(field.type)
    return test is None or test(value)


def _number(value: Any) -> bool:
    return number_of(value) is not None


def _whole(value: Any) -> bool:
    number = number_of(value)
    return number is not None and number == number.to_integral_value()


def _flag(value: Any) -> bool:
    return str(value).lower() in TRUE | FALSE


def _date(value: Any) -> bool:
    return bool(DATE.fullmatch(str(value))) and _reads(date.fromisoformat, str(value))


def _time(value: Any) -> bool:
    text = str(value)
    return bool(TIME.fullmatch(text)) and _reads(
        read_time, text if text[-1] == "Z" or text[-6:-5] in "+-" else f"{text}Z"
    )


def _reads(read: Callable[[str], Any], text: str) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    return True


TESTS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(NUMBERS, _number), "int": _whole, "boolean": _flag, "date": _date, "datetime": _time,
}  # fmt: skip


def _token(value: Any) -> str:
    """The value as the reader names it."""
    if isinstance(value, dict):
        return "START_OBJECT value {"
    if isinstance(value, list):
        return "START_ARRAY value ["
    if isinstance(value, bool):
        return "VALUE_TRUE value true" if value else "VALUE_FALSE value false"
    kind = "FLOAT" if isinstance(value, float) else "INT"
    return f"VALUE_STRING value {value}" if isinstance(value, str) else f"VALUE_NUMBER_{kind} value {value}"
