"""The points that measures cost, of many relationships at once: arrays, so that only what is worth a word is looked at one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cs_connector.health.levers import EPSILON
from cs_connector.health.scorecard import Measure

Array: TypeAlias = npt.NDArray[Any]
NOBODY = "None"  # the driver where no group costs points worth a word


@dataclass(frozen=True, slots=True)
class Losses:
    """A row a measure, as the scorecard lists them, and a column a relationship.

    `score` is NaN where it is unknown; `share` of the weight that is known, 0 where the score is not; `lost` in points.
    """

    measures: Sequence[Measure]
    score: Array
    share: Array

    @classmethod
    def of(cls, table: pa.Table, measures: Sequence[Measure]) -> Losses:
        """From columns `s#<measure>` (their scores) and `w#` (the weight that is known)."""
        score = np.array([numbers(table, f"s#{m.measure}") for m in measures])
        total = numbers(table, "w#")
        known = ~np.isnan(score) & (total > 0)
        weight = np.array([[m.weight] for m in measures])
        return cls(measures, score, np.divide(weight, total, out=np.zeros(score.shape), where=known))

    @property
    def lost(self) -> Array:
        return np.where(np.isnan(self.score), 0.0, self.share * (100 - self.score))

    def costly(self, worth: float | Array, most: int) -> Iterator[tuple[int, ...]]:
        """Of each relationship the places of at most so many measures that cost so much, the most costly first; `worth` may differ by measure."""
        lost, named = self.lost, self._named()
        told = lost >= worth
        order = named[np.argsort(np.where(told, -np.round(lost, 9), 1.0)[named], axis=0, kind="stable")]
        return _first(order[:most], told)

    def drivers(self, worth: float) -> list[str]:
        """Of each relationship the group at the top that costs most; NOBODY where none costs so much."""
        groups = sorted({m.driver for m in self.measures})
        lost = np.zeros((len(groups), self.score.shape[1]))
        for m, points in zip(self.measures, np.round(self.lost, 9), strict=True):
            lost[groups.index(m.driver)] += points
        most = np.where(lost.max(axis=0) >= worth, lost.argmax(axis=0), len(groups))
        return [(*groups, NOBODY)[place] for place in most.tolist()]

    def movable(self, missing: Array) -> Iterator[tuple[int, ...]]:
        """Of each relationship the places of measures with a lever that may alone gain the missing points, the least effort first."""
        named = self._named()
        with np.errstate(divide="ignore", invalid="ignore"):
            aim = self.score + missing / self.share
            effort = np.array([[m.effort] for m in self.measures]) * (aim - self.score)
            may = self._lifted() & (missing > 0) & (self.share > 0) & (aim <= 100 + EPSILON)
        order = named[np.argsort(np.where(may, effort, np.inf)[named], axis=0, kind="stable")]
        return _first(order, may)

    def heaviest(self) -> Iterator[tuple[int, ...]]:
        """Of each relationship the place of the measure with a lever that costs most, if one costs anything."""
        named = self._named()
        lost = np.where(self._lifted(), self.lost, 0.0)[named]
        return _first(named[lost.argmax(axis=0)][np.newaxis], lost > EPSILON)

    def _lifted(self) -> Array:
        return np.array([[m.lever is not None] for m in self.measures])

    def _named(self) -> Array:
        """The places in order of the names: what costs the same is told by name."""
        return np.array(sorted(range(len(self.measures)), key=lambda place: self.measures[place].measure))


def _first(order: Array, found: Array) -> Iterator[tuple[int, ...]]:
    """Of each column as many of its places as were found; one after the other, since many small lists are slow to keep."""
    counts = found.sum(axis=0).tolist()
    return (places[:count] for places, count in zip(zip(*order.tolist(), strict=True), counts, strict=True))


def numbers(table: pa.Table, name: str) -> Array:
    """A column; NaN where it is NULL."""
    found: Array = table[name].cast(pa.float64()).to_numpy()
    return found
