"""What HubSpot's answer to a batch says of each change; results come in any order."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from requests import Response

from cs_connector.ports import Action, Receipt, Verdict
from cs_connector.transport import redact
from cs_connector.transport.batches import Item, Part, Receipts

from ..errors import Problem

_NONE = "OBJECT_NOT_FOUND"


class Result(msgspec.Struct, gc=False):
    """A record after it was written, as far as it takes to know it again."""

    id: str
    new: bool = False
    trace: str | None = msgspec.field(default=None, name="objectWriteTraceId")


class Held(Result):
    """A record with its properties."""

    properties: dict[str, str | None] = {}


class Answer(msgspec.Struct):
    results: list[Result] = []
    errors: list[Problem] = []


class Holding(msgspec.Struct):
    results: list[Held] = []
    errors: list[Problem] = []


traced = msgspec.json.Decoder(
    Answer
)  # properties are most of an answer, and say nothing that a trace does not
holding = msgspec.json.Decoder(Holding)


class _Known(msgspec.Struct, frozen=True):
    """The changes of a part by what an answer may name them with."""

    traces: dict[str, Item]
    names: dict[str, Item]  # ids of updates, unique values of upserts
    key_field: str | None

    def of_name(self, result: Result) -> Item | None:
        if self.key_field is None:
            return self.names.get(result.id)
        value = result.properties.get(self.key_field) if isinstance(result, Held) else None
        return self.names.get(value or "")

    def of_problem(self, problem: Problem) -> Iterator[Item]:
        traced = problem.names("objectWriteTraceId")
        named = problem.names("ids", "id")
        found = [self.traces[t] for t in traced if t in self.traces]
        yield from found or (self.names[n] for n in sorted(named) if n in self.names)


def verdicts(part: Part, response: Response, found: Answer | None) -> Receipts:
    """Receipts for the changes that the answer mentions; `found` is the answer without properties, if it could be read.

    Raises msgspec.MsgspecError for another form.
    """
    answer: Answer | Holding = found or traced.decode(response.content)
    if len(part) == 1:
        return _alone(part[0], answer)
    known = _known(part)
    if known.key_field and any(result.trace is None for result in answer.results):
        answer = holding.decode(response.content)
    receipts: Receipts = {}
    traces = known.traces
    for result in answer.results:
        if item := traces.get(result.trace) if result.trace is not None else known.of_name(result):
            receipts[item.place] = _done(item, result)
    for problem in answer.errors:
        receipts |= {item.place: _refused(item, problem) for item in known.of_problem(problem)}
    return receipts


def _alone(item: Item, answer: Answer | Holding) -> Receipts:
    """Whatever is said, it is said of the only change; an answer about something else is not believed."""
    change = item.change
    if answer.errors:
        return {item.place: _refused(item, answer.errors[0])}
    if len(answer.results) == 1 and answer.results[0].trace in (None, change.key):
        return {item.place: _done(item, answer.results[0])}
    return {}


def _known(part: Part) -> _Known:
    change = part[0].change
    by_id = change.action is Action.UPDATE
    key_field = None if by_id else change.key_field
    named = change.action is not Action.CREATE
    names = {(i.change.record_id or "") if by_id else i.change.key: i for i in part} if named else {}
    return _Known({i.change.key: i for i in part}, names, key_field)


def _done(item: Item, result: Result) -> Receipt:
    """The id is that of the answer: a merged record is answered with the one that goes on in its place."""
    made = result.new or item.change.action is Action.CREATE
    return Receipt(item.change.key, Verdict.CREATED if made else Verdict.UPDATED, result.id)


def _refused(item: Item, problem: Problem) -> Receipt:
    change = item.change
    gone = change.action is Action.UPDATE and problem.code == _NONE
    verdict = Verdict.GONE if gone else problem.verdict
    return Receipt(change.key, verdict, change.record_id, problem.code, redact(problem.text))
