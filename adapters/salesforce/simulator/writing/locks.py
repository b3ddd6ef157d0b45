"""Rows that another transaction holds: a write that needs one of them is refused.

A write needs the record itself, and the parents that Salesforce locks with it: over master-detail and required
lookups, and over the lookups of standard objects that keep figures on the parent (vendor: record locking cheat sheet).
"""

from __future__ import annotations

from binascii import crc32
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cs_connector.sandbox.faults import LockRows

from ..errors import RecordError
from ..schema.schema import Field, ObjectType
from .cascade import restricted
from .rows import Row

LOCKING = frozenset(
    {"Case.AccountId", "Case.ContactId", "Contract.AccountId", "Task.WhoId", "Event.WhoId"}
    | {"Task.WhatId", "Event.WhatId"}
)


Spent = tuple[datetime | None, dict[str, int], int]


@dataclass(slots=True)
class Hold:
    order: LockRows
    until: datetime | None
    touched: dict[str, int] = field(default_factory=dict)
    refused: int = 0

    def takes(self, record_id: str) -> bool:
        """Whether this write meets the lock; counts it."""
        order = self.order
        if order.times is not None and self.refused >= order.times:
            return False
        count = self.touched[record_id] = self.touched.get(record_id, 0) + 1
        met = record_id in order.ids or crc32(record_id.encode()) % 1000 < order.share * 1000
        met = met or (order.nth > 0 and count % order.nth == 0)
        self.refused += met
        return met


class Locks:
    """`taken` are rows that a transaction running beside this one holds; `needed` gathers what writes needed."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._holds: dict[str, Hold] = {}
        self.taken: frozenset[str] = frozenset()
        self.needed: set[str] = set()

    def order(self, order: LockRows) -> None:
        """Takes the place of an earlier order for the same object."""
        lasts = None if order.seconds is None else timedelta(seconds=order.seconds)
        self._holds[order.object.lower()] = Hold(order, self._now() + lasts if lasts is not None else None)

    def release(self) -> None:
        """End what was ordered."""
        self._holds.clear()

    def spent(self) -> dict[str, Spent]:
        """How far each order is: when it ends, how often rows were touched, and how many writes it refused."""
        return {name: (hold.until, dict(hold.touched), hold.refused) for name, hold in self._holds.items()}

    def resume(self, spent: Mapping[str, Spent]) -> None:
        """Go on from there with the orders that were given anew."""
        for name, (until, touched, refused) in spent.items():
            hold = self._holds.get(name)
            if hold is not None:
                hold.until, hold.touched, hold.refused = until, dict(touched), refused

    def check(self, obj: ObjectType, before: Row | None, after: Row) -> None:
        """Raises RecordError UNABLE_TO_LOCK_ROW."""
        needed = list(needs(obj, before, after))
        if before is not None:
            needed.append((obj.name, after["Id"]))
        self.needed.update(i for _, i in needed)
        held = [i for name, i in needed if i in self.taken or self._held(name, i)]
        if held:
            raise RecordError(
                "UNABLE_TO_LOCK_ROW",
                f"unable to obtain exclusive access to this record or {len(held)} records: {','.join(held)}",
            )

    def _held(self, name: str, record_id: str) -> bool:
        hold = self._holds.get(name.lower())
        if hold is None or (hold.until is not None and self._now() >= hold.until):
            return False
        return hold.takes(record_id)


def needs(obj: ObjectType, before: Row | None, after: Row) -> Iterable[tuple[str, str]]:
    """Object and id of every parent that is locked with the record."""
    for ref in obj.fields.values():
        if ref.type != "reference" or not _locks(obj, ref):
            continue
        old = before.get(ref.name) if before else None
        new = after.get(ref.name)
        if before is None or new != old or ref.cascade:
            yield from ((ref.refers_to[0], value) for value in dict.fromkeys((old, new)) if value)


def _locks(obj: ObjectType, ref: Field) -> bool:
    if ref.name in {"OwnerId", "CreatedById", "LastModifiedById", "RecordTypeId", "UserId"}:
        return False
    return ref.cascade or restricted(ref) or f"{obj.name}.{ref.name}" in LOCKING
