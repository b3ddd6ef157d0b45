"""Curves: from a metric's value to 0–100 and back. `slopes` says the same in SQL."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import NormalDist
from typing import Literal, Self

from pydantic import model_validator

from cs_connector.language.steps import Strict

Point = tuple[float, float]
Way = Literal["rising", "falling"]
KINDS = "line, steps, half_life, percentile, z_score"
JUST = 1e-6  # a step begins at its value, so what ends there lies below
_NORMAL = tuple((step / 4, 100 * NormalDist().cdf(step / 4)) for step in range(-12, 13))


class Curve(Strict):
    """Exactly one of: a line through points, steps (from that value on, this score), a half-life, a percentile or a z-score.

    A percentile is a share of peers, 0 to 1; a z-score counts as the share of a normal distribution below it, straight between
    quarters of a deviation and level from three on. `rising`: more of the metric is better.
    """

    line: tuple[Point, ...] | None = None
    steps: tuple[Point, ...] | None = None
    half_life: float | None = None
    percentile: Way | None = None
    z_score: Way | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        given = (self.line, self.steps, self.half_life, self.percentile, self.z_score)
        if len([v for v in given if v is not None]) != 1:
            raise ValueError(f"give exactly one of {KINDS}")
        if self.half_life is not None and not 0 < self.half_life < math.inf:
            raise ValueError("a half-life is above 0")
        if self.half_life is None:
            _ordered(self.points)
        return self

    @property
    def points(self) -> tuple[Point, ...]:
        return (
            self.line
            or self.steps
            or _given(self.percentile, ((0, 0), (1, 100)))
            or _given(self.z_score, _NORMAL)
        )

    @property
    def falling(self) -> bool:
        """Less of the metric is better."""
        return self.half_life is not None or self.points[0][1] > self.points[-1][1]

    def score(self, value: float) -> float:
        if self.half_life is not None:
            return float(100 * 2 ** (-max(value, 0.0) / self.half_life))
        if self.steps is not None:
            return next((s for x, s in reversed(self.steps) if value >= x), self.steps[0][1])
        return _between(self.points, value)

    def inverse(self, score: float) -> float | None:
        """The least demanding value that scores at least `score`; None if none does."""
        if self.half_life is not None:
            return (
                math.inf if score <= 0 else (None if score > 100 else self.half_life * math.log2(100 / score))
            )
        points = tuple(reversed(self.points)) if self.falling else self.points
        if self.steps is not None and self.falling:
            return _before(self.steps, score)
        if self.steps is not None:
            return next((x for x, s in points if s >= score), None)
        return _reach(points, score)


def _given(way: Way | None, rising: tuple[Point, ...]) -> tuple[Point, ...]:
    if way is None:
        return ()
    return rising if way == "rising" else tuple((x, 100 - score) for x, score in rising)


def _ordered(points: Sequence[Point]) -> None:
    if len(points) < 2 or any(b[0] <= a[0] for a, b in pairwise(points)):
        raise ValueError("a curve has at least two points, with growing values")
    scores = [score for _, score in points]
    if min(scores) < 0 or max(scores) > 100:
        raise ValueError("scores lie between 0 and 100")
    if scores not in (sorted(scores), sorted(scores, reverse=True)):
        raise ValueError("a curve only rises or only falls")


def _between(points: Sequence[Point], value: float) -> float:
    if value <= points[0][0]:
        return points[0][1]
    for (a, low), (b, high) in pairwise(points):
        if value <= b:
            return low + (value - a) * (high - low) / (b - a)
    return points[-1][1]


def _before(points: Sequence[Point], score: float) -> float | None:
    """Of steps that fall the end of the last that is high enough, just before the first that is not."""
    if points[0][1] < score:
        return None
    return next((x - JUST for x, low in points if low < score), math.inf)


def _reach(points: Sequence[Point], score: float) -> float | None:
    if score <= points[0][1]:
        return points[0][0]
    for (a, low), (b, high) in pairwise(points):
        if low < score <= high:
            return a + (score - low) * (b - a) / (high - low)
    return None
