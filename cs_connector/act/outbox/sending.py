"""Sending what is planned, in batches as large as an adapter likes, and again what a CRM could not take at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, islice

from cs_connector.errors import (
    AdapterError,
    AuthFailed,
    NotPermitted,
    QuotaExhausted,
    RateLimited,
    Unavailable,
)
from cs_connector.ports import NOT_LINKED, Adapter, Receipt, Verdict

from .box import Outbox
from .line import Line
from .looking import look
from .points import Point, reach
from .tally import Tally

PAUSES = (5.0, 20.0, 60.0)  # seconds, before what could not be taken is tried again
_OUTAGES: Mapping[str, type[AuthFailed | QuotaExhausted | RateLimited | Unavailable]] = {
    kind.code: kind for kind in (AuthFailed, QuotaExhausted, RateLimited, Unavailable)
}
_OPEN = (Verdict.UNKNOWN, Verdict.LATER)


def send(outbox: Outbox, adapters: Mapping[str, Adapter]) -> Iterator[Tally]:
    """Send all that is planned; yields the tally of an object after each of its batches.

    A connection that confirms nothing of a batch gets no more; the others do, and then its error is raised:
    AuthFailed, QuotaExhausted, RateLimited or Unavailable. What was not confirmed stays in flight. What a CRM could not
    take now is tried again behind all others, and stays planned when that does not help either.
    """
    sender = _Sender(outbox, adapters)
    yield from sender.round()
    for pause in PAUSES:
        if not sender.waiting():
            break
        outbox.state.clock.sleep(pause)
        outbox.adopt()
        yield from sender.round()
    for error in sender.stopped.values():
        raise error


@dataclass(slots=True)
class _Sender:
    outbox: Outbox
    adapters: Mapping[str, Adapter]
    tallies: dict[tuple[str, str], Tally] = field(default_factory=dict)
    stopped: dict[str, AdapterError] = field(default_factory=dict)

    def waiting(self) -> bool:
        """Whether anything may be taken after a pause; what is not permitted is not."""
        return any(t.later > t.barred for t in self.tallies.values() if t.connection not in self.stopped)

    def round(self) -> Iterator[Tally]:
        for tally in self.tallies.values():
            if tally.connection not in self.stopped:
                tally.again()
        once = set(self.stopped)  # what is not sent is counted in the round in which that begins
        able = self.adapters.keys() - once  # a connection may have left the project
        lines = (line for line in self.outbox.planned() if line.connection in able)
        for where, group in groupby(lines, key=lambda line: (line.connection, line.object)):
            tally = self.tallies.setdefault(where, Tally(*where))
            size = self.adapters[where[0]].capabilities.batch
            while batch := list(islice(group, size)):
                self._batch(batch, tally)
                yield tally

    def _batch(self, batch: Sequence[Line], tally: Tally) -> None:
        if tally.connection in self.stopped:
            tally.unsent += len(batch)
            return
        adapter = self.adapters[tally.connection]
        try:
            left = look(self.outbox, adapter, batch)
        except AdapterError as away:  # nothing was sent
            self.stopped[tally.connection] = away
            tally.unsent += len(batch)
            return
        self.outbox.take(batch)
        reach(Point.SENDING)
        answers, error = _told(adapter, tally.connection, batch, left)
        reach(Point.SENT)
        done = [_done(line, answer) for line, answer in zip(batch, answers, strict=True)]
        unlinked = {line.key for line, said, so in zip(batch, answers, done, strict=True) if said is not so}
        self.outbox.settle(batch, done, unlinked)
        for line, answer in zip(batch, done, strict=True):
            tally.count(line, answer, unlinked=line.key in unlinked)
        if error:
            self.stopped[tally.connection] = error


def _done(line: Line, answer: Receipt) -> Receipt:
    """A record that is written and waits for its links was made: that is on record at once."""
    new = line.record_id is None and answer.record_id is not None
    if new and answer.verdict is Verdict.LATER and answer.code in (NOT_LINKED, NotPermitted.code):
        return replace(answer, verdict=Verdict.CREATED)
    return answer


def _told(
    adapter: Adapter, connection: str, batch: Sequence[Line], left: dict[str, Receipt]
) -> tuple[Sequence[Receipt], AdapterError | None]:
    """The answers to a batch of which those in `left`, by key, are not sent."""
    if not left:
        return _ask(adapter, connection, batch)
    sent = [line for line in batch if line.key not in left]
    answers, error = _ask(adapter, connection, sent) if sent else ([], _outage(connection, [*left.values()]))
    said = {line.key: answer for line, answer in zip(sent, answers, strict=True)} | left
    return [said[line.key] for line in batch], error


def _ask(
    adapter: Adapter, connection: str, batch: Sequence[Line]
) -> tuple[Sequence[Receipt], AdapterError | None]:
    """The answers to a batch, and the error when not one of them says what became of its change."""
    try:
        answers = adapter.write([line.change for line in batch])
    except AdapterError as error:
        verdict = Verdict.LATER if error.unsent else Verdict.UNKNOWN
        return [Receipt(line.name, verdict, None, error.code, error.what) for line in batch], error
    if len(answers) != len(batch):
        raise AssertionError(f"{connection} gave {len(answers)} receipts for {len(batch)} changes")
    return answers, _outage(connection, answers)


def _outage(connection: str, answers: Sequence[Receipt]) -> AdapterError | None:
    """What keeps the CRM from taking anything; a record that somebody has locked does not."""
    if any(answer.verdict not in _OPEN for answer in answers):
        return None
    first = answers[0]
    if first.code not in _OUTAGES and any(answer.verdict is Verdict.LATER for answer in answers):
        return None
    kind = _OUTAGES.get(first.code, Unavailable)
    fix = "check the connection with: cs-connector doctor; then run again"
    return kind(f"{connection} did not confirm what was sent", why=first.message or first.code, fix=fix)
