"""Linking accounts and people of three systems, against Splink alone on the same records; then again with a few new ones."""

from __future__ import annotations

import sys
from pathlib import Path

from . import firms, linking
from .cost import Cost, least, spend
from .results import Row, judge
from .size import Yard, runs

LINKING = (sys.executable, "-m", "bench.linking")
MOST = 3.0  # times Splink's own CPU
AGAIN = 0.05  # of that, for one new record in a hundred
MEMORY = 3_000.0  # MB


def measure(yard: Yard) -> list[Row]:
    size, folder = yard.size, yard.folder / "firms"
    count = size.whole or size.accounts // 2
    folder.mkdir()
    firms.write(folder, count)
    linking.keep(folder)
    read, ours, splink, again = least(
        size.times, *(lambda how=how: _spent(folder, how) for how in ("read", "ours", "splink", "again"))
    )
    full, alone, few = (max(cost.cpu - read.cpu, 0.001) for cost in (ours, splink, again))
    note = f"CPU s for {count:,} accounts and {5 * count:,} people, reading them ({read.cpu:.2f} s) taken off; {runs(size)}"
    return [
        judge("unify", "link everything / Splink alone on the same records", full, alone, MOST, note),
        judge(
            "unify",
            f"link again, 1 in {linking.NEW} new / {MOST:g} times Splink alone",
            few,
            MOST * alone,
            AGAIN,
            note,
        ),
        judge("unify", "memory of linking everything", ours.memory, None, MEMORY, "MB at the peak"),
    ]


def _spent(folder: Path, how: str) -> Cost:
    return spend([*LINKING, folder, how])
