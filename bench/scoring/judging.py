"""Scores, roll-ups, outlines and snapshots from metrics, against reading and writing the same tables; and the memory of many."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

from bench.cost import Cost, Net, net, spend
from bench.results import Row, judge
from bench.size import Yard, runs
from cs_connector import health, registry

from .base import make

GOAL = 2
MEMORY = 1500  # MB
FEW = 4  # accounts: what is spent on those is the start-up
HERE = "bench.scoring"


def measure(yard: Yard) -> list[Row]:
    size = yard.size
    base, few = based(yard, size.judged), based(yard, FEW)
    made = {place: place.with_name(f"{place.name}-made") for place in (base, few)}
    works = {
        "ours": tuple((lambda place=place: score(place, made[place])) for place in (base, few)),
        "tables": tuple((lambda place=place: _tables(place, made[place])) for place in (base, few)),
    }
    found = net(size.times, works)
    ours, tables = found["ours"], found["tables"]
    return [_cpu(yard, ours, tables), *_memory(yard)]


def based(yard: Yard, accounts: int) -> Path:
    """The base of so many accounts, made once; what that took is told, and is no part of any measurement."""
    place = yard.folder / f"base-{accounts}"
    if not place.exists():
        began = time.process_time()
        rows = make(place, accounts, health.load_definitions(registry.shipped()).metrics)
        sys.stderr.write(
            f"  {rows:,} rows of {accounts:,} accounts made in {time.process_time() - began:.0f} CPU s\n"
        )
    return place


def score(base: Path, out: Path) -> Cost:
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    return spend([sys.executable, "-m", f"{HERE}.ours", base, out])


def _tables(base: Path, made: Path) -> Cost:
    out = made.with_name(f"{made.name}-again")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    return spend([sys.executable, "-m", f"{HERE}.tables", base, made, out])


def _cpu(yard: Yard, ours: Net, tables: Net) -> Row:
    relationships = 3 * yard.size.judged // 2
    note = (
        f"CPU s for {relationships:,} relationships at seven dates, start-up ({ours.start.cpu:.2f} and {tables.start.cpu:.2f} s) taken off; "
        f"{ours.gross.memory:,.0f} MB; {runs(yard.size)}"
    )
    name = "scores, roll-ups, outlines and snapshots from metrics / reading and writing the same tables"
    return judge("health", name, ours.cpu, tables.cpu, GOAL, note)


def _memory(yard: Yard) -> list[Row]:
    """Of one run, by which the questions are asked, too."""
    base = based(yard, yard.size.asked)
    cost = score(base, base.with_name(f"{base.name}-made"))
    note = f"MB; {cost.wall:.0f} s by the clock, {cost.cpu:.0f} CPU s; one run"
    name = f"peak memory of scoring {yard.size.asked:,} accounts / what is allowed"
    return [judge("health", name, cost.memory, MEMORY, 1, note)]
