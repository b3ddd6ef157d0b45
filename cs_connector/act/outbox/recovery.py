"""What a dead process left: looked up in the CRM before anything is sent, and settled by what is found there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from itertools import groupby, islice

import sqlalchemy as sa

from cs_connector.ports import NOT_LINKED, Action, Adapter, Receipt, Verdict
from cs_connector.store.leases import check

from . import parcels, tasks
from .box import LEFT, SETTLED, TAKEN, Outbox
from .line import INFLIGHT, PLANNED, Line
from .points import Point, reach

UNLINKED_CODE = "FOUND_UNLINKED"


@dataclass(slots=True)
class Found:
    """`planned` were never sent and are planned anew; of those in flight `done` are in the CRM, and `refused` by it;
    the records of those `gone` are not there any more.

    `undone` are not known to be there, and are planned anew where a second time does no harm. `doubtful` counts the others by
    connection and object: they are never sent again.
    """

    planned: int = 0
    done: int = 0
    refused: int = 0
    undone: int = 0
    gone: int = 0
    doubtful: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, more: Found) -> None:
        """Count what was found elsewhere, too."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(more, each.name))


def recover(outbox: Outbox, adapters: Mapping[str, Adapter]) -> Found:
    """Settle everything that an earlier run left in the outbox. Raises AdapterError, FencedOut.

    Looks twice, the second time when whatever was sent must show: `Capabilities.settling` seconds after it was. Only a
    change by key or by record id is planned anew when the CRM does not tell of it.
    """
    found = Found()
    found.planned, left = _left(outbox)
    found.planned += _let_go(outbox, [line for line in left if line.state == PLANNED])
    flying = [line for line in left if line.state == INFLIGHT and line.connection in adapters]
    for (name, *_), group in groupby(sorted(flying, key=_together), key=lambda line: _together(line)[:3]):
        while batch := list(islice(group, adapters[name].capabilities.batch)):
            _settle(outbox, adapters[name], batch, found)
    return found


def _together(line: Line) -> tuple[str, str, str, int, str]:
    return line.connection, line.object, line.key_field or "", line.place, line.key


def _left(outbox: Outbox) -> tuple[int, list[Line]]:
    """How many changes went with parcels that were planned, and the rest: each of them has a row of its own from here on."""
    with outbox.state.begin() as db:
        check(db, outbox.lease)
        gone = parcels.let_go(db)
        parcels.unpack(db)
        return gone, parcels.waiting(db)


def _let_go(outbox: Outbox, lines: Sequence[Line]) -> int:
    """What was planned is planned anew, from what is wanted then; what is only to be linked is in no plan."""
    anew = [line.key for line in lines if not line.linking]
    if lines:
        with outbox.state.begin() as db:
            check(db, outbox.lease)
            outbox.drop(db, anew)
            outbox.keep_linking(db, [line.key for line in lines if line.linking])
    return len(anew)


def _settle(outbox: Outbox, adapter: Adapter, batch: Sequence[Line], found: Found) -> None:
    reach(Point.LOOKING)
    answers = _look(adapter, batch)
    open_ = [n for n, answer in enumerate(answers) if answer.verdict not in SETTLED]
    if open_ and _wait(outbox, adapter, [batch[n] for n in open_]):
        for n, answer in zip(open_, _look(adapter, [batch[n] for n in open_]), strict=True):
            answers[n] = answer
    reach(Point.LOOKED)
    told = list(zip(batch, answers, strict=True))
    known = [(line, answer) for line, answer in told if answer.verdict in SETTLED]
    unlinked = {line.key for line, answer in known if answer.code == UNLINKED_CODE}
    if known:
        outbox.settle([line for line, _ in known], [answer for _, answer in known], unlinked)
    _rest(outbox, [pair for pair in told if pair[1].verdict not in SETTLED], found)
    refused = sum(1 for _, answer in known if answer.verdict is Verdict.REJECTED)
    gone = sum(1 for _, answer in known if answer.verdict in LEFT)
    found.refused += refused
    found.gone += gone
    found.done += len(known) - refused - gone
    reach(Point.RECOVERED)


def _look(adapter: Adapter, lines: Sequence[Line]) -> list[Receipt]:
    """What became of each: by the adapter's own look, else by whether its key is there."""
    answers = list(adapter.resume([line.change for line in lines]))
    if len(answers) != len(lines):
        raise AssertionError(f"{adapter.crm} gave {len(answers)} receipts for {len(lines)} changes")
    open_ = [n for n, a in enumerate(answers) if a.verdict is Verdict.UNKNOWN and lines[n].key_field]
    ids = _by_key(adapter, [lines[n] for n in open_])
    for n in open_:
        answers[n] = _by_its_key(lines[n], ids.get(lines[n].name))
    made = [_as_made(line, answer) for line, answer in zip(lines, answers, strict=True)]
    return [replace(a, code=a.code or "FOUND") if a.verdict in TAKEN else a for a in made]


def _by_key(adapter: Adapter, lines: Sequence[Line]) -> Mapping[str, str]:
    if not lines:
        return {}
    first = lines[0]
    return adapter.find(first.object, str(first.key_field), [line.name for line in lines])


def _by_its_key(line: Line, record: str | None) -> Receipt:
    """A key that is there shows that a new record was made, and nothing of a change."""
    if record is None:
        return Receipt(line.name, Verdict.LATER, None, "LOOKED_UP", "there is no record with its key")
    return Receipt(line.name, Verdict.UNKNOWN, record, "LOOKED_UP", "its key is there, and no more is known")


def _as_made(line: Line, answer: Receipt) -> Receipt:
    """A new record whose key is there was made, whatever it says by now; what goes with it may still be to be linked."""
    new = line.action == Action.UPSERT and line.record_id is None
    if answer.verdict in SETTLED or not (new and answer.record_id):
        return answer
    return replace(answer, verdict=Verdict.CREATED, code=UNLINKED_CODE if line.associate else "FOUND")


def _wait(outbox: Outbox, adapter: Adapter, lines: Sequence[Line]) -> bool:
    """Wait until what was sent must show; False where that time was over before the look."""
    over = max(line.at for line in lines) + timedelta(seconds=adapter.capabilities.settling)
    left = (over - outbox.state.clock.now()).total_seconds()
    outbox.state.clock.sleep(max(0.0, left))
    return left > 0


def _rest(outbox: Outbox, told: Sequence[tuple[Line, Receipt]], found: Found) -> None:
    """What is not known to be done: planned anew where a second time does no harm."""
    unsure = [(line, answer) for line, answer in told if answer.verdict is Verdict.UNKNOWN]
    doubtful = {line.key for line, _ in unsure if line.action == Action.CREATE}
    loose = {line.key for line, answer in told if line.linking and _unlinked(answer)}
    undone = [line.key for line, _ in told if line.key not in doubtful | loose]
    if told:
        with outbox.state.begin() as db:
            check(db, outbox.lease)
            outbox.tell(db, unsure)
            _doubt(db, unsure)
            outbox.drop(db, undone)
            outbox.keep_linking(db, sorted(loose))
    found.undone += len(undone)
    found.doubtful.update((line.connection, line.object) for line, _ in told if line.key in doubtful)


def _unlinked(answer: Receipt) -> bool:
    """Whether the links of a record that is there may be missing."""
    return answer.verdict is Verdict.UNKNOWN or answer.code == NOT_LINKED


def _doubt(db: sa.Connection, unsure: Sequence[tuple[Line, Receipt]]) -> None:
    """A task that is there may say what it was told, or what it said before: neither is a person's edit."""
    for line, answer in unsure:
        if line.source == "call" and answer.record_id:
            tasks.keep(db, line.name, answer.record_id, {"maybe": line.values})
