"""What a command costs: CPU seconds of it and of every process it started, wall seconds, peak memory."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True, slots=True)
class Cost:
    """`memory` is in MB, `out` what the command printed."""

    cpu: float
    wall: float
    memory: float
    out: str


class Broken(Exception):
    """A command of a bench failed, so there is nothing to measure."""


def spend(command: Sequence[str | Path], allowed: Sequence[int] = (0,)) -> Cost:
    """Run a command to its end. Raises Broken for an exit code that is not allowed."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.monotonic()
        process = subprocess.Popen([str(part) for part in command], stdout=out, stderr=err)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        said, talk = (_all(file) for file in (out, err))
    if process.returncode not in allowed:
        name = " ".join(str(part) for part in command)
        raise Broken(f"exit {process.returncode} of {name}\n{(talk or said)[-3000:]}")
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, said)


def least(times: int, *works: Callable[[], Cost]) -> list[Cost]:
    """Each work's cheapest of some runs, taken in turns so that noise meets all alike."""
    runs = [[work() for work in works] for _ in range(times)]
    return [min(costs, key=lambda cost: cost.cpu) for costs in zip(*runs, strict=True)]


def _all(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")
