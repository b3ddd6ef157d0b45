"""Associations of new records, in batches of their own; what goes wrong with them leaves the record written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple, TypeAlias

import msgspec

from cs_connector.errors import AdapterError, NotPermitted
from cs_connector.ports import NOT_LINKED, Action, Change, Receipt, Verdict
from cs_connector.transport import Transport, redact
from cs_connector.transport.batches import Item, Part, Receipts, Refused, all_of, settled

from ..errors import Problem, problem
from ..paths import Paths

MOST = 1000  # pairs of one request
_DONE = (Verdict.CREATED, Verdict.UPDATED)
_LINKING = frozenset({Action.CREATE, Action.UPSERT})


class Pair(NamedTuple):
    """A record that was written, by the place of its change, and the one that it belongs to."""

    place: int
    change: Change
    record: str
    to: str


class _End(msgspec.Struct):
    id: str


class _Linked(msgspec.Struct):
    start: _End = msgspec.field(name="from")
    to: _End


class _Answer(msgspec.Struct):
    results: list[_Linked] = []
    errors: list[Problem] = []


class _Neighbour(msgspec.Struct, rename="camel"):
    to_object_id: str | int


class _Read(msgspec.Struct):
    start: _End = msgspec.field(name="from")
    to: list[_Neighbour] = []


class _Reads(msgspec.Struct):
    results: list[_Read] = []


_answers = msgspec.json.Decoder(_Answer)
_reads = msgspec.json.Decoder(_Reads)
Wrong: TypeAlias = tuple[Pair, Receipt]


class Links:
    """Plain associations of one portal; one that is there already is left as it is."""

    def __init__(self, transport: Transport, paths: Paths) -> None:
        self._transport, self._paths = transport, paths

    def link(self, changes: Sequence[Change], receipts: Receipts) -> Receipts:
        """The receipts of changes whose record is written and not associated."""
        wrong: Receipts = {}
        for (kind, end), pairs in _wanted(changes, receipts).items():
            for pair, said in self._send(kind, end, pairs):
                wrong[pair.place] = _both(wrong.get(pair.place), said)
        return {place: _complaint(receipts[place], changes[place], said) for place, said in wrong.items()}

    def cost(self, changes: Sequence[Change]) -> int:
        """Calls that `link` needs when every record is written."""
        counts: dict[tuple[str, str], int] = defaultdict(int)
        for change in changes:
            for end, _ in change.associate if change.action in _LINKING else ():
                counts[change.object, end] += 1
        return sum(-(-count // MOST) for count in counts.values())

    def missing(self, changes: Sequence[Change], receipts: Receipts) -> set[int]:
        """The places of changes whose record lacks an association. Raises AdapterError where that cannot be read."""
        found: set[int] = set()
        for (kind, end), pairs in _wanted(changes, receipts).items():
            for some in _chunks(pairs):
                there = self._held(kind, end, sorted({pair.record for pair in some}))
                found |= {pair.place for pair in some if (pair.record, pair.to) not in there}
        return found

    def _held(self, kind: str, end: str, records: Sequence[str]) -> set[tuple[str, str]]:
        url = self._paths.links(kind, end, "/batch/read")
        with self._transport.safe():
            response = self._transport.post(url, json={"inputs": [{"id": record} for record in records]})
        if not response.ok:
            raise AdapterError("HubSpot did not tell associations", why=problem(response).message)
        try:
            found = _reads.decode(response.content).results
        except msgspec.MsgspecError as error:
            raise AdapterError("HubSpot's answer cannot be read", why=str(error)) from error
        return {(r.start.id, str(to.to_object_id)) for r in found for to in r.to}

    def _send(self, kind: str, end: str, pairs: Sequence[Pair]) -> Iterator[Wrong]:
        for some in _chunks(pairs):
            yield from self._some(kind, end, some)

    def _some(self, kind: str, end: str, pairs: Sequence[Pair]) -> Iterator[Wrong]:
        items = [Item(n, pair.change) for n, pair in enumerate(pairs)]
        try:
            said = settled(items, partial(self._request, kind, end, pairs))
        except AdapterError as error:
            told = f"{error.what}; {error.fix}" if error.fix else error.what
            said = all_of(items, Verdict.LATER, error.code, told)
        for n, receipt in said.items():
            if receipt.verdict is not Verdict.UPDATED:
                yield pairs[n], receipt

    def _request(self, kind: str, end: str, pairs: Sequence[Pair], part: Part) -> Receipts | Refused:
        """What is said of pairs, of which each item of a part names one by its place; UPDATED is associated."""
        chosen = [pairs[item.place] for item in part]
        inputs = [{"from": {"id": pair.record}, "to": {"id": pair.to}} for pair in chosen]
        url = self._paths.links(kind, end, "/batch/associate/default")
        with self._transport.safe():
            response = self._transport.post(url, json={"inputs": inputs})
        if not response.ok:
            said = problem(response)
            return Refused(said.verdict, said.code, said.text, said.about)
        try:
            answer = _answers.decode(response.content) if response.content else _Answer()
        except msgspec.MsgspecError as error:
            return all_of(part, Verdict.LATER, "NOT_READABLE", f"the answer cannot be read: {error}")
        receipts = {item.place: Receipt(item.change.key, Verdict.UPDATED) for item in part}
        for item, wrong in _unlinked(part, pairs, answer):
            receipts |= all_of([item], wrong.verdict, wrong.code, wrong.text)
        return receipts


def _wanted(changes: Sequence[Change], receipts: Receipts) -> dict[tuple[str, str], list[Pair]]:
    """Pairs to associate, by the objects at their two ends."""
    wanted: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    for place, change in enumerate(changes):
        receipt = receipts.get(place)
        if change.action in _LINKING and receipt and receipt.verdict in _DONE and receipt.record_id:
            for end, to in change.associate:
                wanted[change.object, end].append(Pair(place, change, receipt.record_id, to))
    return wanted


def _unlinked(part: Part, pairs: Sequence[Pair], answer: _Answer) -> Iterator[tuple[Item, Problem]]:
    """Pairs that the answer does not name as associated. An answer without errors is good for all."""
    linked = {(r.start.id, r.to.id) for r in answer.results}
    blame = {name: e for e in answer.errors for name in e.names("ids", "id", "fromObjectId", "toObjectId")}
    for item in part if answer.errors else ():
        pair = pairs[item.place]
        if (pair.record, pair.to) not in linked:
            yield item, blame.get(pair.to) or blame.get(pair.record) or answer.errors[0]


def _complaint(receipt: Receipt, change: Change, said: Receipt) -> Receipt:
    """An upsert may be sent once more to associate it. A record that was created without a key would be there twice.

    What is not permitted keeps its code: it is done once somebody permits it, and not before.
    """
    again = said.verdict is not Verdict.REJECTED and change.action is Action.UPSERT
    code = said.code if again and said.code == NotPermitted.code else NOT_LINKED
    text = redact(f"the record is written but not associated: {said.message}")
    return replace(receipt, verdict=Verdict.LATER if again else receipt.verdict, code=code, message=text)


def _both(first: Receipt | None, second: Receipt) -> Receipt:
    """What is said of a record with two links that are not made: one that can still be made counts, and both texts stay."""
    if first is None:
        return second
    texts = dict.fromkeys((first.message, second.message))
    return replace(max(first, second, key=_hope), message="; ".join(texts))


def _hope(receipt: Receipt) -> tuple[bool, bool]:
    """A link that waits for a permission is not tried again in this run; another one is."""
    return receipt.verdict is not Verdict.REJECTED, receipt.code != NotPermitted.code


def _chunks(pairs: Sequence[Pair]) -> Iterator[Sequence[Pair]]:
    return (pairs[at : at + MOST] for at in range(0, len(pairs), MOST))
