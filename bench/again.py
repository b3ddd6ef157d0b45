"""A run that finds nothing new, against the first; and a second run must write nothing."""

from __future__ import annotations

from .bed import Bed
from .cost import Cost
from .results import Row, judge
from .size import Yard, runs

PAUSE = "PT3M"


def measure(yard: Yard) -> list[Row]:
    """Run 2 reads back what run 1 wrote; run 3 is the quiet one."""
    size, bed = yard.size, yard.bed
    bed.snapshot()
    rounds = [_round(bed) for _ in range(size.times)]
    first, second, third = (
        min(costs, key=lambda c: c.cpu) for costs in zip(*(r[0] for r in rounds), strict=True)
    )
    entries = max(r[1] for r in rounds)
    yard.scored = bed.made[-1]
    walls = f"{first.wall:.0f}, {second.wall:.0f} and {third.wall:.0f} s by the clock"
    note = f"CPU s at {size.accounts:,} accounts, imports included; run 2: {second.cpu:.1f}; {walls}; {runs(size)}"
    told = f"mutations that the CRMs accepted in run 2; run 1: {rounds[0][2]:,}"
    return [
        judge("main", "run 3, nothing new / run 1", third.cpu, first.cpu, 0.15, note),
        judge("main", "run 2 writes nothing", entries, 0, 0, told),
    ]


def _round(bed: Bed) -> tuple[tuple[Cost, Cost, Cost], int, int]:
    """Three runs of a new project over the CRMs as they were; entries of the second and of the first."""
    bed.restore()
    root, before = bed.project(), len(bed.ledger())
    first = bed.run(root)
    written = len(bed.ledger(before))
    bed.advance(PAUSE)
    second = bed.run(root)
    entries = len(bed.ledger(before + written))
    bed.advance(PAUSE)
    return (first, second, bed.run(root)), entries, written
