"""What was tried, batch by batch, in a file that grows over days."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from bench.results import keep

from .code import Code


class Batch(msgspec.Struct, frozen=True):
    """`seeds` one after another from `seed` on; `tried` is what they were in kills, values or histories.

    `digest` is that of the `rooms` at that time, `seconds` what the batch took.
    """

    area: str
    name: str
    tried: int
    failed: int
    seed: int
    note: str
    kind: str = ""
    seeds: int = 0
    seconds: int = 0
    digest: str = ""
    commit: str = ""
    rooms: tuple[str, ...] = ()


class Sum(NamedTuple):
    """All batches of a kind with one code; `next` is the first seed that was not tried."""

    tried: int
    failed: int
    next: int
    notes: tuple[str, ...]


class Book:
    """The batches in a file. Each is on disk before the next is begun."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.batches: list[Batch] = []
        if path.exists():
            self.batches = msgspec.json.decode(path.read_bytes(), type=list[Batch])

    def add(self, batch: Batch) -> None:
        """Read the file again first: another soak may be at work on another kind."""
        self.batches = [*Book(self._path).batches, batch]
        keep(self._path, self.batches)

    def sum(self, kind: str, code: Code | str) -> Sum:
        digest = code if isinstance(code, str) else code.digest
        return added([b for b in self.batches if (b.kind, b.digest) == (kind, digest)])

    def newest(self, kind: str) -> str:
        """The digest of the last batch of a kind; empty where there is none."""
        return next((b.digest for b in reversed(self.batches) if b.kind == kind), "")


def added(batches: Sequence[Batch]) -> Sum:
    return Sum(
        sum(b.tried for b in batches),
        sum(b.failed for b in batches),
        max((b.seed + b.seeds for b in batches), default=1),
        tuple(b.note for b in batches if b.failed),
    )
