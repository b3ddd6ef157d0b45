"""The aggregate functions of SOQL over the values of a group; nulls are not counted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..schema.schema import NUMBERS, Field
from .abilities import COMPOUND, aggregatable

NEVER = frozenset({"boolean"})


@dataclass(frozen=True, slots=True)
class Fold:
    """`type` is that of the result, None where it is the field's own."""

    of: Callable[[list[Any]], Any]
    type: str | None
    numbers_only: bool = False

    def takes(self, field: Field) -> bool:
        if self.numbers_only:
            return field.type in NUMBERS
        counts = self.type is not None and field.type not in COMPOUND
        return counts or aggregatable(field)


def _sum(values: list[Any]) -> Any:
    if not values:
        return None
    return sum(values) if all(isinstance(v, int) for v in values) else math.fsum(values)


def _mean(values: list[Any]) -> float | None:
    return math.fsum(values) / len(values) if values else None


FOLDS: dict[str, Fold] = {
    "COUNT": Fold(len, "int"),
    "COUNT_DISTINCT": Fold(lambda values: len(set(values)), "int"),
    "SUM": Fold(_sum, None, numbers_only=True),
    "AVG": Fold(_mean, "double", numbers_only=True),
    "MIN": Fold(lambda values: min(values, default=None), None),
    "MAX": Fold(lambda values: max(values, default=None), None),
}
