"""Changes in batches: which ones may go together, and what becomes of each when a batch is refused or not answered."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import msgspec
from requests import Response

from cs_connector.errors import AdapterError, NotPermitted, Unavailable
from cs_connector.ports import Action, Change, Receipt, Verdict

from .redact import redact

PROBES = 8  # parts that are all refused for one reason, before single changes are tried
PATIENCE = 2  # batches in a row that nobody answers, before the others are kept for another time


class Item(msgspec.Struct, frozen=True, gc=False):
    """A change, and its place among those that are written."""

    place: int
    change: Change


Part: TypeAlias = Sequence[Item]
Receipts: TypeAlias = dict[int, Receipt]  # by place


@dataclass(frozen=True, slots=True)
class Refused:
    """A whole request was refused and nothing of it done. `about` is equal for refusals with the same reason.

    `fields` are those that no change may have, if it is about fields. It is `doubtful` when a try before it may have been
    obeyed: then what is not done in the end may have been done by that.
    """

    verdict: Verdict
    code: str
    message: str
    about: Hashable = None
    fields: frozenset[str] = frozenset()
    doubtful: bool = False


Send: TypeAlias = Callable[[Part], Receipts | Refused]


def waves(changes: Sequence[Change], most: int) -> Iterator[list[Part]]:
    """Batches of one object, action and key field, at most `most` changes each; no record is in one wave twice.

    The batches of a wave may be sent in any order. The next one holds what comes after it: the second change of a record.
    """
    found: list[dict[Hashable, list[Item]]] = []
    seen: dict[str, dict[str, int]] = {}  # by object: in how many waves a key or a record is by now
    for place, change in enumerate(changes):
        record = f"id {change.record_id}" if change.record_id else change.key
        of_object = seen.setdefault(change.object, {})
        wave = max(of_object.get(change.key, 0), of_object.get(record, 0))
        of_object[change.key] = of_object[record] = wave + 1
        if wave == len(found):
            found.append({})
        key_field = None if change.action is Action.UPDATE else change.key_field
        kind = (change.object, change.action, key_field)
        group = found[wave].get(kind)
        if group is None:
            group = found[wave][kind] = []
        group.append(Item(place, change))
    for groups in found:
        yield [part for group in groups.values() for part in chunks(group, most)]


def chunks(items: Sequence[Item], most: int) -> Iterator[Part]:
    return (items[at : at + most] for at in range(0, len(items), most))


@dataclass(slots=True)
class Course:
    """How a writing goes: what was answered so far, and whether it makes sense to send more.

    `send` sends one batch, and may leave its receipts for later. Changes for which it raises are unknown, or for another
    time where nothing was done. An object that may not be written is not tried again.
    """

    send: Send
    receipts: Receipts = field(default_factory=dict)
    _began: bool = False
    _silent: int = 0
    _barred: dict[tuple[str, Action], NotPermitted] = field(default_factory=dict)

    def go(self, part: Part) -> None:
        """Send a batch, in parts where it is refused. Raises AdapterError while nothing was sent."""
        change = part[0].change
        kind = (change.object, change.action)
        if kind in self._barred:
            self.receipts |= _barred(part, self._barred[kind])
        elif self._silent >= PATIENCE:
            self.receipts |= _kept_back(part)
        else:
            self._sent(part, kind)

    def _sent(self, part: Part, kind: tuple[str, Action]) -> None:
        try:
            self._take(settled(part, self.send))
        except NotPermitted as error:
            self._barred[kind] = error
            self.receipts |= _barred(part, error) if error.unsent else unheard(part, error)
        except Unavailable as error:
            self._take(unheard(part, error))
        except AdapterError as error:
            if error.unsent and not self._began:
                raise
            self._silent = PATIENCE
            self.receipts |= unheard(part, error)

    def _take(self, receipts: Receipts) -> None:
        self._began = True
        lost = (Verdict.UNKNOWN, Verdict.LATER)
        nothing = bool(receipts) and all(r.verdict in lost for r in receipts.values())
        self._silent = self._silent + 1 if nothing else 0
        self.receipts |= receipts


def settled(part: Part, send: Send) -> Receipts:
    """Send a batch; one that is refused is sent in parts. Raises what sending it whole raises."""
    answer = send(part)
    return _Narrowing(send, answer).down_from(part) if isinstance(answer, Refused) else answer


@dataclass(slots=True)
class _Narrowing:
    """Halves a refused batch until each bad change stands alone, so that all others are done.

    What concerns every change is not asked for once a change. A refusal that names fields holds for every change that has
    them. And where all parts of a level are refused for one reason, a change of each is tried alone: if these are refused
    for it too, it holds for the rest.
    """

    send: Send
    first: Refused
    receipts: Receipts = field(default_factory=dict)
    _taken: bool = False
    _ended: bool = False
    _doubtful: bool = False

    def down_from(self, part: Part) -> Receipts:
        level = self._smaller(part, self.first)
        while level:
            bad = [(each, answer) for each in level if isinstance(answer := self._sent(each), Refused)]
            if len(bad) >= PROBES and not self._taken and {a.about for _, a in bad} == {self.first.about}:
                level = self._probed([each for each, _ in bad])
            else:
                level = [smaller for each, answer in bad for smaller in self._smaller(each, answer)]
        return doubted(self.receipts) if self._doubtful else self.receipts

    def _sent(self, part: Part) -> Refused | None:
        """Send a part and keep what is said of its changes; gives its refusal."""
        if self._ended:
            self.receipts |= _kept_back(part)
            return None
        try:
            answer = self.send(part)
        except AdapterError as error:
            self._ended = True
            answer = unheard(part, error)
        if isinstance(answer, Refused):
            return answer
        self._taken = True
        self.receipts |= answer
        return None

    def _smaller(self, part: Part, answer: Refused) -> list[Part]:
        """What to send of a refused part."""
        self._doubtful = self._doubtful or answer.doubtful
        barred = [item for item in part if answer.fields & item.change.fields.keys()]
        if barred:
            self._refuse(barred, answer)
            places = {item.place for item in barred}
            rest = [item for item in part if item.place not in places]
            return [rest] if rest else []
        if len(part) == 1:
            self._refuse(part, answer)
            return []
        middle = len(part) // 2
        return [part[:middle], part[middle:]]

    def _probed(self, parts: Sequence[Part]) -> list[Part]:
        """Try one change of each part alone; gives the parts that are still to be sent."""
        common = True
        for part in parts:
            answer = self._sent(part[:1])
            common = common and answer is not None and answer.about == self.first.about
            if answer:
                self._refuse(part[:1], answer)
        rest = [part[1:] for part in parts if len(part) > 1]
        if not common:
            return rest
        for part in rest:
            self._refuse(part, self.first)
        return []

    def _refuse(self, part: Part, answer: Refused) -> None:
        self.receipts |= all_of(part, answer.verdict, answer.code, answer.message)


def refused(part: Part, response: Response, said: Refused) -> Receipts | Refused:
    """The refusal of a whole request; only for good is it one that others are tried without."""
    if said.verdict is Verdict.REJECTED:
        return replace(said, doubtful=is_doubtful(response))
    return sure(all_of(part, said.verdict, said.code, said.message), response)


def all_of(part: Part, verdict: Verdict, code: str, message: str) -> Receipts:
    """The same said of every change, redacted."""
    text = redact(message)
    return {item.place: Receipt(item.change.key, verdict, item.change.record_id, code, text) for item in part}


def unheard(part: Part, error: AdapterError) -> Receipts:
    """Changes whose request ended in an error: for another time where nothing was done, else unknown."""
    verdict = Verdict.LATER if error.unsent else Verdict.UNKNOWN
    return all_of(part, verdict, error.code, error.what)


def _barred(part: Part, error: NotPermitted) -> Receipts:
    return all_of(part, Verdict.REJECTED, error.code, error.why or error.what)


def _kept_back(part: Part) -> Receipts:
    return all_of(
        part, Verdict.LATER, "NOT_SENT", "it was not sent, because what was sent before was not answered"
    )


def sure(receipts: Receipts, response: Response) -> Receipts:
    """What an answer says, if it is the only one."""
    return doubted(receipts) if is_doubtful(response) else receipts


def is_doubtful(response: Response) -> bool:
    """Whether a try before this one may have been obeyed."""
    return bool(getattr(response, "doubtful", False))


def doubtful(response: Response) -> Response:
    """An answer to what was sent before and not answered."""
    response.doubtful = True  # type: ignore[attr-defined]
    return response


def doubted(receipts: Receipts) -> Receipts:
    """The same when they were sent before: whether that did what was not done now, nobody knows."""
    return {
        place: replace(r, verdict=Verdict.UNKNOWN) if r.verdict is Verdict.LATER else r
        for place, r in receipts.items()
    }
