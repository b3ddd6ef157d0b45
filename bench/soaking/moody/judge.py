"""Changes written to a moody CRM, and every verdict held against what the CRM holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from random import Random
from typing import Protocol

from cs_connector.errors import AdapterError
from cs_connector.ports import Action, Adapter, Change, Receipt, Surroundings, Verdict
from cs_connector.testing import FixedClock, surroundings

DONE = frozenset({Verdict.CREATED, Verdict.UPDATED, Verdict.DELETED})
Build = Callable[[Surroundings], Adapter]
Write = Callable[[Adapter, Sequence[Change]], Sequence[Receipt]]


class Crm(Protocol):
    """`holds` is what it really did, `wrong` what no such CRM takes, `made` how many records have a key."""

    dice: Random
    calm: bool

    def open(self) -> AbstractContextManager[None]: ...

    def holds(self, change: Change) -> bool: ...

    def wrong(self, change: Change) -> bool: ...

    def made(self, change: Change) -> int: ...


class _Death(BaseException):
    """A process that ends in the middle of its work."""


class _Mortal(FixedClock):
    """Dies at one of its waits."""

    def __init__(self, wait: int) -> None:
        super().__init__()
        self._left = wait

    def sleep(self, seconds: float) -> None:
        self._left -= 1
        if self._left == 0:
            raise _Death
        super().sleep(seconds)


def written(adapter: Adapter, changes: Sequence[Change]) -> Sequence[Receipt]:
    return adapter.write(changes)


def problem(crm: Crm, changes: Sequence[Change], build: Build, write: Write = written) -> str:
    """What is wrong with the verdicts; empty where nothing is.

    The changes are written by a process that may die. What is not known is looked up, and what is for later is sent again
    until the CRM holds all that it takes, each record once.
    """
    dice = crm.dice
    clock = _Mortal(dice.randint(1, 12) if dice.random() < 0.25 else 0)
    around = surroundings("moody", clock)
    with crm.open():
        receipts = _lived(build(around), changes, write)
        said = list(_lies(crm, changes, receipts))
        crm.calm = True
        left = surroundings("moody", FixedClock(clock.at), notes=around.notes)
        return "; ".join(said[:3]) or _settled(crm, build(left), changes, receipts)


def _lived(adapter: Adapter, changes: Sequence[Change], write: Write) -> Sequence[Receipt]:
    """The receipts; unknown ones of a process that died, and LATER where it was said that nothing was done."""
    try:
        return write(adapter, changes)
    except _Death:
        return [Receipt(c.key, Verdict.UNKNOWN, c.record_id) for c in changes]
    except AdapterError:
        return [Receipt(c.key, Verdict.LATER, c.record_id) for c in changes]


def _settled(crm: Crm, adapter: Adapter, changes: Sequence[Change], receipts: Sequence[Receipt]) -> str:
    both = list(zip(changes, receipts, strict=True))
    unknown = [c for c, r in both if r.verdict is Verdict.UNKNOWN]
    seen = adapter.resume(unknown)
    said = [*_lies(crm, unknown, seen), *_blind(unknown, seen)]
    later = [c for c, r in both if r.verdict is Verdict.LATER]
    later += [c for c, r in zip(unknown, seen, strict=True) if r.verdict is Verdict.LATER]
    said += _lies(crm, later, adapter.write(later))
    done = [c for c in changes if not (c.action is Action.CREATE or crm.wrong(c))]
    said += [f"{c.key} is not done in the end" for c in done if not crm.holds(c)]
    said += [f"{c.key} is there more than once" for c in changes if crm.made(c) > 1]
    return "; ".join(said[:3])


def _lies(crm: Crm, changes: Sequence[Change], receipts: Sequence[Receipt]) -> Iterator[str]:
    if [c.key for c in changes] != [r.key for r in receipts]:
        yield f"{len(changes)} changes and {len(receipts)} receipts, or in another order"
        return
    for change, receipt in zip(changes, receipts, strict=True):
        told = f"{change.action} {change.key} is {receipt.verdict} {receipt.code}"
        if receipt.verdict in DONE and not crm.holds(change):
            yield f"{told}, and the CRM does not hold it"
        if receipt.verdict in (Verdict.REJECTED, Verdict.LATER, Verdict.GONE) and crm.holds(change):
            yield f"{told}, and the CRM holds it"
        if receipt.verdict is Verdict.REJECTED and not crm.wrong(change):
            yield f"{told}, and nothing is wrong with it"


def _blind(changes: Sequence[Change], receipts: Sequence[Receipt]) -> Iterator[str]:
    """Changes of which nobody would ever know: only those without a key may be."""
    for change, receipt in zip(changes, receipts, strict=True):
        if receipt.verdict is Verdict.UNKNOWN and change.action is not Action.CREATE:
            yield f"{change.action} {change.key} is unknown, though the CRM can be asked"
