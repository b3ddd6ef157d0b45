"""The least change in each measure that reaches a target, in the unit that a person can act on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from cs_connector.health.curves import Curve
from cs_connector.health.words import Template

STEPS = {"share": 0.01, "ratio": 0.01, "of 10": 0.1, "points": 0.1}  # the finest change worth naming; else 1
EPSILON = 1e-9


class Part(NamedTuple):
    """One measure of a score: `weight` is normalised, so that the parts sum to the score."""

    measure: str
    group: str
    value: float | None
    unit: str
    score: float | None
    weight: float
    curve: Curve
    lever: Template | None
    effort: float = 1.0

    @property
    def lost(self) -> float:
        return 0.0 if self.score is None else self.weight * (100 - self.score)


@dataclass(frozen=True, slots=True)
class Lever:
    measure: str
    score_from: float
    score_to: float
    value_from: float
    value_to: float
    unit: str
    sentence: str
    effort: float


def levers(parts: Iterable[Part], uncapped: float, target: float, today: date) -> list[Lever]:
    """Each measure that alone lifts the unrounded score to the target, cheapest first."""
    found = [one for part in parts if (one := lever(part, target - uncapped, today))]
    return sorted(found, key=lambda one: (one.effort, one.measure))


def reachable(parts: Sequence[Part], uncapped: float, target: float, cap: float | None) -> bool:
    """Whether all movable measures together reach the target, and no cap forbids it."""
    gain = sum(part.lost for part in parts if part.lever)
    return uncapped + gain >= target - EPSILON and (cap is None or cap >= target)


def lever(part: Part, missing: float, today: date) -> Lever | None:
    """The least change in one measure that gains the missing points; None where it cannot alone, or has no lever."""
    if part.lever is None or part.score is None or part.value is None or missing <= 0 or part.weight <= 0:
        return None
    aim = part.score + missing / part.weight
    if aim > 100 + EPSILON:
        return None
    exact = part.curve.inverse(min(aim, 100))
    if exact is None:
        return None
    value = _step(exact, part)
    sentence = part.lever.fill({"value": value}, today)
    effort = part.effort * (aim - part.score)
    return Lever(part.measure, part.score, min(aim, 100), part.value, value, part.unit, sentence, effort)


def _step(value: float, part: Part) -> float:
    """To the next value that a person would name and that is still enough."""
    step = STEPS.get(part.unit, 1.0)
    count = math.floor(value / step + EPSILON) if part.curve.falling else math.ceil(value / step - EPSILON)
    return round(count * step, 6)
