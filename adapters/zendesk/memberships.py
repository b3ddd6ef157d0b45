"""Who belongs to which organization; a user can be in several.

No export tells of memberships. New ones are found by their ids, which only grow. What ended is found by counting:
where there are fewer than were read, the engine looks for those that are gone. What else changes in one leaves no trace in
the list, so all of them are read anew once in a while. Tickets that follow a user are changed tickets and come with theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from cs_connector.errors import AdapterError, Unavailable
from cs_connector.ports import Clock, Page, Read
from cs_connector.transport import Transport
from cs_connector.transport.cursors import unreadable
from cs_connector.transport.sensible import sensible

from .counting import Meta
from .errors import problem
from .rows import SPLIT

NOUN = "organization_memberships"
PAGE = 100


class Members(msgspec.Struct, frozen=True, tag_field="mode", tag="members"):
    """Where the list stands; all were read since `whole`, in seconds since 1970."""

    whole: int
    after: str | None = None


class _List(msgspec.Struct):
    meta: Meta


_states = msgspec.json.Decoder(Members)


class Memberships:
    """`every` is the time between two readings of all, in seconds."""

    def __init__(self, transport: Transport, host: str, clock: Clock, every: int) -> None:
        self._transport, self._path = transport, f"{host}/api/v2/{NOUN}.json"
        self._clock, self._every = clock, every

    def read(self, read: Read) -> Iterator[Page]:
        """Raises UsageError for a cursor that is not ours, and AdapterError."""
        began = int(self._clock.now().timestamp() + (self._transport.usage.skew or 0))  # by Zendesk's clock
        state = self._start(read, began)
        while True:
            page, state = self._step(state, began)
            yield page
            if page.done:
                return

    def _start(self, read: Read, began: int) -> Members:
        if read.cursor is None:
            return Members(began)
        try:
            state = _states.decode(read.cursor)
        except msgspec.MsgspecError as error:
            raise unreadable(read.object) from error
        return Members(began) if began - state.whole >= self._every else state

    def _step(self, state: Members, began: int) -> tuple[Page, Members]:
        query = {"page[size]": str(PAGE), **({"page[after]": state.after} if state.after else {})}
        answer = self._transport.page(self._path, query)
        if not answer.ok:
            raise AdapterError(f"Zendesk answered {answer.status_code}", why=problem(answer).message)
        records = SPLIT[NOUN](answer.content).columns()
        with sensible("Zendesk"):
            meta = msgspec.json.decode(answer.content, type=_List).meta
        if meta.has_more and meta.after_cursor in (None, state.after):
            raise Unavailable("Zendesk's list of memberships does not move on")
        onward = Members(state.whole, meta.after_cursor or state.after)
        known = None if meta.has_more else datetime.fromtimestamp(began, UTC)
        return Page(records, msgspec.json.encode(onward).decode(), not meta.has_more, known), onward
