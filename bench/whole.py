"""Peak memory of one whole run over a large company; takes minutes, so only when asked for."""

from __future__ import annotations

from .bed import company
from .results import Row, judge
from .size import Yard

ALLOWED = 2000  # MB


def measure(yard: Yard) -> list[Row]:
    accounts = yard.size.whole
    if accounts is None:
        return []
    with company(yard.folder / "whole", accounts) as bed:
        cost = bed.run(bed.project())
        written = len(bed.ledger())
    note = f"MB; {cost.wall:.0f} s by the clock, {cost.cpu:.0f} CPU s, {written:,} mutations; one run"
    name = f"peak memory of run at {accounts:,} accounts / what is allowed"
    return [judge("main", name, cost.memory, ALLOWED, 1.0, note)]
