"""Whether a field of an organization holds what was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from cs_connector.ports import Change, Value

# What of an organization is no field of the customer's own. Tags and domains are people's: they are never written.
PLAIN = frozenset({"name", "external_id", "notes", "details", "group_id"})
_MIDNIGHT = re.compile(r"(\d{4}-\d\d-\d\d)T00:00:00(\.0+)?(Z|\+00:00)")


def body(change: Change) -> dict[str, Any]:
    """What is sent of a change, without what tells the organization."""
    if PLAIN.isdisjoint(change.fields):
        return {"organization_fields": dict(change.fields)}
    own = {name: value for name, value in change.fields.items() if name not in PLAIN}
    plain = {name: value for name, value in change.fields.items() if name in PLAIN}
    return {**plain, "organization_fields": own} if own else plain


def differing(change: Change, held: Mapping[str, Any]) -> list[str]:
    """The fields in which an organization, as Zendesk shows it, holds something else than what was sent."""
    own: Mapping[str, Any] = held.get("organization_fields") or {}
    found = (name for name, value in change.fields.items() if not same(value, _held(name, held, own)))
    return sorted(found)


def same(sent: Value, held: Any) -> bool:
    """Equal texts, numbers or days; nothing, an empty text and a box without its tick are one."""
    if _empty(sent) or _empty(held):
        return _empty(sent) and _empty(held)
    one, other = _text(sent), _text(held)
    return one == other or _numbers(one, other)


def _held(name: str, held: Mapping[str, Any], own: Mapping[str, Any]) -> Any:
    return held.get(name) if name in PLAIN else own.get(name)


def _empty(value: Any) -> bool:
    return value is None or value is False or str(value).strip() in ("", "false")


def _text(value: Any) -> str:
    """A day as it was sent: Zendesk shows it as the midnight that it begins with."""
    text = str(value).strip()
    day = _MIDNIGHT.fullmatch(text)
    return day[1] if day else text.lower() if text in ("True", "true") else text


def _numbers(one: str, other: str) -> bool:
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False
