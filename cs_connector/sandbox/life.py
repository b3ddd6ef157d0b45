"""People who edit their CRMs while we work: a stream of edits for every simulator, by seed and clock."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .clock import SandboxClock
from .ledger import Ledger
from .wire import Simulator

DAY = 86_400.0
MOST = 10_000  # edits a day: a clock that moves makes all of them before it answers
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Turn:
    """The next edit in one simulator: its number, counted from 1, and when it happens."""

    number: int
    due: datetime


class Life:
    """`rate` is the mean number of edits a day in every simulator; 0 is nobody at work.

    When an edit happens, and which one it is, follows from the seed, the simulator's name and the edit's number. It
    happens at its time on the clock, before the first request that comes later, so requests do not change it.
    `still` holds every simulator.
    """

    def __init__(
        self,
        clock: SandboxClock,
        ledger: Ledger,
        simulators: Mapping[str, Simulator],
        still: Callable[[], AbstractContextManager[Any]],
    ) -> None:
        self._clock, self._ledger, self._simulators, self._still = clock, ledger, simulators, still
        self._turns: dict[str, Turn] = {}
        self._next = NEVER
        self.rate, self.seed = 0.0, 0

    @property
    def edits(self) -> int:
        """How many there were since it began."""
        return sum(turn.number - 1 for turn in self._turns.values())

    def begin(self, rate: float, seed: int) -> None:
        """People start to work at the next full second; those before go home. Raises ValueError."""
        if not (math.isfinite(rate) and rate >= 0):
            raise ValueError(f"a rate is a number of edits a day, 0 or more, not {rate}")
        if rate > MOST:
            raise ValueError(f"a rate is at most {MOST:,} edits a day, not {rate:,.0f}")
        with self._still():
            self.rate, self.seed = rate, seed
            start = _full_second(self._clock.now())
            names = sorted(self._simulators) if rate else []
            self._turns = {name: self._turn(name, 1, start) for name in names}
            self._look()

    def catch_up(self) -> None:
        """Make every edit that is due."""
        if self._next is NEVER or self._next > self._clock.now():
            return
        with self._still():
            until = self._clock.now()
            while self._next <= until:
                self._edit()

    def snapshot(self) -> object:
        """How far it is, by the time that is left until each next edit."""
        now = self._clock.now()
        return self.rate, self.seed, {name: (t.number, t.due - now) for name, t in self._turns.items()}

    def restore(self, kept: Any) -> None:
        """Go on from there; the clock has gone on meanwhile."""
        self.rate, self.seed, turns = kept
        now = self._clock.now()
        self._turns = {name: Turn(number, now + left) for name, (number, left) in turns.items()}
        self._look()

    def _edit(self) -> None:
        name, turn = min(self._turns.items(), key=lambda item: (item[1].due, item[0]))
        self._turns[name] = self._turn(name, turn.number + 1, turn.due)
        self._look()
        with self._clock.at(turn.due), self._ledger.by("user"):
            self._simulators[name].live(self._dice("edit", name, turn.number))

    def _turn(self, name: str, number: int, after: datetime) -> Turn:
        wait = self._dice("wait", name, number).expovariate(self.rate / DAY)
        return Turn(number, after + timedelta(milliseconds=1 + int(wait * 1000)))

    def _look(self) -> None:
        self._next = min((turn.due for turn in self._turns.values()), default=NEVER)

    def _dice(self, use: str, name: str, number: int) -> random.Random:
        return random.Random(f"{self.seed} {name} {number} {use}")  # noqa: S311 — dice, not keys


def _full_second(moment: datetime) -> datetime:
    floor = moment.replace(microsecond=0)
    return floor if floor == moment else floor + timedelta(seconds=1)
