"""Who is large where amounts are in several currencies, which are not converted."""

from __future__ import annotations


def size(amount: str, currency: str) -> str:
    """SQL for how large an amount is among those of its currency, up to 1 for the largest; NULL for one that is unknown.

    Among amounts of one currency the order is theirs. `amount` and `currency` are SQL over the same rows.
    """
    among = f"PARTITION BY {currency}, {amount} IS NULL ORDER BY {amount}"
    return f"CASE WHEN {amount} IS NOT NULL THEN cume_dist() OVER ({among}) END"


def sized(table: str) -> str:
    """SQL for a table with `arr` and `currency`, and how large each `arr` is beside them as `relative_size`."""
    return f"(SELECT *, {size('arr', 'currency')} AS relative_size FROM {table})"
