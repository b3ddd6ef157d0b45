"""Associations as records: one for each record of a kind, with everything of another kind that it is linked to.

Adding or removing an association touches neither record, so links are read again with every record that changed,
and all of them once in a while.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from cs_connector.errors import Unavailable
from cs_connector.ports import Estimate, Page, RawRecord, Read
from cs_connector.transport import Transport
from cs_connector.transport.cursors import unreadable
from cs_connector.transport.sensible import unlike

from .counting import LIST_PAGE, SEARCH_PAGE, Counter, pages
from .errors import problem
from .paths import Paths
from .reading import Delta, Reader, within

FIELDS = ("id", "primary", "parent", "all", "labels")
PRIMARY = "Primary"  # the label of a contact's, deal's or ticket's first company
HUBSPOT = "HUBSPOT_DEFINED"
TO_PARENT = 14  # the type of the association that leads from a company to its parent
INPUTS = 100  # records whose links are asked for at once


class Sweep(msgspec.Struct, frozen=True, tag_field="mode", tag="sweep"):
    """All records, by list; `began` in milliseconds since 1970."""

    began: int
    after: str | None = None


class Touched(msgspec.Struct, frozen=True, tag_field="mode", tag="touched"):
    """The records that were modified in [lo, hi), beyond `last`; the last sweep began at `swept`."""

    lo: int
    hi: int
    swept: int
    last: int = 0


class Idle(msgspec.Struct, frozen=True, tag_field="mode", tag="idle"):
    """Between two readings: links of records that changed before `hwm` were seen, all others at `swept`."""

    hwm: int
    swept: int


State = Sweep | Touched | Idle
_states = msgspec.json.Decoder(State)


class _Type(msgspec.Struct, rename="camel"):
    label: str | None = None
    type_id: int = 0
    category: str = HUBSPOT

    @property
    def to_parent(self) -> bool:
        """A label that people made may have the same number."""
        return (self.category, self.type_id) == (HUBSPOT, TO_PARENT)


class _To(msgspec.Struct, rename="camel"):
    to_object_id: int | str
    association_types: list[_Type] = []


class _Ref(msgspec.Struct):
    id: str


class _Next(msgspec.Struct):
    after: str


class _Paging(msgspec.Struct):
    next: _Next | None = None


class _Result(msgspec.Struct):
    start: _Ref = msgspec.field(name="from")
    to: list[_To] = []
    paging: _Paging | None = None

    @property
    def after(self) -> str | None:
        return self.paging.next.after if self.paging and self.paging.next else None


class _Error(msgspec.Struct, rename="camel"):
    category: str = ""
    sub_category: str | None = None
    message: str = ""

    @property
    def harmless(self) -> bool:
        """Nothing is linked to a record, or it went away meanwhile."""
        return "OBJECT_NOT_FOUND" in self.category or "NO_ASSOCIATIONS" in (self.sub_category or "")


class _Answer(msgspec.Struct):
    results: list[_Result]
    errors: list[_Error] = []


_answers = msgspec.json.Decoder(_Answer)


def is_link(name: str) -> bool:
    """Whether an object is links: `contacts/companies`."""
    return "/" in name


def linked(name: str) -> str:
    """The kind whose records an object has one for each of: `contacts` of `contacts/companies` and of `contacts`."""
    return name.partition("/")[0]


class Linker:
    """`every` is the time between two sweeps in milliseconds."""

    def __init__(self, transport: Transport, paths: Paths, reader: Reader, every: int) -> None:
        self._transport, self._paths, self._reader, self._every = transport, paths, reader, every

    def read(self, read: Read) -> Iterator[Page]:
        """Raises UsageError for a cursor that is not ours, and AdapterError."""
        kind, _, target = read.object.partition("/")
        state, gone = self._start(read), self._reader.gone.get(kind, set())
        while True:
            ids, onward = self._ids(kind, state)
            records = self._records(kind, target, ids)
            yield _page([*_ended(gone.difference(ids)), *records], onward)
            if isinstance(onward, Idle):
                return
            state, gone = onward, set()

    def estimate(self, read: Read, counter: Counter) -> Estimate:
        """The pages of records, and a call for every hundred of them, for their links."""
        kind, state = linked(read.object), self._start(read)
        size = SEARCH_PAGE if isinstance(state, Touched) else LIST_PAGE
        filters = within(kind, Delta(state.lo, state.hi)) if isinstance(state, Touched) else ()
        records = counter.total(kind, filters)
        if records is None:
            return Estimate()
        return Estimate(records, pages(records, size) + -(-records // INPUTS))

    def _start(self, read: Read) -> State:
        now = self._reader.now()
        if read.cursor is None:
            return Sweep(now)
        try:
            state: State = _states.decode(read.cursor)
        except msgspec.MsgspecError as error:
            raise unreadable(read.object) from error
        if not isinstance(state, Idle):
            return state
        if now - state.swept >= self._every:
            return Sweep(now)
        window = self._reader.window(state.hwm)
        return Touched(window.lo, window.hi, state.swept)

    def _ids(self, kind: str, state: State) -> tuple[list[str], State]:
        """The next records whose links are to be read, and what comes after them."""
        read = Read(kind, ())
        if isinstance(state, Sweep):
            batch = self._reader.listed(read, state.after)
            return batch.ids, Sweep(state.began, batch.after) if batch.after else Idle(
                state.began, state.began
            )
        assert isinstance(state, Touched)
        batch = self._reader.searched(read, Delta(state.lo, state.hi, state.last))
        last = max(map(int, batch.ids), default=state.last)
        if batch.after and last <= state.last:
            raise Unavailable(f"HubSpot's search of {kind} does not move on")
        onward = msgspec.structs.replace(state, last=last) if batch.after else Idle(state.hi, state.swept)
        return batch.ids, onward

    def _records(self, kind: str, target: str, ids: Sequence[str]) -> list[RawRecord]:
        """One for each id, also for those that are linked to nothing any more."""
        linked: dict[str, list[_To]] = {key: [] for key in ids}
        for start in range(0, len(ids), INPUTS):
            inputs = [{"id": key} for key in ids[start : start + INPUTS]]
            while inputs:
                results = self._ask(kind, target, inputs)
                for result in results:
                    linked.setdefault(result.start.id, []).extend(result.to)
                inputs = _onward(kind, inputs, results)
        return [_record(key, linked[key]) for key in ids]

    def _ask(self, kind: str, target: str, inputs: Sequence[dict[str, str]]) -> list[_Result]:
        path = self._paths.links(kind, target, "/batch/read")
        with self._transport.safe():
            answer = self._transport.post(path, json={"inputs": inputs})
        if not answer.ok:
            raise Unavailable(f"HubSpot answered {answer.status_code}", why=problem(answer).message)
        found = _answer(answer.content)
        failed = [error for error in found.errors if not error.harmless]
        if failed:  # no links would mean that all were cut
            raise Unavailable("HubSpot did not say all links", why=failed[0].message or failed[0].category)
        return found.results


def _answer(content: bytes) -> _Answer:
    try:
        return _answers.decode(content)
    except msgspec.MsgspecError as error:
        raise unlike("HubSpot", str(error)) from error


def _onward(kind: str, asked: Sequence[dict[str, str]], results: Sequence[_Result]) -> list[dict[str, str]]:
    """The records with more links, and where those begin."""
    more = [{"id": r.start.id, "after": r.after} for r in results if r.after]
    if any(each in asked for each in more):
        raise Unavailable(f"HubSpot's links of {kind} do not move on")
    return more


def _record(key: str, to: Sequence[_To]) -> RawRecord:
    """`all` is a list with ; between, `primary` the one that is labelled so, or the only one; `parent` a company's."""
    ids = list(dict.fromkeys(str(each.to_object_id) for each in to))
    first = [str(each.to_object_id) for each in to if any(t.label == PRIMARY for t in each.association_types)]
    above = [str(each.to_object_id) for each in to if any(t.to_parent for t in each.association_types)]
    labels = sorted({t.label for each in to for t in each.association_types if t.label})
    primary = first[0] if first else ids[0] if len(ids) == 1 else None
    row = {
        "id": key,
        "primary": primary,
        "parent": above[0] if above else None,
        "all": ";".join(sorted(ids, key=int)),
        "labels": ";".join(labels),
    }
    return RawRecord(key, None, False, msgspec.json.encode(row))


def _ended(ids: Iterable[str]) -> Iterator[RawRecord]:
    """The links of archived records, which no search or list tells of; in an order, so that a page is the same each time.

    Nothing else is said of them, as of records that are only not listed: the runner looks for such when more are in sight than it knows.
    """
    return (RawRecord(key, None, True, b"{}") for key in sorted(ids))


def _page(records: Sequence[RawRecord], onward: State) -> Page:
    cursor = msgspec.json.encode(onward).decode()
    if not isinstance(onward, Idle):
        return Page(records, cursor, done=False)
    return Page(records, cursor, done=True, complete_to=datetime.fromtimestamp(onward.swept / 1000, UTC))
