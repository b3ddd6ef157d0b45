"""The installed command, killed while it reads: nothing is lost and nothing comes twice."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.bed import FINE, Bed, serving
from bench.cost import spend
from cs_connector.config import Project
from cs_connector.store.store import Store
from cs_connector.transport.clock import SystemClock

from .deaths import FLOOD, QUIET, SERVE
from .hand import Hand, happen
from .judge import Copy, difference
from .project import written
from .reading import known
from .remote import Remote, remote
from .town import CRMS
from .tries import Tried, Try

KILLS = 10  # of one project, one after another
SLOW = {"rules": [{"do": {"delay_ms": 3}}]}  # so that a run is reading for most of its time
INSTALLED = (str(Path(sys.executable).with_name("cs-connector")),)
HASTY = (sys.executable, "-m", "bench.soaking.hasty")


@contextmanager
def of_readings(folder: Path) -> Iterator[Try]:
    """`sync` is killed at a random time, again and again, and then let finish."""
    with _killing(folder, INSTALLED) as attempt:
        yield attempt


@contextmanager
def naive(folder: Path) -> Iterator[Try]:
    """The cursor moves, and later the records are kept."""
    with _killing(folder, HASTY) as attempt:
        yield attempt


@contextmanager
def _killing(folder: Path, program: Sequence[str]) -> Iterator[Try]:
    Store(folder / "empty", None, SystemClock()).close()
    with serving(folder / "crms", SERVE) as bed, ExitStack() as stack:
        bed.order("/faults", SLOW)
        bed.snapshot()
        crms = [stack.enter_context(remote(bed, crm)) for crm in CRMS]
        yield _Killing(folder, bed, crms, program)


class _Killing:
    def __init__(self, folder: Path, bed: Bed, crms: Sequence[Remote], program: Sequence[str]) -> None:
        self._folder, self._bed, self._crms, self._program = folder, bed, crms, program
        self._lasts: dict[str, float] = {}

    def __call__(self, seed: int) -> Tried:
        dice = random.Random(seed)
        crm = self._crms[seed % len(self._crms)]
        self._bed.restore()
        crm.hand.begin(dice)
        crm.hand.burst(dice, FLOOD)
        project = self._project(f"project{seed}", crm)
        kills = sum(self._kill(project, crm, dice) for _ in range(KILLS))
        return Tried(self._end(project, crm), kills)

    def _project(self, name: str, crm: Remote) -> Project:
        project = written(self._folder / name, crm.crm, crm.login, self._bed.document["control_url"])
        shutil.copytree(self._folder / "empty", project.state)
        return project

    def _kill(self, project: Project, crm: Remote, dice: random.Random) -> bool:
        """Whether it was killed before it came to its end."""
        lasts, quiet = self._time(crm), subprocess.DEVNULL
        with subprocess.Popen(self._command(project), stdout=quiet, stderr=quiet) as process:
            time.sleep(lasts * dice.uniform(0.3, 1))
            process.send_signal(signal.SIGKILL)
        _busy(crm.hand, dice)
        self._bed.advance("PT90S")
        return process.returncode == -signal.SIGKILL

    def _time(self, crm: Remote) -> float:
        """What the first reading lasts."""
        if crm.crm not in self._lasts:
            project = self._project(f"timed {crm.crm}", crm)
            self._lasts[crm.crm] = spend(self._command(project), FINE).wall
        return self._lasts[crm.crm]

    def _end(self, project: Project, crm: Remote) -> str:
        """Two quiet readings, and what is wrong after them."""
        for _ in range(2):
            self._bed.advance(QUIET)
            spend(self._command(project), FINE)
        with Store(project.state, None, SystemClock()) as store:
            found = difference(Copy(crm.crm, known(crm.crm), crm.hand, store))
        shutil.rmtree(project.root)
        return found

    def _command(self, project: Project) -> list[str]:
        return [*self._program, "sync", "--project", str(project.root), "--json"]


def _busy(hand: Hand, dice: random.Random) -> None:
    for _ in range(dice.randint(1, 4)):
        happen(hand, dice)


NAIVE = {"cursor first": naive}
