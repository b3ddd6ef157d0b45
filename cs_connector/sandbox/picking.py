"""What the users of a simulated CRM choose, by dice that always fall the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")
TRIES = 500
Way = Callable[[random.Random], bool]

MATTERS = (
    "Cannot log in since this morning", "Export stops halfway", "Invoice shows the wrong address",
    "Report is slow", "How do we add a new colleague?", "Numbers differ from last week",
    "Import rejects our file", "Please change the contract contact", "Alert e-mails do not arrive",
    "Dashboard is empty", "Need help with the interface", "App closes by itself",
)  # fmt: skip
REMARKS = (
    "Called, no answer.",
    "Will follow up next week.",
    "Spoke to the team lead.",
    "Waiting for their IT.",
)
ENDINGS = ("Group", "International", "Holding", "Europe", "Partners", "Labs")


def pick(items: Sequence[T], dice: random.Random, fits: Callable[[T], bool] = lambda _: True) -> T | None:
    """An item that fits: the first one after a random place, if one is near."""
    if not items:
        return None
    start = dice.randrange(len(items))
    near = (items[(start + step) % len(items)] for step in range(min(len(items), TRIES)))
    return next((item for item in near if fits(item)), None)


def do_one(ways: Iterable[tuple[int, Way]], dice: random.Random) -> None:
    """One of these things, by weight; another one where that cannot be done."""
    left = list(ways)
    while left:
        chosen = dice.choices(left, [weight for weight, _ in left])[0]
        if chosen[1](dice):
            return
        left.remove(chosen)


def renamed(name: str, dice: random.Random) -> str:
    """The name after the company changed its own."""
    words = name.split()
    stem = words[:-1] if len(words) > 1 and words[-1] in ENDINGS else words
    last = words[-1] if words else ""
    return " ".join([*stem, dice.choice([ending for ending in ENDINGS if ending != last])])
