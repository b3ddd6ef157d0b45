"""Whole numbers as clients write them."""

from __future__ import annotations

LONGEST = 18  # digits; no number that a request may hold is longer


def whole(text: str) -> int | None:
    """The number; None for a text that is none, or one with more digits than anything here has."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST else None
