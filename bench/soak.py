"""`python -m bench.soak`: the long counted runs; every failure prints how to see it again."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from . import histories, kills
from .cost import Broken
from .results import keep
from .tries import Try


@dataclass(frozen=True, slots=True)
class Kind:
    area: str
    name: str
    begin: Callable[[Path], AbstractContextManager[Try]]


class Counted(msgspec.Struct, frozen=True):
    """`seed` is the first; the others follow it one by one."""

    area: str
    name: str
    tried: int
    failed: int
    seed: int
    note: str


KINDS = {
    "store": Kind("sync", "landing and folding killed five times", kills.of_the_store),
    "run": Kind("main", "run killed once or twice, then let finish", kills.of_the_run),
    "history": Kind("sync", "random changes in the CRMs, then two quiet runs", histories.of_changes),
}


def main() -> int:
    asked = _asked()
    rows = [_soak(name, asked) for name in asked.only or KINDS]
    table = Table("area", "what", "tried", "failed", "first seed", "note")
    for row in rows:
        table.add_row(row.area, row.name, str(row.tried), str(row.failed), str(row.seed), row.note)
    Console(width=140).print(table)
    keep(asked.out, rows)
    return 1 if any(row.failed for row in rows) else 0


def _soak(name: str, asked: argparse.Namespace) -> Counted:
    """Try one kind for its share of the minutes, at least once."""
    kind, failures, tried = KINDS[name], list[str](), 0
    share = asked.minutes * 60 / len(asked.only or KINDS)
    with (
        tempfile.TemporaryDirectory(prefix="cs-connector-soak-") as folder,
        kind.begin(Path(folder)) as attempt,
    ):
        until = time.monotonic() + share
        while not tried or (time.monotonic() < until and asked.tries in (None, *range(tried + 1, 10**6))):
            seed = asked.seed + tried
            tried += 1
            problem = _one(attempt, seed)
            if problem:
                failures.append(f"seed {seed}: {problem}")
                sys.stderr.write(
                    f"FAILED {problem}\n  replay: python -m bench.soak {name} --tries 1 --seed {seed}\n"
                )
    return Counted(kind.area, kind.name, tried, len(failures), asked.seed, "; ".join(failures)[:2000])


def _one(attempt: Try, seed: int) -> str:
    try:
        return attempt(seed)
    except Broken as error:
        return str(error)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("only", nargs="*", help=f"some of: {', '.join(KINDS)}")
    parser.add_argument("--minutes", type=float, default=30, help="for all kinds together")
    parser.add_argument("--tries", type=int, help="at most so many of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("soak.json"))
    asked = parser.parse_args()
    unknown = set(asked.only) - set(KINDS)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    return asked


if __name__ == "__main__":
    sys.exit(main())
