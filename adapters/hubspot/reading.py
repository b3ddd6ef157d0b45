"""Reads HubSpot: everything by list, then what changed by search, then what went to the recycle bin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from cs_connector.errors import AdapterError, NotPermitted, Unavailable
from cs_connector.ports import Estimate, Page, RawRecord, Read, Surroundings
from cs_connector.transport import Transport, bucket
from cs_connector.transport.cursors import unreadable
from cs_connector.transport.records import Records
from cs_connector.transport.sensible import unlike

from .columns import MERGED, columns, long, wide
from .counting import LIST_PAGE, SEARCH_PAGE, Counter
from .errors import problem
from .history import PAGE as HISTORY_PAGE
from .history import Histories, at_once
from .paths import Paths

OWNER_PAGE = 500
OVERLAP_MS, LAG_MS = 600_000, 5_000  # changes become visible late; 10 minutes is the most that is allowed for
_NO_OBJECT = frozenset({400, 404})  # what the first page of an object that is not there is answered with
_OPTIONAL = frozenset({"feedback_submissions"})  # only on some plans


class Full(msgspec.Struct, frozen=True, tag_field="mode", tag="full"):
    """Everything, by list. Times are milliseconds since 1970."""

    began: int
    after: str | None = None


class Delta(msgspec.Struct, frozen=True, tag_field="mode", tag="delta"):
    """What was modified in [lo, hi), by id, beyond `last`."""

    lo: int
    hi: int
    last: int = 0


class Bin(msgspec.Struct, frozen=True, tag_field="mode", tag="bin"):
    """What was archived since `lo`."""

    lo: int
    hi: int
    after: str | None = None


class Idle(msgspec.Struct, frozen=True, tag_field="mode", tag="idle"):
    """Between two readings: every change before `hwm` was seen."""

    hwm: int


class Owners(msgspec.Struct, frozen=True, tag_field="mode", tag="owners"):
    """All users, those who left second."""

    began: int | None = None
    former: bool = False
    after: str | None = None


State = Full | Delta | Bin | Idle | Owners


class _Next(msgspec.Struct):
    after: str


class _Paging(msgspec.Struct):
    next: _Next | None = None


class Head(msgspec.Struct, rename="camel", gc=False):
    """What is needed of every record."""

    id: str
    updated_at: str | None = None


class _Heads(msgspec.Struct):
    results: list[Head]


class Batch(msgspec.Struct):
    """An answer with records; without `after` it is the last one. `heads` are those of `results`."""

    results: list[msgspec.Raw]
    paging: _Paging | None = None
    heads: list[Head] = []

    @property
    def after(self) -> str | None:
        return self.paging.next.after if self.paging and self.paging.next else None

    @property
    def ids(self) -> list[str]:
        return [head.id for head in self.heads]

    @property
    def living(self) -> Records:
        stamps = [head.updated_at for head in self.heads]
        return Records.of(self.ids, stamps, [False] * len(stamps), self.results)


class _Properties(msgspec.Struct):
    merged: str | None = msgspec.field(default=None, name=MERGED)


class _Row(msgspec.Struct, rename="camel"):
    id: str
    updated_at: str | None = None
    archived_at: str | None = None
    properties: _Properties | None = None


_batches, _heads = msgspec.json.Decoder(Batch), msgspec.json.Decoder(_Heads)
_rows = msgspec.json.Decoder(_Row)
_states = msgspec.json.Decoder(State)


class Reader:
    """Pages of one portal; each page's cursor says where to go on."""

    def __init__(self, transport: Transport, paths: Paths, around: Surroundings) -> None:
        self._transport, self._paths, self._clock = transport, paths, around.clock
        self._histories = Histories(transport, paths)
        self.gone: dict[str, set[str]] = {}  # by kind, what was found to be archived
        self.searches = bucket(around, "searches", 4.5, 1)  # 5 a second, for all apps of the portal together

    def read(self, read: Read) -> Iterator[Page]:
        """Raises UsageError for a cursor that is not ours, and AdapterError."""
        state = self._start(read)
        try:
            while True:
                page, state = self._step(read, state)
                yield page
                if page.done:
                    return
        except NotPermitted:
            if read.object not in _OPTIONAL:
                raise
            yield Page((), _text(state), done=True)

    def estimate(self, read: Read, counter: Counter) -> Estimate:
        """What the reading would bring, by the counts of the search."""
        state = self._start(read)
        if isinstance(state, Owners):
            return Estimate(None, 2)
        if isinstance(state, Delta):
            return counter.window(read, within(read.object, state))
        return counter.whole(read)

    def _start(self, read: Read) -> State:
        if read.cursor is None:
            return Owners() if read.object == "owners" else Full(self.now())
        try:
            state = _states.decode(read.cursor)
        except msgspec.MsgspecError as error:
            raise unreadable(read.object) from error
        return self.window(state.hwm) if isinstance(state, Idle) else state

    def window(self, hwm: int) -> Delta:
        """What may have been modified since, as far as the search index can be believed."""
        hi = self.now() - LAG_MS
        return Delta(min(hwm, hi) - OVERLAP_MS, hi)

    def _step(self, read: Read, state: State) -> tuple[Page, State]:
        match state:
            case Full():
                return self._full(read, state)
            case Delta():
                return self._delta(read, state)
            case Bin():
                return self._bin(read, state)
            case Owners():
                return self._owners(state)
            case Idle():
                return self._delta(read, self.window(state.hwm))

    def _full(self, read: Read, state: Full) -> tuple[Page, State]:
        batch = self.listed(read, state.after)
        onward = Full(state.began, batch.after) if batch.after else Idle(state.began)
        if long(read):
            return _page([_live(raw) for raw in self._histories.told(read, batch.results)], onward)
        return _page(batch.living, onward)

    def _delta(self, read: Read, state: Delta) -> tuple[Page, State]:
        batch = self.searched(read, state)
        rows = self._histories.told(read, batch.results) if at_once(read) else batch.results
        records = [_live(raw) for raw in rows]
        last = max(map(int, batch.ids), default=state.last)
        if batch.after and last <= state.last:
            raise Unavailable(f"HubSpot's search of {read.object} does not move on")
        onward = msgspec.structs.replace(state, last=last) if batch.after else Bin(state.lo, state.hi)
        return _page([*records, *_losers(rows)], onward)

    def _bin(self, read: Read, state: Bin) -> tuple[Page, State]:
        batch = self.listed(read, state.after, archived=True)
        onward = Bin(state.lo, state.hi, batch.after) if batch.after else Idle(state.hi)
        archived = list(_archived(batch.results, state.lo))
        self.gone.setdefault(read.object, set()).update(record.id for record in archived)
        return _page(archived, onward)

    def _owners(self, state: Owners) -> tuple[Page, State]:
        began = state.began or self.now()
        batch = self._get(
            self._paths.owners, limit=OWNER_PAGE, after=state.after, archived=_flag(state.former)
        )
        records = batch.living
        if state.former and batch.after is None:
            return Page(records, _text(Owners()), done=True, complete_to=_moment(began)), Owners()
        return _page(records, Owners(began, state.former or batch.after is None, batch.after))

    def listed(self, read: Read, after: str | None, *, archived: bool = False) -> Batch:
        """The next records by list."""
        query = {"limit": LIST_PAGE, "after": after, "archived": _flag(archived)}
        query["properties"] = "hs_object_id" if long(read) else ",".join(columns(read))
        if read.history and not (archived or long(read)):
            query |= {"limit": HISTORY_PAGE, "propertiesWithHistory": ",".join(read.history)}
        with self._transport.expecting(_batches.decode) as page:
            response = self._transport.page(self._paths.objects(read.object), query)
        if response.status_code in _NO_OBJECT and after is None:
            raise NotPermitted(
                f"HubSpot has no {read.object} for this app",
                why=problem(response).message,
                fix="correct the object in the mapping, or ask the admin for it",
            )
        batch = _read(response, page.found)
        if batch.after is not None and batch.after == after:
            raise Unavailable(f"HubSpot's list of {read.object} does not move on")
        return batch

    def _get(self, path: str, **query: str | int | None) -> Batch:
        with self._transport.expecting(_batches.decode) as page:
            response = self._transport.page(path, query)
        return _read(response, page.found)

    def searched(self, read: Read, state: Delta) -> Batch:
        """The next records of a window by search."""
        # Always by id and never by offset: a record that is changed meanwhile leaves the window, and would
        # move all later ones one place forward.
        query: dict[str, Any] = {
            "filterGroups": [{"filters": within(read.object, state)}],
            "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}],
            "properties": [] if wide(read) else columns(read),
            "limit": SEARCH_PAGE,
        }
        self.searches.take()
        with self._transport.safe(), self._transport.expecting(_batches.decode) as page:
            response = self._transport.post(self._paths.objects(read.object, "/search"), json=query)
        return _read(response, page.found)

    def now(self) -> int:
        """Milliseconds since 1970, as HubSpot's clock shows them: stamps are its own."""
        skew = self._transport.usage.skew or 0.0
        return int((self._clock.now().timestamp() + skew) * 1000)


def within(kind: str, state: Delta) -> list[dict[str, Any]]:
    modified = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
    return [
        {"propertyName": modified, "operator": "GTE", "value": str(state.lo)},
        {"propertyName": modified, "operator": "LT", "value": str(state.hi)},
        {"propertyName": "hs_object_id", "operator": "GT", "value": str(state.last)},
    ]


def _read(response: Any, found: Batch | None) -> Batch:
    if not response.ok:
        raise AdapterError(f"HubSpot answered {response.status_code}", why=problem(response).message)
    try:
        batch = found or _batches.decode(response.content)
        batch.heads = _heads.decode(response.content).results
    except msgspec.MsgspecError as error:
        raise unlike("HubSpot", str(error)) from error
    return batch


def _page(records: Sequence[RawRecord], onward: State) -> tuple[Page, State]:
    if isinstance(onward, Idle):
        return Page(records, _text(onward), done=True, complete_to=_moment(onward.hwm)), onward
    return Page(records, _text(onward), done=False), onward


def _live(raw: msgspec.Raw) -> RawRecord:
    row = _rows.decode(raw)
    return RawRecord(row.id, row.updated_at, False, bytes(raw))


def _archived(results: Iterable[msgspec.Raw], since: int) -> Iterator[RawRecord]:
    for raw in results:
        row = _rows.decode(raw)
        if row.archived_at is None or _millis(row.archived_at) >= since:
            yield RawRecord(row.id, row.archived_at or row.updated_at, True, bytes(raw))


def _losers(results: Iterable[msgspec.Raw]) -> Iterator[RawRecord]:
    """The records that were merged into these: they are in no list and in no recycle bin."""
    for raw in results:
        row = _rows.decode(raw)
        merged = row.properties.merged if row.properties else None
        for loser in (merged or "").split(";"):
            if loser and loser != row.id:
                note = {"id": loser, "mergedInto": row.id}
                yield RawRecord(loser, row.updated_at, True, msgspec.json.encode(note))


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _text(state: State) -> str:
    return msgspec.json.encode(state).decode()


def _moment(millis: int) -> datetime:
    return datetime.fromtimestamp(millis / 1000, UTC)


def _millis(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)
