"""`python -m bench.soak`: the long counted runs. It goes on where it was stopped; every failure says how to see it again."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
from rich.console import Console
from rich.table import Table

from .cost import Broken
from .soaking.batches import Batch, Book
from .soaking.code import NOTES, ROOT, listening, opened
from .soaking.tries import Begin, Kind, Tried, Try, Ways, of

BATCH = 120.0  # seconds after which what was tried is written down
PATIENCE = 60  # seeds in which a naive variant must be caught
NO_END = sys.maxsize
MEMORY = Path("/dev/shm")

KINDS = {
    "history": Kind(
        "sync", "random histories of a CRM, then two quiet readings", 10_000, of("histories", "near")
    ),
    "far": Kind("sync", "the same over sockets, in the vendors' sizes", 200, of("histories", "far")),
    "kill": Kind("sync", "readings killed at every point of the store", 10_000, of("deaths", "at_points")),
    "command": Kind("sync", "the installed command killed", 500, of("commands", "of_readings")),
    "cut": Kind("sync", "answers cut at every byte", 40_000, of("cuts", "everywhere"), first=10),
    "value": Kind("sync", "mutated values", 1_000_000, of("values", "mutated")),
    "send": Kind(
        "write-back",
        "tasks planned, sent and noted, killed at every named point, answers lost",
        10_000,
        of("sends", "at_points"),
        first=4,
    ),
    "batch": Kind("write-back", "batches with bad changes and odd answers", 5_000, of("verdicts", "true")),
    "moody": Kind(
        "write-back", "plans for CRMs in a mood, by a table", 5_000, of("moody.ways", "of_batches")
    ),
    "run": Kind(
        "main", "the installed command killed in whole runs, then let finish", 500, of("runs", "killed")
    ),
}


class Going(NamedTuple):
    """From which seed on, and when a batch ends: with so many tried, so many seeds, or at a time."""

    seed: int
    wanted: int
    most: int
    until: float


def main() -> int:
    asked, ended = _asked(), 0
    if NOTES in os.environ:
        _soak(asked.only[0], asked)
    elif not asked.show:
        ended = max(_apart(name, asked) for name in asked.only)
        if len(asked.only) == 1:
            return ended
    return max(ended, _told(asked))


def _apart(name: str, asked: argparse.Namespace) -> int:
    """One kind in a process of its own that takes notes: only what is opened for it counts as its code."""
    share = asked.minutes / len(asked.only)
    given = {"minutes": share, "out": asked.out.absolute(), "tries": asked.tries, "seed": asked.seed}
    given["begin"] = asked.begin
    words = [f"--{word}={value}" for word, value in given.items() if value is not None]
    command = [sys.executable, "-m", "bench.soak", name, *words]
    with tempfile.TemporaryDirectory(prefix="cs-connector-notes-") as folder:
        env = listening(Path(folder) / "notes")
        return abs(subprocess.run(command, cwd=ROOT, env=env, check=False).returncode)


def _soak(name: str, asked: argparse.Namespace) -> None:
    """Add batches until the goal or the end of the time; a seed that is asked for is only shown."""
    ways, until = KINDS[name].load(), time.monotonic() + asked.minutes * 60
    if asked.seed is None:
        _catch(ways)
    with _folder() as folder, ways.begin(folder) as attempt:
        if asked.seed is not None:
            for seed in range(asked.seed, asked.seed + (asked.tries or 1)):
                _say(name, seed, _one(attempt, seed))
            return
        warm(KINDS[name], attempt)
        _add_batches(name, attempt, asked, until)


def warm(kind: Kind, attempt: Try) -> None:
    """Try without counting, so that all that is needed is opened."""
    for seed in range(-kind.first, 0):
        attempt(seed)


def _add_batches(name: str, attempt: Try, asked: argparse.Namespace, until: float) -> None:
    """Raises Broken where files changed meanwhile: nobody can say what such a batch was about.

    A batch in which more files were opened than before it is one of other code, and so are those after it.
    """
    kind, book, left = KINDS[name], Book(asked.out), asked.tries or NO_END
    code = opened()
    while left > 0 and time.monotonic() < until:
        found = book.sum(name, code)
        if found.tried >= kind.goal:
            return
        going = Going(
            max(found.next, asked.begin), kind.goal - found.tried, left, min(until, time.monotonic() + BATCH)
        )
        batch = _batch(name, attempt, going)
        if not code.stands:
            raise Broken(f"the code of {name} changed while it ran: the last batch does not count")
        if more := set((now := opened()).files) - set(code.files):
            sys.stderr.write(f"{name}: only now {min(more)} was opened: from here on it is other code\n")
            code = now
        book.add(msgspec.structs.replace(batch, digest=code.digest, commit=code.commit, rooms=code.rooms))
        left -= batch.seeds


def _catch(ways: Ways) -> None:
    """Every naive variant must fail. Raises Broken where one does not: then the tries prove nothing."""
    for name, begin in ways.naive.items():
        seed, found = _caught(begin)
        if not found:
            raise Broken(f"the naive variant {name!r} was not caught in {PATIENCE} tries")
        sys.stderr.write(f"naive, {name}: seed {seed}: {found}\n")


def _caught(begin: Begin) -> tuple[int, str]:
    with _folder() as folder, begin(folder) as attempt:
        for seed in range(1, PATIENCE + 1):
            if found := attempt(seed).problem:
                return seed, found
    return 0, ""


def _batch(name: str, attempt: Try, going: Going) -> Batch:
    kind, began = KINDS[name], time.monotonic()
    seeds, tried, failures = 0, 0, list[str]()
    while not seeds or (time.monotonic() < going.until and seeds < going.most and tried < going.wanted):
        found = _one(attempt, going.seed + seeds)
        if found.problem:
            _say(name, going.seed + seeds, found)
            failures.append(f"seed {going.seed + seeds}: {found.problem}")
        seeds += 1
        tried += found.count
    seconds, note = round(time.monotonic() - began), "; ".join(failures)[:2000]
    return Batch(
        kind.area, kind.name, tried, len(failures), going.seed, note,
        name, seeds, seconds,
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
    parser.add_argument(
        "--begin", type=int, default=1, help="the first seed at least: two may share the work"
    )
    parser.add_argument("--show", action="store_true", help="only print what was counted")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("soak.json"))
    asked = parser.parse_args()
    unknown = set(asked.only) - set(KINDS)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    asked.only = asked.only or list(KINDS)
    return asked


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Broken as error:
        sys.exit(f"the soak stopped: {error}")
