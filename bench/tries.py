"""A try of a soak: given a seed it says what went wrong, or nothing."""

from __future__ import annotations

from collections.abc import Callable

Try = Callable[[int], str]
