"""The incremental exports: by cursor, and by time with all records of a second together."""

from __future__ import annotations

import base64
import binascii
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from cs_connector.sandbox.wire import Response

from ..answers import bad_value, missing, reply
from ..call import Call
from ..digits import number
from ..kinds import Kind
from ..paths import Routes
from ..records.paging import limited
from ..records.rows import Rows
from ..records.table import Keep, Key, Record
from ..state import State

Show = Callable[[Sequence[Record], Call], dict[str, Any]]
MINUTE = 60
Mark = tuple[int, Key]
Late = Mapping[Key, Record | None]  # as `Recent` tells them
_LAST = float("inf")  # after every id that is a number
_LAST_TEXT = "\x7f"
# tap-zendesk sends "1704067200.0" to one export and an ISO time to another, and works: only the first digits count.
_LEADING = re.compile(r"\d+", re.ASCII)
_FIRST = None  # before every id


class Export:
    """One kind's exports. `show` makes the part of the answer that holds the records and what goes with them.

    `path` is what stands behind /incremental/, `keep` says which records of the table are part of it.
    """

    def __init__(
        self, state: State, kind: Kind, show: Show, path: str = "", keep: Keep | None = None
    ) -> None:
        self._state, self._kind, self._show, self._keep = state, kind, show, keep
        self._table = state.table(kind)
        self._path = path or kind.plural

    def cursor_routes(self) -> Routes:
        where = f"incremental/{self._path}/cursor"
        return {
            ("GET", where): self.by_cursor,
            ("GET", f"incremental/{self._path}/sample"): self.sample,
        }

    def time_routes(self) -> Routes:
        return {
            ("GET", f"incremental/{self._path}"): self.by_time,
            ("GET", f"incremental/{self._path}/sample"): self.sample,
        }

    def by_cursor(self, call: Call) -> Response:
        """After the cursor, or from `start_time` on; the last minute is left out."""
        headers = self._state.buckets.exports()
        cursor = call.query.get("cursor")
        mark = self._mark(cursor) if cursor else (self._start(call), _FIRST)
        size = limited(call.query.get("per_page"), self._state.limits.export, path="incremental")
        late = self._late()
        line = self._line(late)
        start, stop = _place(line, mark), self._end(line)
        if self._whole(call, late):
            at = max(start, min(start + size, stop))
            rows = self._unread(line[start:at])
        else:
            rows, at = self._page(call, line, range(start, stop), size)
        after = _write(line[at - 1] if at > start else mark)
        kept = {name: text for name, text in call.query.items() if name not in ("start_time", "cursor")}
        body = {
            **self._show(rows, call),
            "after_url": self._url("/cursor", {**kept, "cursor": after}),
            "before_url": None,
            "after_cursor": after,
            "before_cursor": None,
            "end_of_stream": at >= stop,
        }
        return reply(body, 200, headers)

    def _mark(self, cursor: str) -> tuple[int, Any]:
        """Where a cursor stands. Raises Refusal (400), also for the cursor of another kind's export."""
        second, ident = _read(cursor)
        line = self._table.timeline()
        if ident is not _FIRST and line and isinstance(ident, str) != isinstance(line[0][1], str):
            raise bad_value("cursor is not valid")
        return second, ident

    def by_time(self, call: Call) -> Response:
        """From `start_time` on, at least a page, up to the end of a second: pages overlap."""
        return reply(self._span(call, self._state.limits.export), 200, self._state.buckets.exports())

    def sample(self, call: Call) -> Response:
        """As by time, but few records and a rate of its own, to look at the form."""
        headers = self._state.buckets.exports("incremental-sample")
        return reply(self._span(call, self._state.limits.sample), 200, headers)

    def _span(self, call: Call, most: int) -> dict[str, Any]:
        start_time = self._start(call)
        size = limited(call.query.get("per_page"), most, path="incremental")
        late = self._late()
        line = self._line(late)
        at, stop = bisect_left(line, (start_time,)), self._end(line)
        if self._whole(call, late):
            end = max(at, min(_through(line, at + size, start_time), stop))
            rows, end_time = self._unread(line[at:end]), line[end - 1][0] if end > at else start_time
        else:
            rows, end, end_time = self._seconds(line, range(at, stop), size, start_time)
        kept = {name: text for name, text in call.query.items() if name != "start_time"}
        return {
            **self._show(rows, call),
            "next_page": self._url("", {**kept, "start_time": str(end_time)}),
            "count": len(rows),
            "end_of_stream": end >= stop,
            "end_time": end_time,
        }

    def _whole(self, call: Call, late: Late) -> bool:
        """Whether every record of the table is part of it as it is, so that none must be read to know."""
        picky = self._keep is not None or call.query.get("exclude_deleted") == "true"
        return not (picky or late or self._table.hidden)

    def _unread(self, marks: Sequence[Mark]) -> Sequence[Record]:
        return Rows(self._table, [key for _, key in marks])

    def _page(self, call: Call, line: Sequence[Mark], span: range, size: int) -> tuple[Sequence[Record], int]:
        """So many records of a span of the line, and the place behind them."""
        rows: list[Record] = []
        late, at = self._late(), span.start
        while at < span.stop and len(rows) < size:
            record = self._record(line[at], late)
            if record is not None and not _left_out(call, record):
                rows.append(record)
            at += 1
        return rows, at

    def _seconds(
        self, line: Sequence[Mark], span: range, size: int, start_time: int
    ) -> tuple[Sequence[Record], int, int]:
        """As many records or more, to the end of a second, the place behind them, and that second.

        Where nobody may see what comes after them, that place is the end.
        """
        rows: list[Record] = []
        late, end_time = self._late(), start_time
        for at in span:
            mark = line[at]
            if len(rows) >= size and mark[0] > end_time > start_time:
                return rows, at, end_time
            record = self._record(mark, late)
            if record is not None:
                rows.append(record)
                end_time = mark[0]
        return rows, span.stop, end_time

    def _line(self, late: Late) -> Sequence[Mark]:
        """The table's timeline; what was not committed yet stands where it stood before."""
        line = self._table.timeline()
        if not late:
            return line
        before = ((self._table.when(record), key) for key, record in late.items() if record is not None)
        return sorted([*(mark for mark in line if mark[1] not in late), *before])

    def _record(self, mark: Mark, late: Late) -> Record | None:
        record = late[mark[1]] if mark[1] in late else self._table.get(mark[1])
        return record if record is not None and (self._keep is None or self._keep(record)) else None

    def _late(self) -> Late:
        return self._state.recent.uncommitted(self._kind.plural)

    def _end(self, line: Sequence[Mark]) -> int:
        """Where the last minute begins."""
        return _place(line, (self._state.now() - MINUTE, _last(line)))

    def _start(self, call: Call) -> int:
        text = call.query.get("start_time")
        if text is None:
            raise missing("start_time")
        whole = _LEADING.match(text)
        if whole is None:
            raise bad_value(f"Invalid start_time: {text}")
        second = number(whole[0])
        if second is None or second > self._state.now() - MINUTE:
            raise bad_value("Too recent start_time. Use a start_time older than 60 seconds", 422)
        return second

    def _url(self, suffix: str, query: dict[str, str]) -> str:
        """On the host that was asked, or on the alias that the account bears besides."""
        where = self._state.url(f"incremental/{self._path}{suffix}")
        alias = self._state.settings.alias
        if alias:
            where = alias.rstrip("/") + where.removeprefix(self._state.base_url)
        return f"{where}.json?{urlencode(query)}"


def _place(line: Sequence[Mark], mark: tuple[int, Any]) -> int:
    """Where the records after a mark begin; without an id, where its second begins."""
    return bisect_left(line, (mark[0],)) if mark[1] is _FIRST else bisect_right(line, mark)


def _through(line: Sequence[Mark], at: int, start_time: int) -> int:
    """Where the second ends in which the record before this place lies; the next one, where that is the first."""
    if at >= len(line):
        return len(line)
    end = bisect_left(line, (line[at - 1][0] + 1,))
    at_once = line[at - 1][0] == start_time and end < len(line)
    return bisect_left(line, (line[end][0] + 1,)) if at_once else end


def _last(line: Sequence[Mark]) -> Any:
    return _LAST_TEXT if line and isinstance(line[0][1], str) else _LAST


def _left_out(call: Call, record: Record) -> bool:
    return call.query.get("exclude_deleted") == "true" and record.get("status") == "deleted"


def _write(mark: tuple[int, Any]) -> str:
    ident = "" if mark[1] is _FIRST else mark[1]
    return base64.b64encode(f"{float(mark[0])}||{ident}|".encode()).decode()


def _read(cursor: str) -> tuple[int, Any]:
    try:
        second, _, ident, _ = base64.b64decode(cursor, validate=True).decode().split("|")
        key = number(ident)
        return int(float(second)), _FIRST if ident == "" else ident if key is None else key
    except (binascii.Error, ValueError, OverflowError):
        raise bad_value("cursor is not valid") from None
