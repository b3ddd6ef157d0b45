"""The same way of reading over all records and over hardly any, measured in one process that has started up before.

The command starts up for over a second, and reads 200,000 records in half of one: taken from processes of their own, the
difference of two starts was as large as what was to be measured.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TypeAlias

from bench.cost import Cost, Net, spend

from .reading import Reading, told

Words: TypeAlias = Sequence[str | Path]
Both: TypeAlias = Callable[[], Net]


@dataclass(frozen=True, slots=True)
class Pair:
    """Each work gives what all records cost, and what hardly any cost. Raises Broken when others were met."""

    full: Reading
    few: Reading

    def sync(self) -> Net:
        """Read everything into new projects."""
        before = self.few.way.project(self.few.bed, "before")
        self.few.root, self.full.root = (each.way.project(each.bed) for each in (self.few, self.full))
        return self._net([_sync(root) for root in (before, self.few.root, self.full.root)], _new)

    def typed(self) -> Net:
        """Turn what was read into columns."""
        roots = (self.few.root, self.few.root, self.full.root)
        return self._net([("bench.syncing.typed", root) for root in roots], int)

    def floor(self, loop: str) -> Both:
        """Fetch the pages and throw them away. `few` must have been watched."""
        first = self.few.first

        def work() -> Net:
            beds = (self.few.bed, self.few.bed, self.full.bed)
            places = (bed.folder / "sandbox.json" for bed in beds)
            orders = [("bench.syncing.loops", place, self.full.way.crm, loop, first) for place in places]
            return self._net(orders, _records)

        return work

    def _net(self, commands: Sequence[Words], count: Callable[[str], int]) -> Net:
        words = json.dumps([[str(word) for word in command] for command in commands])
        lines = spend([sys.executable, "-m", "bench.syncing.warmed", words]).out.splitlines()
        _, start, gross = (Cost(*json.loads(line)) for line in lines)
        for reading, cost in ((self.few, start), (self.full, gross)):
            reading.same(count(cost.out))
        return Net(gross, start)


def cheapest(times: int, works: Mapping[str, Both]) -> dict[str, Net]:
    """Each work's cheapest of some runs, taken in turns so that noise meets all alike."""
    runs = [{name: work() for name, work in works.items()} for _ in range(times)]
    return {name: _cheapest([run[name] for run in runs]) for name in works}


def _cheapest(found: Sequence[Net]) -> Net:
    by_cpu = attrgetter("cpu")
    return Net(min((net.gross for net in found), key=by_cpu), min((net.start for net in found), key=by_cpu))


def _sync(root: Path) -> Words:
    return ("cs_connector", "sync", "--project", root, "--json")


def _new(said: str) -> int:
    return told(said, "new")


def _records(said: str) -> int:
    return int(json.loads(said)["records"])
