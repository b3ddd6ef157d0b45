"""Readings that kill themselves at every point of the store, against CRMs in another process: nothing is lost."""

from __future__ import annotations

import dataclasses
import random
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.bed import Bed, serving
from cs_connector import registry
from cs_connector.store.store import Store
from cs_connector.transport.clock import SystemClock

from .child import Job, Left, forked, preload, run
from .hand import Hand, happen
from .hasty import cursor_first
from .judge import Copy, difference
from .points import DELAY, Plan
from .project import written
from .reading import known
from .remote import Remote, remote
from .town import CRMS
from .tries import Tried, Try

KILLS = 10  # of one store, one after another
FLOOD = 45  # records that come at once, so that there are pages
QUIET = "PT30M"
SERVE = (sys.executable, "-m", "bench.soaking.serve", "small")


@contextmanager
def at_points(folder: Path) -> Iterator[Try]:
    """The point that was met least often so far is next, so that all are met."""
    with _deadly(folder) as deadly:
        yield deadly


@contextmanager
def naive(folder: Path) -> Iterator[Try]:
    """The cursor moves, and later the records are kept."""
    with _deadly(folder) as deadly:
        deadly.change, deadly.only = cursor_first, "landing.Landing.append: after"
        yield deadly


@contextmanager
def _deadly(folder: Path) -> Iterator[Deadly]:
    Store(folder / "empty", None, SystemClock()).close()
    with serving(folder / "crms", SERVE) as bed, ExitStack() as stack:
        bed.snapshot()
        crms = [stack.enter_context(remote(bed, crm)) for crm in CRMS]
        yield Deadly(folder, bed, crms)


class Deadly:
    """Tries of a kind; `met` counts how often each point was aimed at. With `only`, every kill is at that one, but a first
    one at `first`: what recovers is passed only where something was left.

    `kills` is how many there are in one try.
    """

    def __init__(self, folder: Path, bed: Bed, crms: Sequence[Remote]) -> None:
        self._folder, self._bed, self._crms = folder, bed, crms
        self._passed: dict[str, Counter[str]] = {}
        self.met = Counter[str]()
        for crm in crms:  # found once, not in each child
            registry.adapter(crm.crm)
        registry.job("sync")
        self.change: Callable[[], None] | None = None
        self.only: str | None = None
        self.first: str | None = None
        self.kills = KILLS

    def __call__(self, seed: int) -> Tried:
        dice = random.Random(seed)
        crm = self._crms[seed % len(self._crms)]
        self._bed.restore()
        root = self._folder / f"store{seed}"
        job = self._job(root, crm, dice)
        try:
            return self._episode(job, crm, dice)
        finally:
            shutil.rmtree(root)

    def _job(self, root: Path, crm: Remote, dice: random.Random) -> Job:
        control = self._bed.document["control_url"]
        project = written(root, crm.crm, crm.login, control)
        shutil.copytree(self._folder / "empty", project.state)
        every = known(crm.crm)
        chosen = set(dice.sample(every, 2))
        return Job(project, control, tuple(name for name in every if name in chosen), self.change)

    def _episode(self, job: Job, crm: Remote, dice: random.Random) -> Tried:
        crm.hand.begin(dice)
        crm.hand.burst(dice, FLOOD)
        self._bed.advance("PT2M")
        kills = 0
        for number in range(self.kills):
            plan = self._plan(crm.crm, dice, self.only if number else self.first or self.only)
            left = run(job, f"R{number}", plan)
            if left.problem:
                return Tried(f"{crm.crm}, killed at {plan}: {left.problem}", kills)
            self._note(crm.crm, plan, left)
            kills += left.killed
            _busy(crm.hand, dice)
            self._bed.advance("PT90S")
        return Tried(self._end(job, crm), kills)

    def _plan(self, crm: str, dice: random.Random, only: str | None) -> Plan | None:
        """None until it is known which points a reading passes."""
        passed = self._passed.get(crm) or next(iter(self._passed.values()), None)
        if not passed:
            return None
        names = [only] if only else list(passed)
        least = min(self.met[name] for name in names)
        name = dice.choice(sorted(name for name in names if self.met[name] == least))
        return Plan(name, dice.randint(1, max(1, passed[name])), dice.uniform(0, DELAY))

    def _note(self, crm: str, plan: Plan | None, left: Left) -> None:
        if plan is not None:
            self.met[plan.point] += 1
        preload(left.modules)
        if left.passed:
            held = self._passed.setdefault(crm, Counter())
            for name, count in left.passed.items():
                held[name] = max(held[name], count)

    def _end(self, job: Job, crm: Remote) -> str:
        """Two quiet readings, and what is wrong after them."""
        job = dataclasses.replace(job, change=None)
        for number in range(2):
            self._bed.advance(QUIET)
            left = run(job, f"Q{number}", None)
            if left.problem or left.killed:
                return f"{crm.crm}, at the end: {left.problem or 'killed'}"
            self._note(crm.crm, None, left)
        return forked(job.project.root, lambda: {"problem": _judged(job, crm)}).problem


def _judged(job: Job, crm: Remote) -> str:
    with Store(job.project.state, None, SystemClock()) as store:
        return difference(Copy(crm.crm, job.objects, crm.hand, store))


def _busy(hand: Hand, dice: random.Random) -> None:
    for _ in range(dice.randint(1, 4)):
        happen(hand, dice)


NAIVE = {"cursor first": naive}
