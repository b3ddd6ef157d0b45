"""The rates at which convertCurrency converts: those of the object CurrencyType."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..soql.query_error import malformed
from ..writing.rows import Rows
from .schema import Schema

CORPORATE = "USD"
Convert = Callable[[Any, Any], Any]


def converter(schema: Schema, rows: Rows, at: int) -> Convert:
    """From an amount and its currency into the corporate currency, which is the user's. Raises QueryError."""
    obj = schema.find("CurrencyType")
    if obj is None:
        raise malformed("convertCurrency is only supported in orgs with multiple currencies", at)
    rates = {row["IsoCode"]: row["ConversionRate"] for row in rows.of(obj).rows.values()}

    def convert(value: Any, currency: Any) -> Any:
        if value is None:
            return None
        return value / rates.get(currency or CORPORATE, 1) * rates.get(CORPORATE, 1)

    return convert
