"""Whole numbers as clients write them."""

from __future__ import annotations

LONGEST = 19  # digits, as many as 64 bits have


def number(text: str) -> int | None:
    """The number; None for a text that is none, or one with more digits than any id or time has."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST else None
