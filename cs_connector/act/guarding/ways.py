"""What a refusal advises: how a person looks at a plan again, and lets it through."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

APPROVE = '--approve "WHY IT IS RIGHT"'


@dataclass(frozen=True, slots=True)
class Way:
    """`look` shows the plan again, `let` lets it through; `less` says what else can be done than to mend a cause."""

    look: str
    let: str
    less: str = ""

    @property
    def undoes(self) -> bool:
        return bool(self.less)


PLAN = Way("cs-connector plan", f"cs-connector apply {APPROVE}")


def filed(path: Path) -> Way:
    """The way of a plan in a file of its own: without its name, `apply` would write another one."""
    return Way(f"cs-connector plan --out {path}", f"cs-connector apply {path} {APPROVE}")


def back(run: str, selected: Iterable[str] = ()) -> Way:
    """The way of a plan that takes back a run, or what it wrote to the objects that were selected."""
    command = " ".join(("cs-connector undo", run, *(f"--select {place}" for place in selected)))
    less = "if it is too much, take back less with: --select CONNECTION.OBJECT"
    return Way(command, f"{command} --yes {APPROVE}", less)
