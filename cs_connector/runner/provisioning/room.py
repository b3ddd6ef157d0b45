"""Room for records: what snapshots and relationships will take, before they are put anywhere."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from cs_connector.act.face import Standing, Step
from cs_connector.errors import GuardStopped
from cs_connector.runner.engine import Engine
from cs_connector.store.tables import feeds

SNAPSHOTS, FULL = 18, 0.8
KEPT = frozenset({"relationship", "snapshot"})  # what has records of its own


@dataclass(frozen=True, slots=True)
class Room:
    """Megabytes of a CRM. Without `exact` nobody knows yet who is a customer, and every account counts as one.

    `there` are records of ours that the CRM holds already, as last read.
    """

    used: float
    allowed: float
    record: float
    customers: int
    relationships: int
    there: int
    exact: bool
    waiting: bool

    @property
    def records(self) -> int:
        return max(0, self.customers * SNAPSHOTS + self.relationships - self.there)

    @property
    def needed(self) -> float:
        return self.records * self.record

    @property
    def share(self) -> float:
        return (self.used + self.needed) / self.allowed if self.allowed else 1.0

    @property
    def ok(self) -> bool:
        """Nothing more is put into a CRM that would be more than 80 % full; what is there already goes on."""
        return self.share <= FULL or not self.waiting

    def enforce(self, connection: str) -> None:
        """Raises GuardStopped."""
        if self.ok:
            return
        hint = "" if self.exact else "; so that only customers count, read and unify first: cs-connector run"
        raise GuardStopped(
            f"{connection} has too little room for records",
            why=f"{self.used:,.0f} of {self.allowed:,.0f} MB are used, and ours would take {self.needed:,.1f} MB more: "
            f"{self.share:.0%}, where {FULL:.0%} is the limit",
            safe="nothing was changed in any CRM",
            fix=f"delete what is not needed or buy storage{hint}",
        )


def room(engine: Engine, name: str, steps: Sequence[Step]) -> Room | None:
    """None for a CRM that has no such limit."""
    found = engine.adapter(name).storage()
    if found is None:
        return None
    known = _counted(engine)
    customers, relationships = known or (_accounts(engine, name), 0)
    new = {step.piece.name for step in steps if step.standing is Standing.CREATE}
    there = _there(engine, name, new)
    return Room(
        found.used, found.allowed, found.record, customers, relationships, there, known is not None, bool(new)
    )


def _counted(engine: Engine) -> tuple[int, int] | None:
    """Customers and relationships as they were last unified; None before that."""
    if not engine.store.facts.files("entity/account"):
        return None
    with engine.tables(["account", "relationship"]) as con:
        row = con.execute(
            "SELECT (SELECT count(*) FROM account WHERE customer_status = 'Customer'), (SELECT count(*) FROM relationship)"
        ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def _accounts(engine: Engine, name: str) -> int:
    source = next(s for s in engine.sources() if s.connection == name)
    objects = dict.fromkeys(rule.object for rule in source.mapping.read if rule.entity == "account")
    return sum(engine.adapter(name).total(each) or 0 for each in objects)


def _there(engine: Engine, name: str, missing: Collection[str]) -> int:
    """As last read; an object that is missing now took its records with it."""
    source = next(s for s in engine.sources() if s.connection == name)
    objects = {rule.object for rule in source.mapping.write if rule.source in KEPT} - set(missing)
    mine = (feeds.c.connection == name) & feeds.c.object.in_(sorted(objects))
    with engine.store.state.read() as db:
        return int(db.scalar(sa.select(sa.func.sum(feeds.c.live)).where(mine)) or 0)
