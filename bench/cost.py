"""What a command costs: CPU seconds of it and of every process it started, wall seconds, peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import IO, TypeAlias

LITTLE = 0.001  # seconds: less cannot be told from nothing


@dataclass(frozen=True, slots=True)
class Cost:
    """`memory` is in MB, `out` what the command printed."""

    cpu: float
    wall: float
    memory: float
    out: str


Work: TypeAlias = Callable[[], Cost]


class Broken(Exception):
    """A command of a bench failed, so there is nothing to measure."""


def spend(
    command: Sequence[str | Path], allowed: Sequence[int] = (0,), env: Mapping[str, str] | None = None
) -> Cost:
    """Run a command to its end, in this environment or another. Raises Broken for an exit code that is not allowed."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.monotonic()
        process = subprocess.Popen([str(part) for part in command], stdout=out, stderr=err, env=env)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        said, talk = (_all(file) for file in (out, err))
    if process.returncode not in allowed:
        name = " ".join(str(part) for part in command)
        raise Broken(f"exit {process.returncode} of {name}\n{(talk or said)[-3000:]}")
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, said)


@contextmanager
def repeated(command: Sequence[str | Path]) -> Iterator[Work]:
    """A command that does its work once for every line it is given, and says in one what that cost. Raises Broken."""
    words = [str(part) for part in command]
    with tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err, text=True
        )
        assert process.stdin
        assert process.stdout
        orders, answers = process.stdin, process.stdout

        def work() -> Cost:
            orders.write("\n")
            orders.flush()
            line = answers.readline()
            if not line:
                raise Broken(f"{' '.join(words)}\n{_all(err)[-3000:]}")
            return Cost(*json.loads(line))

        with process:
            yield work


@dataclass(frozen=True, slots=True)
class Net:
    """What a work costs, and what it costs with hardly anything to do; its own cost is the difference."""

    gross: Cost
    start: Cost

    @property
    def cpu(self) -> float:
        return max(self.gross.cpu - self.start.cpu, LITTLE)

    @property
    def wall(self) -> float:
        return max(self.gross.wall - self.start.wall, LITTLE)


def least(times: int, *works: Work, by: str = "cpu") -> list[Cost]:
    """Each work's cheapest of some runs, taken in turns so that noise meets all alike."""
    runs = [[work() for work in works] for _ in range(times)]
    return [min(costs, key=attrgetter(by)) for costs in zip(*runs, strict=True)]


def net(times: int, works: Mapping[str, tuple[Work, Work]], by: str = "cpu") -> dict[str, Net]:
    """The same for works of which each stands beside one that does nothing but start."""
    found = least(times, *(work for both in works.values() for work in both), by=by)
    return {name: Net(*found[2 * n : 2 * n + 2]) for n, name in enumerate(works)}


def _all(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
