"""How much is measured."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from .bed import Bed, company, serving
from .cost import Broken
from .results import Row
from .tickets import EACH

FEW = 20  # records of a CRM with hardly anything in it: what is spent on those is the start-up


@dataclass(frozen=True, slots=True)
class Size:
    """Accounts of the company, records to pull, runs of each measurement; `tickets`: of which few
    change; `whole`: accounts of the long one.

    `kept`: accounts of a sandbox on disk, each with ten tickets; `ways`: of reading, each measured in `rounds`;
    `endless`: tickets of a CRM that has as many as one likes; `measured`: accounts whose metrics are computed;
    `written`: changes that are written to each CRM; `judged`: accounts that are scored from their metrics; `asked`: accounts among
    which one is asked about; `volume`: accounts of the company of which nothing may stay in memory; `peers`: whether others are
    measured too.
    """

    accounts: int = 20_000
    records: int = 200_000
    tickets: int = 1_000_000
    times: int = 2
    starts: int = 15
    whole: int | None = None
    kept: int = 2_000
    ways: int = 4
    rounds: int = 3
    endless: int = 5_000_000
    measured: int = 100_000
    written: int = 20_000
    judged: int = 100_000
    asked: int = 1_000_000
    volume: int | None = None
    peers: bool = True


QUICK = Size(
    accounts=40,
    records=400,
    tickets=800,
    times=1,
    starts=1,
    kept=200,
    ways=1,
    rounds=1,
    endless=4_000,
    measured=40,
    written=400,
    judged=40,
    asked=40,
    peers=False,
)


class Yard:
    """What the measurements share: a scratch folder, the size, and CRMs that are filled once.

    `missing` says what could not be measured, and why.
    """

    def __init__(self, folder: Path, size: Size) -> None:
        self.folder, self.size = folder, size
        self._stack = ExitStack()
        self.missing: list[str] = []
        self._crms: dict[tuple[str, int], Bed] = {}

    @cached_property
    def bed(self) -> Bed:
        return self._stack.enter_context(company(self.folder / "company", self.size.accounts))

    def crm(self, name: str, records: int) -> Bed:
        """One simulated CRM with so many tickets, filled once."""
        if (name, records) not in self._crms:
            command = [sys.executable, "-m", "bench.crm", name, str(records // EACH)]
            started = serving(self.folder / f"{name}-{records}", command)
            self._crms[name, records] = self._stack.enter_context(started)
        return self._crms[name, records]

    def attempt(self, name: str, work: Callable[[], Iterable[Row]]) -> list[Row]:
        """The rows of a measurement; none, and a line in `missing`, when it breaks."""
        try:
            return list(work())
        except Broken as error:
            self.missing.append(f"{name} was not measured: {error}")
            return []

    @cached_property
    def scored(self) -> Path:
        """A project that was run."""
        root = self.bed.project()
        self.bed.run(root)
        return root

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def runs(size: Size) -> str:
    return "one run" if size.times == 1 else f"least of {size.times} runs"
