"""How much is measured."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from .bed import Bed, company


@dataclass(frozen=True, slots=True)
class Size:
    """Accounts of the company, records to pull, runs of each measurement; `whole`: accounts of the long one.

    `kept`: accounts of a sandbox on disk, each with ten tickets; `ways`: of reading.
    """

    accounts: int = 20_000
    records: int = 200_000
    times: int = 2
    starts: int = 15
    whole: int | None = None
    kept: int = 2_000
    ways: int = 4


QUICK = Size(accounts=40, records=400, times=1, starts=1, kept=200, ways=1)


class Yard:
    """What the measurements share: a scratch folder, the size, and one company that is filled once."""

    def __init__(self, folder: Path, size: Size) -> None:
        self.folder, self.size = folder, size
        self._stack = ExitStack()

    @cached_property
    def bed(self) -> Bed:
        return self._stack.enter_context(company(self.folder / "company", self.size.accounts))

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
