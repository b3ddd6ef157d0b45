"""`python -m bench.soak`: the long counted runs. It goes on where it was stopped; every failure says how to see it again."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from . import commands, cuts, deaths, histories, kills, values
from .cost import Broken
from .soaking.batches import Batch, Book
from .soaking.code import ROOT, Code, imported
from .tries import Begin, Kind, Tried, Try

BATCH = 120.0  # seconds after which what was tried is written down
PATIENCE = 60  # seeds in which a naive variant must be caught
MEMORY = Path("/dev/shm")

KINDS = {
    "history": Kind(
        "sync", "random histories of a CRM, then two quiet readings", 10_000, histories.near, histories.NAIVE
    ),
    "far": Kind("sync", "the same over sockets, in the vendors' sizes", 200, histories.far, histories.NAIVE),
    "kill": Kind(
        "sync", "kills at every point of the store", 10_000, deaths.at_points, {"cursor first": deaths.naive}
    ),
    "command": Kind(
        "sync",
        "kills of the installed command",
        500,
        commands.of_readings,
        {"cursor first": commands.naive},
        ("cs_connector.cli",),
    ),
    "cut": Kind("sync", "answers cut at every byte", 40_000, cuts.everywhere, {"trusting": cuts.trusting}),
    "value": Kind("sync", "mutated values", 1_000_000, values.mutated, {"by hand": values.plain}),
    "run": Kind("main", "runs killed once or twice, then let finish", 100, kills.of_the_run),
}


def main() -> int:
    asked = _asked()
    if len(asked.only) == 1:
        _soak(asked.only[0], asked)
    elif not asked.show:
        for name in asked.only:
            _apart(name, asked)
    return _told(asked)


def _apart(name: str, asked: argparse.Namespace) -> None:
    """One kind in a process of its own: only what it imports itself counts as its code."""
    share = asked.minutes / len(asked.only)
    command = [sys.executable, "-m", "bench.soak", name, "--minutes", str(share), "--out", str(asked.out)]
    if asked.tries is not None:
        command += ["--tries", str(asked.tries)]
    subprocess.run(command, cwd=ROOT, check=False)


def _soak(name: str, asked: argparse.Namespace) -> None:
    """Add batches until the goal or the end of the time; a seed that is asked for is only shown."""
    kind, until = KINDS[name], time.monotonic() + asked.minutes * 60
    with _folder() as folder, kind.begin(folder) as attempt:
        if asked.seed is not None:
            for seed in range(asked.seed, asked.seed + (asked.tries or 1)):
                _say(name, seed, _one(attempt, seed))
            return
        _catch(kind, attempt)
        code, book = imported(kind.also), Book(asked.out)
        left = asked.tries
        while (found := book.sum(name, code)).tried < kind.goal and time.monotonic() < until and left != 0:
            batch = _batch(name, kind, attempt, code, found.next, until, left)
            book.add(batch)
            left = None if left is None else left - batch.seeds


def _catch(kind: Kind, attempt: Try) -> None:
    """Every naive variant must fail. Raises Broken where one does not: then the tries prove nothing."""
    for name, begin in kind.naive.items():
        seed, found = _caught(begin)
        if not found:
            raise Broken(f"the naive variant {name!r} was not caught in {PATIENCE} tries")
        sys.stderr.write(f"naive, {name}: seed {seed}: {found}\n")
    attempt(0)  # so that everything is imported


def _caught(begin: Begin) -> tuple[int, str]:
    with _folder() as folder, begin(folder) as attempt:
        for seed in range(1, PATIENCE + 1):
            if found := attempt(seed).problem:
                return seed, found
    return 0, ""


def _batch(
    name: str, kind: Kind, attempt: Try, code: Code, seed: int, until: float, most: int | None
) -> Batch:
    began, seeds, tried, failures = time.monotonic(), 0, 0, list[str]()
    end = min(until, began + BATCH)
    while not seeds or (time.monotonic() < end and seeds != most):
        found = _one(attempt, seed + seeds)
        if found.problem:
            _say(name, seed + seeds, found)
            failures.append(f"seed {seed + seeds}: {found.problem}")
        seeds += 1
        tried += found.count
    seconds = round(time.monotonic() - began)
    note = "; ".join(failures)[:2000]
    return Batch(
        kind.area, kind.name, tried, len(failures), seed, note,
        name, seeds, seconds, code.digest, code.commit, code.rooms,
    )  # fmt: skip


def _one(attempt: Try, seed: int) -> Tried:
    """A try that breaks is one that failed: what it was about is lost with it."""
    try:
        return attempt(seed)
    except Exception as error:  # noqa: BLE001 - the next seeds are to be tried all the same
        traceback.print_exc()
        return Tried(f"{type(error).__name__}: {error!s:.300}")


def _say(name: str, seed: int, found: Tried) -> None:
    what = f"FAILED {found.problem}" if found.problem else f"seed {seed}: nothing wrong"
    sys.stderr.write(f"{what}\n  replay: python -m bench.soak {name} --seed {seed}\n")


def _told(asked: argparse.Namespace) -> int:
    """Print the sums of the newest code of each kind; 1 where something failed."""
    book, failed = Book(asked.out), 0
    table = Table("area", "what", "tried", "of", "failed", "code", "commit", "note")
    for name in asked.only:
        kind, digest = KINDS[name], book.newest(name)
        found = book.sum(name, digest)
        commit = next((b.commit for b in reversed(book.batches) if b.digest == digest), "")
        row = (kind.area, f"{name}: {kind.name}", f"{found.tried:,}", f"{kind.goal:,}", f"{found.failed:,}")
        table.add_row(*row, digest[:8], commit, "; ".join(found.notes)[:300])
        failed += found.failed
    Console(width=160).print(table)
    return 1 if failed else 0


@contextmanager
def _folder() -> Iterator[Path]:
    """In memory where there is such: a killed process loses nothing of it, a machine without power would."""
    where = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="cs-connector-soak-", dir=where) as folder:
        yield Path(folder)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("only", nargs="*", help=f"some of: {', '.join(KINDS)}")
    parser.add_argument("--minutes", type=float, default=60, help="for all kinds together")
    parser.add_argument("--tries", type=int, help="at most so many seeds of each kind")
    parser.add_argument("--seed", type=int, help="show this one again, and count nothing")
    parser.add_argument("--show", action="store_true", help="only print what was counted")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("soak.json"))
    asked = parser.parse_args()
    unknown = set(asked.only) - set(KINDS)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    asked.only = asked.only or list(KINDS)
    return asked


if __name__ == "__main__":
    sys.exit(main())
