"""One way of reading over one simulated CRM: what the command costs, and what a loop costs that keeps nothing."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from bench.bed import COMMAND, Bed
from bench.cost import Broken, Cost, Work, repeated, spend

from .changing import change
from .ways import Way

SHARE = 100  # one ticket in so many is changed
OPEN = 5  # and one in so many is open: a closed one cannot be changed in Zendesk
ROUNDS = (
    8  # changed and synced so often; the files of the changes are merged with the others at about every tenth
)
SETTLED = "PT30M"  # until every change can be seen, and the next sync does not look at it again
LISTS = ("/queryAll?q=SELECT+Id", "/objects/2026-03/tickets?", "/incremental/tickets/")


@dataclass(slots=True)
class Reading:
    """`records` are there to be read. `root` is the project that read them last, `first` the target of its first page."""

    way: Way
    bed: Bed
    records: int
    root: Path = Path()
    first: str = ""
    changes: int = 0
    asked: list[str] = field(default_factory=list)

    def sync(self) -> Cost:
        """Read everything into a new project. Raises Broken when records are missing."""
        return self._whole(COMMAND)

    def watched(self) -> Cost:
        """The same, and `asked` gets every request: method and target."""
        log = self.bed.folder / "asked"
        log.unlink(missing_ok=True)
        port = urlsplit(self.bed.document[self.way.crm]["base_url"]).port
        cost = self._whole((sys.executable, "-m", "bench.syncing.asks", str(log), str(port)))
        self.asked = log.read_text().splitlines()
        targets = (line.partition(" ")[2] for line in self.asked)
        self.first = next((t for t in targets if any(part in t for part in LISTS)), "")
        if not self.first:
            raise Broken(f"{self.way.name}: no list of tickets among {self.asked}")
        return cost

    def _whole(self, command: tuple[str, ...]) -> Cost:
        self.root = self.way.project(self.bed)
        cost = spend([*command, "sync", "--project", self.root, "--json"])
        self.same(told(cost.out, "new"))
        return cost

    def later(self) -> Cost:
        """What a sync costs on the average after one ticket in a hundred was changed, without starting up.

        Raises Broken when other than these were found.
        """
        command = (sys.executable, "-m", "bench.syncing.rounds", "sync", "--project", self.root, "--json")
        with repeated(command) as sync:
            sync()  # starts up, and finds nothing
            costs = [self._changed(sync) for _ in range(ROUNDS)]
        cpu, wall = (sum(getattr(cost, name) for cost in costs) / ROUNDS for name in ("cpu", "wall"))
        return Cost(cpu, wall, costs[-1].memory, costs[-1].out)

    def _changed(self, sync: Work) -> Cost:
        begin = self.changes * OPEN % min(SHARE, self.records)  # others each time, and never none
        numbers = range(begin, self.records, SHARE)
        self.changes += 1
        change(self.bed, self.way.crm, numbers, f"Changed for the {self.changes}. time")
        self.bed.advance(SETTLED)
        cost = sync()
        self._expect(told(cost.out, "changed"), len(numbers))
        return cost

    def floor(self, loop: str, first: str) -> Work:
        """What fetches the pages and throws them away. Raises Broken when it read other than what is there."""
        place = self.bed.folder / "sandbox.json"

        def work() -> Cost:
            cost = spend([sys.executable, "-m", "bench.syncing.loops", place, self.way.crm, loop, first])
            self.same(json.loads(cost.out)["records"])
            return cost

        return work

    def delay(self, milliseconds: int) -> None:
        """Every answer of the CRM comes so much later."""
        rule = {"crm": self.way.crm, "do": {"delay_ms": milliseconds}}
        self.bed.order("/faults", {"rules": [rule] if milliseconds else []})

    def same(self, found: int) -> None:
        """Raises Broken when that is not how many records there are."""
        self._expect(found, self.records)

    def _expect(self, found: int, there: int) -> None:
        if found != there:
            raise Broken(f"{self.way.name}: {found:,} records were met, {there:,} were expected")


def told(said: str, what: str) -> int:
    """A figure of a run's summary, over all objects."""
    return sum(line[what] for line in json.loads(said)["objects"])
