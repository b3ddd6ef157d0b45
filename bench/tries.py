"""A try of a soak: given a seed it says what went wrong, or nothing, and how much it tried."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class Tried(NamedTuple):
    """`problem` is empty where all was right; `count` is how many kills, values or histories it was."""

    problem: str
    count: int = 1


Try = Callable[[int], Tried]
Begin = Callable[[Path], AbstractContextManager[Try]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of try, and how many are wanted. `naive` are ways that must be caught failing before any of it counts.

    `also` are modules that it works with in other processes, and so does not import itself.
    """

    area: str
    name: str
    goal: int
    begin: Begin
    naive: Mapping[str, Begin] = field(default_factory=dict)
    also: tuple[str, ...] = ()
