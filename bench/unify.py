"""Linking accounts and people of three systems, against Splink alone on the same records; then again with a few new ones;
and all of unify, against a scan and a write of what it reads.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cs_connector.store.store import Store
from cs_connector.transport.clock import SystemClock

from . import firms, linking
from .bed import COMMAND, FINE
from .cost import Cost, least, spend
from .results import Row, judge
from .size import Yard, runs

LINKING = (sys.executable, "-m", "bench.linking")
REWRITE = (sys.executable, "-m", "bench.rewrite")
MOST = 3.0  # times Splink's own CPU
AGAIN = 0.05  # of that, for one new record in a hundred
MEMORY = 3_000.0  # MB
WHOLE = 4.0  # times a scan and a write of what was read


def measure(yard: Yard) -> list[Row]:
    return [*_linked(yard), _whole(yard)]


def _linked(yard: Yard) -> list[Row]:
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


def _whole(yard: Yard) -> Row:
    """The first unify of the demo company; a second one, which has nothing to do, is its start-up."""
    root, folder = yard.bed.project(), yard.folder / "rewritten"
    spend([*COMMAND, "sync", "--project", root, "--json"], FINE)
    command = [*COMMAND, "unify", "--project", str(root), "--json"]
    ours, start = spend(command, FINE), spend(command, FINE)
    folder.mkdir()
    (folder / "read.json").write_text(json.dumps(_read(root)))
    (folder / "nothing.json").write_text("{}")
    floor, nothing = (spend([*REWRITE, folder / name]) for name in ("read.json", "nothing.json"))
    mine, theirs = (max(a.cpu - b.cpu, 0.001) for a, b in ((ours, start), (floor, nothing)))
    note = (
        f"CPU s for {yard.size.accounts:,} accounts and all that belongs to them, {int(floor.out):,} records, start-up "
        f"({start.cpu:.2f} and {nothing.cpu:.2f} s) taken off; {ours.memory:.0f} MB at the peak; one run"
    )
    return judge("unify", "unify everything / scan and write what it reads", mine, theirs, WHOLE, note)


def _read(root: Path) -> dict[str, list[str]]:
    """The files of the records that a project has read."""
    with Store(root / ".cs-connector", None, SystemClock()) as store:
        facts = store.facts
        return {name: [str(path) for path in facts.files(name)] for name in facts.datasets("raw/")}
