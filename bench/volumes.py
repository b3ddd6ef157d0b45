"""Metrics of a large company beside those of a tenth of it; takes half an hour, so only when asked for.

A million accounts have 256 million rows of usage and 430 million rows in all, of which the files take two gigabytes on disk.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from .cost import Broken, Cost, Net, spend
from .measuring.ours import AS_OF
from .measuring.parts import make
from .results import Row, judge
from .size import Yard

TENTH = 10
MOST = 11  # times the CPU of a tenth
MEMORY = 2000  # MB, of whatever size
MACHINE = 24_000  # MB


def measure(yard: Yard) -> list[Row]:
    accounts = yard.size.volume
    if accounts is None:
        return []
    start, small, large = (_cost(yard, each) for each in (4, accounts // TENTH, accounts))
    return rows(accounts, Net(small, start), Net(large, start))


def rows(accounts: int, small: Net, large: Net) -> list[Row]:
    cost = large.gross
    ten = f"metrics of {accounts:,} accounts / of a tenth of them"
    done = f"{cost.out.strip()}; {cost.cpu:.0f} CPU s, {cost.wall:.0f} s by the clock"
    return [
        judge("volumes", ten, large.cpu, small.cpu, MOST, f"CPU s, start-up ({large.start.cpu:.2f} s) taken off; one run"),
        judge("volumes", "their peak memory / what is allowed at any size", cost.memory, MEMORY, 1, f"MB; of a tenth {small.gross.memory:,.0f}"),
        judge("volumes", "all of it on 2 cores / the memory of the machine", cost.memory, MACHINE, 1, f"MB; {done}"),
    ]  # fmt: skip


def _cost(yard: Yard, accounts: int) -> Cost:
    with _made(yard.folder / f"volume-{accounts}", accounts) as data:
        return spent(data, accounts)


@contextmanager
def _made(folder: Path, accounts: int) -> Iterator[Path]:
    """The data of a company, on disk for as long as it is measured."""
    folder.mkdir()
    try:
        make(folder, accounts)
        yield folder
    finally:
        shutil.rmtree(folder)


def spent(data: Path, accounts: int) -> Cost:
    """What its metrics cost; `out` says of how many rows they are. Raises Broken where one of them is missing."""
    out = data / "out"
    cost = spend([sys.executable, "-m", "bench.measuring.volume", data, out])
    with duckdb.connect() as con:
        made, whose = con.execute(
            f"SELECT count(*), count(DISTINCT relationship_id) FROM '{out}/*.parquet' WHERE on_date = '{AS_OF}'"
        ).fetchall()[0]
        usage = con.execute(f"SELECT count(*) FROM '{data}/usage/*.parquet'").fetchall()[0][0]
    if not made == whose == accounts * 3 // 2:
        raise Broken(f"of {accounts * 3 // 2:,} relationships {made:,} were measured")
    return Cost(cost.cpu, cost.wall, cost.memory, f"{usage:,} rows of usage, {made:,} relationships")
