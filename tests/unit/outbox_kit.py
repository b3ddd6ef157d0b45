"""An outbox before one CRM in memory, whose answers a test may script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cs_connector.act import outbox
from cs_connector.act.outbox import Outbox, Tally
from cs_connector.act.plan import Planned
from cs_connector.ports import Capabilities, Change, FieldInfo, ObjectInfo, Receipt, Verdict
from cs_connector.store import leases, tables
from cs_connector.store.state import State
from cs_connector.testing import FixedClock, Memory, MemorySettings, System, surroundings

from .act_kit import rows

TASK = ObjectInfo("Task", (FieldInfo("Key", "text", unique=True), FieldInfo("Subject", "text", length=10)))
OTHER = ObjectInfo("Account", (FieldInfo("Score", "number"), FieldInfo("Band", "text")))


class Line(Memory):
    """`sent` are the keys of every call; `said` answers in the place of what happened, where it gives an answer."""

    capabilities = Capabilities(upsert=frozenset({"Task"}), batch=3)

    def __init__(self, system: System) -> None:
        super().__init__(MemorySettings(), surroundings("crm"), system)
        self.sent: list[list[str]] = []
        self.said: Callable[[Change], Receipt | None] = lambda _change: None
        self.looked: Callable[[Change], Verdict] = lambda _change: Verdict.UNKNOWN
        self.before: Callable[[], None] = lambda: None

    def write(self, changes: Sequence[Change]) -> list[Receipt]:
        self.sent.append([change.key for change in changes])
        self.before()
        answers = super().write([c for c in changes if self.said(c) is None])
        known = {answer.key: answer for answer in answers}
        return [self.said(change) or known[change.key] for change in changes]

    def resume(self, changes: Sequence[Change]) -> list[Receipt]:
        return [Receipt(c.key, self.looked(c), c.record_id) for c in changes]


class Desk:
    """The outbox of one process after another: `again` is the next one."""

    def __init__(self, state: State, clock: FixedClock, system: System) -> None:
        self.state, self.clock, self.system = state, clock, system
        self.crm = Line(system)
        self.run = 0
        self.again()

    def again(self) -> None:
        self.run += 1
        leases.unlock(self.state, "run")
        self.lease = leases.take(self.state, "run", f"p{self.run}", self.clock)
        self.box = Outbox(self.state, self.lease, f"run-{self.run}", config_hash="c1")

    def send(self, *planned: Planned) -> Tally:
        self.box.lay(planned)
        *_, last = outbox.send(self.box, {"crm": self.crm})
        return last

    def recover(self) -> outbox.Found:
        return outbox.recover(self.box, {"crm": self.crm})

    def states(self) -> dict[str, str]:
        with self.state.read() as db:
            return {line.name: line.state for line in outbox.waiting(db)}

    def receipts(self) -> list[tuple[str, str]]:
        return [(r.key, r.verdict) for r in rows(self.state, tables.receipts)]

    def audited(self) -> list[tuple[str, str]]:
        return [(r.key, r.verdict) for r in rows(self.state, tables.audit)]

    def held(self) -> list[str]:
        return sorted(str(row.fields.get("Key")) for row in self.system.rows.get("Task", {}).values())


def task(key: str, subject: str = "call", **more: Any) -> Planned:
    given = {"action": "upsert", "key_field": "Key", "record_id": None, "associate": ()} | more
    return Planned(
        "crm", "Task", "call", key, given["action"], given["key_field"], given["record_id"],
        (("Subject", None, subject),), given["associate"], "",
    )  # fmt: skip
