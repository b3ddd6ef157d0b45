"""Where a process may die while it writes, by name: whoever tries that out puts a hook here, and nobody else does."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Point(StrEnum):
    """In the order in which a run passes them."""

    PLANNED = "plan: made"
    LAYING = "planned: before commit"
    LAID = "planned: after commit"
    TAKING = "in flight: before commit"
    TAKEN = "in flight: after commit"
    SENDING = "sending: before"
    SENT = "sending: after"
    SETTLING = "receipts: before commit"
    SETTLED = "receipts: after commit"
    LOOKING = "recovery: before the look"
    LOOKED = "recovery: after the look"
    RECOVERED = "recovery: after commit"


def _nothing(point: Point) -> None:
    del point


_hook: Callable[[Point], None] = _nothing


def reach(point: Point) -> None:
    """Does nothing in a process that nobody has armed."""
    _hook(point)


def arm(hook: Callable[[Point], None] = _nothing) -> None:
    """Call a hook at every point of this process; without one, no more."""
    global _hook  # noqa: PLW0603 — the one switch of a process that is there to be killed
    _hook = hook
