"""Who is large where amounts are in several currencies, which are not converted."""

from __future__ import annotations


def size(amount: str, currency: str) -> str:
    """SQL for how large an amount is among those of its currency, up to 1 for the largest; NULL for one that is unknown.

    Among amounts of one currency the order is theirs. `amount` and `currency` are SQL over the same rows.
    """
    among = f"PARTITION BY {currency}, {amount} IS NULL ORDER BY {amount}"
    return f"CASE WHEN {amount} IS NOT NULL THEN cume_dist() OVER ({among}) END"
