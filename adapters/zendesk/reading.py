"""Reads Zendesk: exports with a cursor or by time, and lists of survey answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec
from requests import Response

from cs_connector.errors import AdapterError, NotPermitted, Unavailable, UsageError
from cs_connector.ports import Clock, Notes, Page, RawRecord, Read
from cs_connector.transport import Transport
from cs_connector.transport.cursors import unreadable
from cs_connector.transport.sensible import unlike

from .errors import problem
from .merging import Merges
from .pace import Pace
from .rows import SPLIT, Rows, Split

EXPORT_PAGE, LIST_PAGE = 1000, 100
QUIET = 61  # seconds: exports leave out the last minute, and refuse to start in it
OVERLAP = 600  # seconds that are read again: changes become visible late, 10 minutes is the most that is allowed for
RATING_OVERLAP = (
    30 * 86_400
)  # a rating is listed by the time it was asked for, and given up to some weeks later
_SECOND = 19  # characters of a time up to its seconds
_EXPORTS = frozenset({"tickets", "users"})
_LISTS = {
    # path, the filter of time, and how many of its units make a second
    "satisfaction_ratings": ("/api/v2/satisfaction_ratings.json", "start_time", 1),
    "survey_responses": ("/api/v2/guide/survey_responses", "filter[created_at_start]", 1000),
}
OBJECTS = ("organizations", "users", "tickets", *_LISTS)


class Export(msgspec.Struct, frozen=True, tag_field="mode", tag="export"):
    """Where a cursor export stands. It begins at `since`, in seconds since 1970, and not at the cursor where the last one
    ended: a change that shows late may stand before that. `near` is from when on that may be, once the export has come to
    changes that are as new; a reading that breaks off there may go on days later.
    """

    cursor: str | None = None
    since: int = 0
    near: int | None = None


class Timed(msgspec.Struct, frozen=True, tag_field="mode", tag="timed"):
    """Where a time-based export stands, in seconds since 1970. `seen` is (id, updated_at) of the last page, `again`
    that all was read before; `near` as in an Export.
    """

    start: int = 0
    seen: tuple[tuple[str, str | None], ...] = ()
    again: bool = False
    near: int | None = None


class Listed(msgspec.Struct, frozen=True, tag_field="mode", tag="listed"):
    """Where a list stands: what was made since `since`, as the list was when it `began`."""

    since: int = 0
    began: int | None = None
    after: str | None = None


State = Export | Timed | Listed
Mark = TypeVar("Mark")
_states = msgspec.json.Decoder(State)


class _Exported(msgspec.Struct):
    end_of_stream: bool
    after_cursor: str | None = None


class _Span(msgspec.Struct):
    end_of_stream: bool
    end_time: int | None = None


class _Meta(msgspec.Struct):
    has_more: bool = False
    after_cursor: str | None = None


class _List(msgspec.Struct):
    meta: _Meta


class Reader:
    """Pages of one account; each page's cursor says where to go on."""

    def __init__(self, transport: Transport, host: str, clock: Clock, notes: Notes | None = None) -> None:
        self._transport, self._host, self._clock = transport, host, clock
        self._pace = Pace(clock)
        self._merges = Merges(transport, host, notes)

    def read(self, read: Read) -> Iterator[Page]:
        """Raises UsageError for an object or a cursor that Zendesk does not have, and AdapterError."""
        state = _start(read)
        step = self._step(read.object)
        try:
            while True:
                self._pace.wait()
                page, state = step(state)
                yield page
                if page.done:
                    return
        except NotPermitted:
            if read.object not in _LISTS:
                raise
            yield Page((), _text(state), done=True)

    def may_ask_more(self, read: Read) -> bool:
        """Whether a reading takes more than its pages: deleted organizations are asked for what they went into."""
        return read.object == "organizations" and self._merges.wanted

    def _step(self, name: str) -> Callable[..., tuple[Page, State]]:
        split = SPLIT[name]
        if name in _EXPORTS:
            return lambda state: self._export(name, split, state)
        if name in _LISTS:
            return lambda state: self._list(name, split, state)
        return lambda state: self._timed(name, split, state)

    def _export(self, name: str, split: Split, state: Export) -> tuple[Page, State]:
        where: dict[str, str | int] = (
            {"cursor": state.cursor} if state.cursor else {"start_time": state.since}
        )
        asked = self._now()
        # Not after_url: it may name another host after an account was renamed.
        path = f"/api/v2/incremental/{name}/cursor.json"
        mark, rows = self._exported(split, path, {"per_page": EXPORT_PAGE, **where})
        if not mark.end_of_stream and mark.after_cursor in (None, state.cursor):
            raise _stuck(name)
        if mark.end_of_stream:
            onward = Export(since=_edge(asked) if state.near is None else state.near)
        else:
            onward = Export(
                mark.after_cursor,
                state.since,
                _near(state.near, asked, max(filter(None, rows.stamps), default="")),
            )
        return self._page(rows.columns(), onward, asked if mark.end_of_stream else None), onward

    def _exported(self, split: Split, path: str, query: Mapping[str, str | int]) -> tuple[_Exported, Rows]:
        texts = split.texts(_Exported)
        with self._transport.expecting(texts.decode) as page:
            answer = self._get(path, query)
        if page.found is None:  # says what is wrong
            return _decode(answer, _Exported), split(answer.content)
        return page.found, split(answer.content, page.found.rows)

    def _timed(self, name: str, split: Split, state: Timed) -> tuple[Page, State]:
        asked = self._now()
        start = max(0, min(state.start, int(asked.timestamp()) - QUIET))
        answer = self._get(f"/api/v2/incremental/{name}.json", {"per_page": EXPORT_PAGE, "start_time": start})
        mark = _decode(answer, _Span)
        end = start if mark.end_time is None else mark.end_time
        if not mark.end_of_stream and end <= start:
            raise _stuck(name)
        found = {(r.id, r.modified_at): r for r in split(answer.content).records()}
        seen = set(state.seen)
        records = [r for key, r in found.items() if key not in seen]
        if state.again or self._merges.wanted:
            records = self._merges.noted(records)
        if mark.end_of_stream:
            self._merges.finished()
            onward = Timed(max(0, min(end - OVERLAP, end if state.near is None else state.near)), again=True)
        else:
            onward = Timed(end, _at_edge(found, end), state.again, _near(state.near, asked, _told(end)))
        return self._page(records, onward, asked if mark.end_of_stream else None), onward

    def _list(self, name: str, split: Split, state: Listed) -> tuple[Page, State]:
        path, since, units = _LISTS[name]
        began = state.began if state.began is not None else int(self._now().timestamp())
        query: dict[str, str | int] = {"page[size]": LIST_PAGE}
        if state.since:
            query[since] = state.since * units
        if state.after:
            query["page[after]"] = state.after
        answer = self._get(path, query, optional=True)
        if not answer.ok:
            return Page((), _text(state), done=True), state
        meta = _decode(answer, _List).meta
        if meta.has_more and meta.after_cursor in (None, state.after):
            raise _stuck(name)
        records = split(answer.content).columns()
        if meta.has_more:
            onward = Listed(state.since, began, meta.after_cursor)
            return self._page(records, onward, None), onward
        onward = Listed(max(0, began - RATING_OVERLAP))
        return Page(records, _text(onward), done=True, complete_to=datetime.fromtimestamp(began, UTC)), onward

    def _page(self, records: Sequence[RawRecord], onward: State, finished: datetime | None) -> Page:
        complete_to = finished and finished - timedelta(seconds=QUIET)
        return Page(records, _text(onward), done=finished is not None, complete_to=complete_to)

    def _now(self) -> datetime:
        """The time as Zendesk's clock shows it: stamps are its own."""
        return self._clock.now() + timedelta(seconds=self._transport.usage.skew or 0)

    def _get(self, path: str, query: Mapping[str, str | int], *, optional: bool = False) -> Response:
        answer = self._transport.page(self._host + path, query)
        self._pace.note(answer.headers)
        if answer.ok or (optional and answer.status_code == 404):  # 404: not on this plan
            return answer
        said = problem(answer)
        raise AdapterError(f"Zendesk answered {answer.status_code}", why=said.message or said.code)


def _start(read: Read) -> State:
    if read.object not in OBJECTS:
        raise UsageError(f"Zendesk has no {read.object}", fix=f"known: {', '.join(OBJECTS)}")
    kind = Export if read.object in _EXPORTS else Listed if read.object in _LISTS else Timed
    if read.cursor is None:
        return kind()
    try:
        state = _states.decode(read.cursor)
    except msgspec.MsgspecError:
        state = None
    if not isinstance(state, kind):
        raise unreadable(read.object)
    return state


def _edge(asked: datetime) -> int:
    """From when on a change may not have been there yet, of what was asked for at a time."""
    return max(0, int(asked.timestamp()) - QUIET - OVERLAP)


def _near(known: int | None, asked: datetime, newest: str) -> int | None:
    """The same, where a page is that new and none before it was; `newest` is its newest stamp."""
    if known is not None:
        return known
    return _edge(asked) if newest[:_SECOND] >= _told(_edge(asked))[:_SECOND] else None


def _told(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat()


def _at_edge(found: dict[tuple[str, str | None], RawRecord], end: int) -> tuple[tuple[str, str | None], ...]:
    """What the next page may bring again: it starts with the second that this one ended in."""
    return tuple(k for k in found if k[1] and datetime.fromisoformat(k[1]).timestamp() >= end)


def _decode(answer: Response, kind: type[Mark]) -> Mark:
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except msgspec.MsgspecError as error:
        said = problem(answer)
        inside = f"; it says {said.code}: {said.message}" if said.message else ""
        raise unlike("Zendesk", f"{error}{inside}") from error


def _stuck(name: str) -> Unavailable:
    return Unavailable(f"Zendesk's export of {name} does not move on", why="it named the same place twice")


def _text(state: State) -> str:
    return msgspec.json.encode(state).decode()
