"""The outbox of a run: what it plans, what it takes out to send, and what comes of that."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import merge
from itertools import chain, groupby, islice
from typing import Any

import sqlalchemy as sa

from cs_connector.act import switch
from cs_connector.act.plan import Planned
from cs_connector.ports import Action, Receipt, Verdict
from cs_connector.store.audit import Audit, Entry
from cs_connector.store.leases import Lease, check
from cs_connector.store.rows import among, insert
from cs_connector.store.state import State
from cs_connector.store.tables import outbox, receipts
from cs_connector.store.tables import parcels as packed

from . import parcels, refused, written
from .line import COLUMNS, EMPTY, INFLIGHT, PLANNED, UNLINKED, Line, line, read, row_key
from .points import Point, reach
from .tasks import became

SAFE = "what was sent before is on record; the rest was not sent, and is planned again when writes go on"
PAGE = 1000  # rows that are read at once
PARTS = 20  # parcels that are laid down at once
TAKEN = frozenset({Verdict.CREATED, Verdict.UPDATED, Verdict.DELETED})
LEFT = frozenset({Verdict.GONE, Verdict.CONFLICT})
SETTLED = TAKEN | LEFT | {Verdict.REJECTED}


@dataclass(frozen=True, slots=True)
class Outbox:
    """`stamps` names the fields of each (connection, object) that say when something was written, not what.

    `watched` are those whose records are looked at once more before they are changed, because people work in them, each
    with the fields that a task is known by.
    """

    state: State
    lease: Lease
    run: str
    audit: Audit = field(default_factory=Audit)
    config_hash: str = ""
    stamps: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    watched: Mapping[tuple[str, str], Collection[str]] = field(default_factory=dict)

    def lay(self, changes: Iterable[Planned]) -> list[Planned]:
        """Put a whole plan on record, in one transaction; returns the changes whose last answer is not known yet.

        Those stay out. Records that are still to be linked go too, behind the plan. Raises FencedOut.
        """
        reach(Point.PLANNED)
        with self.state.begin() as db:
            check(db, self.lease)
            parcels.unpack(db)
            left = {row.key: row for row in read(db.execute(sa.select(*COLUMNS)))}
            blocked: list[Planned] = []
            parts = _parts(self._lines(changes, left, blocked))
            while some := list(islice(parts, PARTS)):
                self.drop(db, [row.key for row in chain(*some) if row.key in left])
                parcels.keep(db, some)
            self._adopt(db)
            reach(Point.LAYING)
        reach(Point.LAID)
        return blocked

    def adopt(self) -> None:
        """Take on records that are still to be linked, behind all others. Raises FencedOut."""
        with self.state.begin() as db:
            check(db, self.lease)
            self._adopt(db)

    def _adopt(self, db: sa.Connection) -> None:
        last = max(
            db.scalar(sa.select(sa.func.max(column))) or 0 for column in (outbox.c.place, packed.c.last)
        )
        mine = {"run": self.run, "state": PLANNED, "place": last + 1}
        db.execute(sa.update(outbox).where(outbox.c.state == UNLINKED).values(mine))

    def _lines(
        self, changes: Iterable[Planned], left: Mapping[str, Line], blocked: list[Planned]
    ) -> Iterator[Line]:
        now, seen = self.state.clock.now(), set[str]()
        for place, planned in enumerate(_joined(changes)):
            key = row_key(planned.connection, planned.object, planned.key)
            if key in seen:
                raise AssertionError(f"two changes of {key} in one plan")
            seen.add(key)
            before = left.get(key)
            if before and _first(before, planned):
                blocked.append(planned)
                continue
            stamps = self.stamps.get((planned.connection, planned.object), frozenset())
            yield line(planned, stamps, place, self.run, self.lease.epoch, now)

    def planned(self) -> Iterator[Line]:
        """What is to be sent, in its order; what is put back meanwhile comes when it is asked again. Raises FencedOut."""
        for lines in merge(self._rows(), self._parcels(), key=lambda lines: lines[0].place):
            yield from lines

    def _parcels(self) -> Iterator[list[Line]]:
        place = -1
        while True:
            with self.state.read() as db:
                check(db, self.lease)  # nothing to send may mean that another process took over
                some = parcels.planned(db, self.run, place)
            yield from some
            if len(some) < parcels.SOME:
                return
            place = some[-1][-1].place

    def _rows(self) -> Iterator[list[Line]]:
        place, key = -1, ""
        mine = (outbox.c.run == self.run) & (outbox.c.state == PLANNED)
        while True:
            beyond = sa.tuple_(outbox.c.place, outbox.c.key) > (place, key)
            query = sa.select(*COLUMNS).where(mine, beyond).order_by(outbox.c.place, outbox.c.key)
            with self.state.read() as db:
                check(db, self.lease)
                rows = read(db.execute(query.limit(PAGE)))
            yield from ([row] for row in rows)
            if len(rows) < PAGE:
                return
            place, key = rows[-1].place, rows[-1].key

    def connections(self) -> list[str]:
        """Where something is to be sent."""
        kept = (outbox.c, packed.c)
        one, other = (sa.select(c.connection).where((c.run == self.run) & (c.state == PLANNED)) for c in kept)
        with self.state.read() as db:
            return sorted(db.scalars(one.union(other)))

    def take(self, batch: Sequence[Line]) -> None:
        """They are in flight, committed before anything of them is sent.

        Raises FencedOut, and GuardStopped where a person has stopped all writes.
        """
        flying = {"state": INFLIGHT, "epoch": self.lease.epoch, "at": self.state.clock.now()}
        with self.state.begin() as db:
            check(db, self.lease)
            if why := switch.stopped(db):
                raise switch.refusal(why, SAFE)
            parcels.fly(db, batch, flying)
            self._fly(db, [row.key for row in batch if row.parcel is None], flying)
            reach(Point.TAKING)
        reach(Point.TAKEN)

    def _fly(self, db: sa.Connection, keys: Sequence[str], flying: Mapping[str, Any]) -> None:
        if keys:
            more = {**flying, "attempt": outbox.c.attempt + 1}
            db.execute(sa.update(outbox).where(among(db, outbox.c.key, keys)).values(more))

    def settle(
        self, batch: Sequence[Line], answers: Sequence[Receipt], unlinked: Collection[str] = ()
    ) -> None:
        """Put the answers on record, all in one transaction: outbox, receipts, audit and what follows. Raises FencedOut.

        `unlinked` are the keys of lines whose records are there and are not known to be linked: that is still to be done.
        """
        with self.state.begin() as db:
            check(db, self.lease)
            told = list(zip(batch, answers, strict=True))
            stay = {row.key for row, a in told if a.verdict not in SETTLED}
            parcels.settle(db, batch, stay.union(unlinked))
            self._settle(db, told, unlinked)
            self._unlinked(db, [pair for pair in told if pair[0].key in unlinked])
            reach(Point.SETTLING)
        reach(Point.SETTLED)

    def _settle(
        self, db: sa.Connection, told: Sequence[tuple[Line, Receipt]], unlinked: Collection[str]
    ) -> None:
        now = self.state.clock.now()
        self.tell(db, told)
        taken = [(row, answer) for row, answer in told if answer.verdict in TAKEN]
        for run in sorted({row.run for row, _ in taken}):
            self.audit.append(db, now, run, [_entry(row, a) for row, a in taken if row.run == run])
        ids = [(row, record) for row, a in taken if (record := a.record_id or row.record_id)]
        gone = {row.key for row, a in taken if a.verdict is Verdict.DELETED}
        lost = [(row, row.record_id) for row, a in told if a.verdict is Verdict.GONE and row.record_id]
        written.remember(db, [pair for pair in ids if pair[0].key not in gone], self.audit, now)
        written.forget(db, [*(pair for pair in ids if pair[0].key in gone), *lost])
        became(db, [pair for pair in ids if pair[0].source == "call" and pair[0].key not in gone])
        refused.release(db, [row.key for row, _ in taken])
        wrong = [(row, a) for row, a in told if a.verdict is Verdict.REJECTED]
        refused.keep(db, wrong, self.config_hash, now)
        loose = [row.key for row, a in told if a.verdict in SETTLED and row.parcel is None]
        self.drop(db, [key for key in loose if key not in unlinked])
        self._back(db, [row.key for row, a in told if a.verdict is Verdict.LATER])

    def tell(self, db: sa.Connection, told: Sequence[tuple[Line, Receipt]]) -> None:
        """A receipt for each answer that says more than the row of the audit does, which is the receipt of what was taken."""
        more = [pair for pair in told if pair[1].verdict not in TAKEN or pair[1].code or pair[1].message]
        if more:
            now = self.state.clock.now()
            insert(db, receipts, [_receipt(row, answer, now) for row, answer in more])

    def _unlinked(self, db: sa.Connection, told: Sequence[tuple[Line, Receipt]]) -> None:
        """What was written once is not written again: a person may have changed it since."""
        for row, answer in told:
            left = {"state": UNLINKED, "record_id": answer.record_id, "fields": EMPTY, "before": EMPTY}
            db.execute(sa.update(outbox).where(outbox.c.key == row.key).values(left))

    def _back(self, db: sa.Connection, keys: Sequence[str]) -> None:
        if keys:
            db.execute(sa.update(outbox).where(among(db, outbox.c.key, keys)).values(state=PLANNED))

    def keep_linking(self, db: sa.Connection, keys: Sequence[str]) -> None:
        """These go with the next run."""
        if keys:
            db.execute(sa.update(outbox).where(among(db, outbox.c.key, keys)).values(state=UNLINKED))

    def drop(self, db: sa.Connection, keys: Sequence[str]) -> None:
        if keys:
            db.execute(sa.delete(outbox).where(among(db, outbox.c.key, keys)))


def _first(before: Line, planned: Planned) -> bool:
    """Whether what is left of a record comes before a new change: what is not known of it, and its links, unless it goes."""
    return before.state == INFLIGHT or (before.linking and planned.action != Action.DELETE)


def _parts(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Neighbours of one object, as many as a parcel holds."""
    for _where, group in groupby(lines, key=lambda line: (line.connection, line.object)):
        while some := list(islice(group, parcels.SIZE)):
            yield some


def _joined(changes: Iterable[Planned]) -> Iterator[Planned]:
    """Two rules of a mapping may write to one record: their fields go together. Expects such changes side by side."""
    whole: Planned | None = None
    for planned in changes:
        if whole and _same(whole, planned):
            whole = replace(whole, fields=(*whole.fields, *planned.fields))
            continue
        if whole:
            yield whole
        whole = planned
    if whole:
        yield whole


def _same(one: Planned, other: Planned) -> bool:
    return (one.connection, one.object, one.key) == (other.connection, other.object, other.key)


def _receipt(row: Line, answer: Receipt, at: datetime) -> tuple[Any, ...]:
    """A row of `receipts`, but for its id."""
    record = answer.record_id or row.record_id
    return (
        row.run, row.connection, row.object, row.name, answer.verdict.value, record, answer.code, answer.message, at,
    )  # fmt: skip


def _entry(row: Line, answer: Receipt) -> Entry:
    gone = answer.verdict is Verdict.DELETED
    before = row.before if row.record_id else None
    after = EMPTY if gone else row.fields
    record = answer.record_id or row.record_id
    action = Action(row.action)
    return Entry(
        row.connection, row.object, row.name, record, action, answer.verdict, before, after, row.reason
    )
