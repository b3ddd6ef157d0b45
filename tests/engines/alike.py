"""Answers of two engines: equal to one part in a million; NULL is equal to NULL alone, and nothing is infinite."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

NEAR = 1e-6


def rows(table: pa.Table, keys: Sequence[str]) -> list[dict[str, Any]]:
    """The rows in the order of their keys."""
    there = [key for key in keys if key in table.column_names]
    return sorted(table.to_pylist(), key=lambda row: [(row[k] is not None, row[k]) for k in there])


def differing(left: list[dict[str, Any]], right: list[dict[str, Any]], column: str) -> list[tuple[Any, Any]]:
    """The pairs of values of a column that are not the same. Rows stand in the same order."""
    if len(left) != len(right):
        return [(f"{len(left)} rows", f"{len(right)} rows")]
    pairs = ((a[column], b[column]) for a, b in zip(left, right, strict=True))
    return [(a, b) for a, b in pairs if not alike(a, b)]


def alike(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    if isinstance(a, bool) or isinstance(b, bool) or not (_number(a) and _number(b)):
        return type(a) is type(b) and a == b
    a, b = float(a), float(b)
    return math.isfinite(a) and math.isfinite(b) and abs(a - b) <= NEAR * max(1.0, abs(a))


def _number(value: Any) -> bool:
    return hasattr(value, "__float__")
