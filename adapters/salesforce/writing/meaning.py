"""Whether a field holds what was sent, by meaning: the CRM rounds numbers, trims texts and sorts choices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from cs_connector.ports import FieldInfo

from ..soql import long_id

NUMBERS = frozenset({"double", "currency", "percent", "int"})


def same(sent: Any, held: Any, field: FieldInfo | None) -> bool:
    """`field` tells the type; without it texts and numbers are told apart by what they are."""
    if sent in (None, "") or held in (None, ""):
        return _empty(sent) and _empty(held)
    kind = field.type if field else "double" if isinstance(held, (int, float)) else "string"
    if kind in NUMBERS and not isinstance(held, bool):
        return _number(sent, field) == _number(held, field)
    return _FORMS.get(kind, _text)(sent) == _FORMS.get(kind, _text)(held)


def _empty(value: Any) -> bool:
    """A checkbox that is not set is empty as well."""
    return value in (None, "", False) and not (value == 0 and value is not False)


def _number(value: Any, field: FieldInfo | None) -> Decimal | str:
    try:
        number = Decimal(str(value))
        if field is None or field.scale is None:
            return number
        return number.quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP)
    except InvalidOperation:
        return str(value)


def _text(value: Any) -> str:
    return str(value).replace("\r\n", "\n").strip()


def _flag(value: Any) -> str:
    return str(value).lower()


def _moment(value: Any) -> str:
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC).isoformat(timespec="seconds")
    except ValueError:
        return str(value)


def _choices(value: Any) -> str:
    return ";".join(sorted(part.strip() for part in str(value).split(";")))


def _id(value: Any) -> str:
    return long_id(str(value))


_FORMS: Mapping[str, Callable[[Any], str]] = {
    "boolean": _flag, "datetime": _moment, "multipicklist": _choices, "reference": _id, "id": _id,
}  # fmt: skip
