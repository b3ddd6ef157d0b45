"""ORDER BY."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from ..schema.schema import TEXTS
from .scope import Value
from .syntax import Order

T = TypeVar("T")


def order_by(found: list[T], orders: Iterable[tuple[Value, Order]]) -> list[T]:
    """Sorted by each value in turn, text without regard to case; equal ones stay in their order."""
    for value, order in reversed(list(orders)):
        found = _sorted(found, value, order)
    return found


def _sorted(found: list[T], value: Value, order: Order) -> list[T]:
    get, text = value.get, value.field.type in TEXTS
    keyed = [(get(one), one) for one in found]
    nulls = [one for key, one in keyed if key is None]
    held = [pair for pair in keyed if pair[0] is not None] if nulls else keyed

    def key(pair: tuple[Any, T]) -> Any:
        return pair[0].lower() if text else pair[0]

    held.sort(key=key, reverse=order.down)
    ordered = [one for _, one in held]
    if not nulls:
        return ordered
    return [*ordered, *nulls] if order.nulls_last else [*nulls, *ordered]
