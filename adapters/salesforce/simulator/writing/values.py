"""Whether a field takes a value, and how the value is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from ..errors import RecordError
from ..ids import full_id
from ..schema.schema import Field
from ..times import EARLIEST, LATEST, time_text

DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[A-Za-z]{2,}")
TRUE, FALSE = frozenset({"true", "1"}), frozenset({"false", "0"})


def coerce(field: Field, value: Any) -> Any:
    """The value as it is stored. Raises RecordError with Salesforce's status code."""
    if value is None or value == "" or _is_blank(field, value):
        return _empty(field)
    way = COERCERS.get(field.type) or _text  # types that only some real orgs have are kept as texts
    return way(field, value)


def _is_blank(field: Field, value: Any) -> bool:
    """Texts are kept without the spaces around them, and never empty. Vendor: Apex guide, Primitive Data Types."""
    return isinstance(value, str) and field.type != "textarea" and not value.strip()


def _empty(field: Field) -> Any:
    if field.type == "boolean":
        raise _wrong_type(field, "null")
    if not field.nillable:
        raise RecordError(
            "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{field.name}]", [field.name]
        )
    return None


def _wrong_type(field: Field, value: Any) -> RecordError:
    return RecordError(
        "INVALID_TYPE_ON_FIELD_IN_RECORD",
        f"{field.label}: value not of required type: {value}",
        [field.name],
    )


def _text(field: Field, value: Any) -> str:
    if isinstance(value, (dict, list)):
        raise _wrong_type(field, "[object]")
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    if field.type != "textarea":
        text = text.strip()
    if field.length and len(text) > field.length:
        raise RecordError(
            "STRING_TOO_LONG",
            f"{field.label}: data value too large: {text} (max length={field.length})",
            [field.name],
        )
    return text


def _email(field: Field, value: Any) -> str:
    text = _text(field, value)
    if not EMAIL.fullmatch(text):
        raise RecordError(
            "INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}", [field.name]
        )
    return text


def _picklist(field: Field, value: Any) -> str:
    text = _text(field, value)
    listed = {v.lower(): v for v in field.values}
    if field.restricted and text.lower() not in listed:
        raise not_listed(field, text)
    return listed.get(text.lower(), text)


def _multi(field: Field, value: Any) -> str:
    chosen = [part.strip() for part in _text(field, value).split(";") if part.strip()]
    for part in chosen:
        if field.restricted and part not in field.values:
            raise not_listed(field, part)
    return ";".join(chosen)


def not_listed(field: Field, text: str) -> RecordError:
    return RecordError(
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        f"{field.label}: bad value for restricted picklist field: {text}",
        [field.name],
    )


def _number(field: Field, value: Any) -> float | int:
    number = number_of(value)
    if number is None:
        raise _wrong_type(field, value)
    rounded = _rounded(field, number)
    if rounded is None:
        raise RecordError(
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{field.label}: value outside of valid range on numeric field: {value}",
            [field.name],
        )
    return int(rounded) if field.type == "int" else float(rounded)


def number_of(value: Any) -> Decimal | None:
    """A number or a text that is one; None for anything else."""
    if isinstance(value, bool) or not NUMBER.fullmatch(str(value).strip()):
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


def _rounded(field: Field, number: Decimal) -> Decimal | None:
    """With the decimals of the field; None where it has too many digits before them."""
    bound = Decimal(10) ** (field.precision - field.scale)
    if number.copy_abs() >= bound:  # one that is far too large cannot even be rounded
        return None
    rounded = number.quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP)
    return rounded if abs(rounded) < bound else None


def _flag(field: Field, value: Any) -> bool:
    text = str(value).lower()
    if text in TRUE:
        return True
    if text in FALSE:
        return False
    raise _wrong_type(field, value)


def _date(field: Field, value: Any) -> str:
    text = str(value)
    if not (DATE.fullmatch(text) or TIME.fullmatch(text)):
        raise _wrong_type(field, text)
    try:
        return _held(field, date.fromisoformat(text[:10]).isoformat())
    except ValueError:
        raise _wrong_type(field, text) from None


def _time(field: Field, value: Any) -> str:
    text = str(value)
    if not (DATE.fullmatch(text) or TIME.fullmatch(text.replace(" ", "T"))):
        raise _wrong_type(field, text)
    try:
        return _held(field, time_text(text))
    except ValueError:
        raise _wrong_type(field, text) from None


def _held(field: Field, text: str) -> str:
    """A day or a time that a field can hold. The code is recorded in salesforce.stackexchange.com/q/339236."""
    if not EARLIEST <= text[:10] <= LATEST:
        raise RecordError("FIELD_INTEGRITY_EXCEPTION", f"{field.label}: invalid date: {text}", [field.name])
    return text


def _reference(field: Field, value: Any) -> str:
    found = full_id(str(value))
    if found is None:
        raise RecordError("MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", [field.name])
    return found


COERCERS: dict[str, Callable[[Field, Any], Any]] = {
    "string": _text, "textarea": _text, "phone": _text, "url": _text, "combobox": _text,
    "email": _email, "picklist": _picklist, "multipicklist": _multi,
    "double": _number, "currency": _number, "percent": _number, "int": _number,
    "boolean": _flag, "date": _date, "datetime": _time, "reference": _reference, "id": _reference,
}  # fmt: skip
