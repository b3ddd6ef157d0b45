"""A try of a soak: given a seed it says what went wrong, or nothing, and how much it tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import NamedTuple


class Tried(NamedTuple):
    """`problem` is empty where all was right; `count` is how many kills, values or histories it was."""

    problem: str
    count: int = 1


Try = Callable[[int], Tried]
Begin = Callable[[Path], AbstractContextManager[Try]]


class Ways(NamedTuple):
    """How tries are begun; `naive` are ways that must be caught failing before any of ours counts."""

    begin: Begin
    naive: Mapping[str, Begin]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of try, and how many are wanted. `load` imports what it needs, and nothing else does.

    After `first` seeds all that is ever needed has been opened.
    """

    area: str
    name: str
    goal: int
    load: Callable[[], Ways]
    first: int = 3  # one of each CRM


def of(module: str, begin: str) -> Callable[[], Ways]:
    """The ways of a module of this room: one of its functions, and its NAIVE."""

    def load() -> Ways:
        found = import_module(f"{__package__}.{module}")
        return Ways(getattr(found, begin), found.NAIVE)

    return load
