"""What share of recorded exchanges a simulator answers in the same shape, in all and by endpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from .replay import Replayed


@dataclass
class Share:
    """Counts of exchanges, of those whose endpoint is simulated, of equal ones; and of points within these."""

    exchanges: int = 0
    simulated: int = 0
    same: int = 0
    points: int = 0
    differences: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    equal: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def share_of_points(self) -> float:
        return (self.points - self.differences) / self.points

    def counts(self) -> dict[str, int]:
        return {
            name: getattr(self, name) for name in ("exchanges", "simulated", "same", "points", "differences")
        }

    def add(self, one: Replayed) -> None:
        self.exchanges += 1
        if not one.simulated:
            return
        found = one.comparison
        self.simulated += 1
        self.same += found.same
        self.points += found.points
        self.differences += len(found.differences)
        self.asked[one.endpoint] += 1
        self.equal[one.endpoint] += found.same
        self.reasons.update((one.endpoint, reason) for reason in set(found.differences))

    def report(self) -> str:
        """By endpoint, then the differences, the most frequent first. Only names and types, no values."""
        ends = [f"{self.equal[end]:>5} of {n:>3}  {end}" for end, n in sorted(self.asked.items())]
        why = [f"{n:>5}  {end}  {reason}" for (end, reason), n in self.reasons.most_common()]
        return "\n".join([f"{self.same} of {self.simulated} the same", *ends, *why])


def share_of(replayed: Iterable[Replayed]) -> Share:
    found = Share()
    for one in replayed:
        found.add(one)
    return found
