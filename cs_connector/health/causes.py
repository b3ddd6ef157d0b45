"""Why two configurations judge an account differently: points that add up to the difference of its scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cs_connector.health.bands import Bands
from cs_connector.health.changes import Mean, shift, taken
from cs_connector.health.compare import Moved, Standing
from cs_connector.health.scorecard import Definitions

Kind = Literal["measure", "override", "coverage", "bands", "roll_up", "rounding"]
PLAIN = ("coverage", "bands")  # what decides of a band without any points
LEAST = 1e-9  # points; below it is what binary fractions leave


@dataclass(frozen=True, slots=True)
class Cause:
    """Points of the difference. `name` is that of a measure or an override."""

    kind: Kind
    name: str
    points: float


def causes(moved: Moved, before: Definitions, after: Definitions) -> list[Cause]:
    """The parts of the difference of the account's scores, the largest first; they sum to it exactly.

    Points are those that show: what a cap hides of a measure is not counted. Where measures and caps both changed, each
    counts as the mean of coming first and coming last. Where a band is or was unknown, coverage comes first and has no
    points; without a score on both sides it is all there is. The limits of the bands come first, without points, where by
    the first ones the second score would have the band of the first.
    """
    one, two = moved.relationships
    found = _coverage(moved) or _limits(moved, before.bands, after.bands)
    if one.uncapped is None or two.uncapped is None:
        return found
    points = shift(_mean(one, before), _mean(two, after))
    shown = _shown(one.uncapped, two.uncapped, one.cap, two.cap)
    whole = two.uncapped - one.uncapped
    scale = shown / whole if whole else 1.0
    parts = [Cause("measure", name, value * scale) for name, value in points.items()]
    exact = _capped(two.uncapped, two.cap) - _capped(one.uncapped, one.cap)
    parts.append(Cause("override", _decisive(one, two), exact - shown))
    parts += _rest(moved, exact)
    parts = [part for part in parts if abs(part.points) >= LEAST]
    return found + sorted(parts, key=lambda c: (c.kind == "rounding", -abs(round(c.points, 9)), c.name))


def _capped(uncapped: float, cap: float | None) -> float:
    return uncapped - taken(uncapped, cap)


def _shown(one: float, two: float, first: float | None, last: float | None) -> float:
    """What the measures move of the score: the mean of moving it under the first cap and under the last."""
    return sum(_capped(two, cap) - _capped(one, cap) for cap in (first, last)) / 2


def _decisive(one: Standing, two: Standing) -> str:
    """The override that changed the cap: the new one where the cap falls, the old one where it rises."""
    lower = two.cap is not None and (one.cap is None or two.cap < one.cap)
    return (two.override if lower else one.override) or ""


def main_cause(found: list[Cause], moved: Moved) -> Cause | None:
    """What did most of it: coverage, the limits of the bands, or the most points in the direction of the change."""
    first, second = (account.score for account in moved.accounts)
    if found and found[0].kind in PLAIN:
        return found[0]
    up = (second or 0) >= (first or 0)
    towards = [c for c in found if c.kind != "rounding" and (c.points > 0) == up]
    return towards[0] if towards else None


def _coverage(moved: Moved) -> list[Cause]:
    bands = {account.band for account in moved.accounts}
    return [Cause("coverage", "", 0.0)] if "unknown" in bands else []


def _limits(moved: Moved, before: Bands, after: Bands) -> list[Cause]:
    first, second = moved.accounts
    stays = second.score is not None and before.of(second.score) == first.band
    return [Cause("bands", "", 0.0)] if stays and before != after else []


def _mean(standing: Standing, definitions: Definitions) -> Mean:
    measures = definitions.cards[standing.scorecard].rule.measures
    weights = {m.measure: m.weight for m in measures}
    return {name: (weights[name], score) for name, score in standing.scores.items()}


def _rest(moved: Moved, exact: float) -> list[Cause]:
    """What the roll-up adds: another relationship, or the floor of a small one; and what rounding does."""
    (a1, a2), (r1, r2) = ([s.score for s in side] for side in (moved.accounts, moved.relationships))
    if a1 is None or a2 is None or r1 is None or r2 is None:
        return []
    rolled = (a2 - a1) - (r2 - r1)
    return [Cause("roll_up", "", float(rolled)), Cause("rounding", "", (r2 - r1) - exact)]
