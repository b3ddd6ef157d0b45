"""The incremental exports: by cursor, and by time with all records of a second together."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from .answers import Call, bad_value, missing
from .kinds import Kind
from .paging import limited
from .state import State
from .table import Key, Record

Show = Callable[[list[Record], Call], dict[str, Any]]
MINUTE = 60
Mark = tuple[int, Key]


class Export:
    """One kind's exports. `show` makes the part of the answer that holds the records and what goes with them."""

    def __init__(self, state: State, kind: Kind, show: Show) -> None:
        self._state, self._kind, self._show = state, kind, show
        self._table = state.table(kind)

    def by_cursor(self, call: Call) -> dict[str, Any]:
        """After the cursor, or from `start_time` on; the last minute is left out."""
        cursor = call.query.get("cursor")
        mark = _read(cursor) if cursor else (self._start(call), 0)
        size = limited(call.query.get("per_page"), self._state.limits.export)
        line = self._table.timeline()
        at, stop = bisect_right(line, mark), self._end()
        rows: list[Record] = []
        while at < stop and len(rows) < size:
            mark = line[at]
            record = self._table.get(mark[1])
            if record is not None and not _left_out(call, record):
                rows.append(record)
            at += 1
        after = _write(mark)
        kept = {name: text for name, text in call.query.items() if name not in ("start_time", "cursor")}
        return {
            **self._show(rows, call),
            "after_url": self._url("/cursor", {**kept, "cursor": after}),
            "before_url": None,
            "after_cursor": after,
            "before_cursor": None,
            "end_of_stream": at >= stop,
        }

    def by_time(self, call: Call) -> dict[str, Any]:
        """From `start_time` on, at least a page, up to the end of a second: pages overlap."""
        start_time = self._start(call)
        size = limited(call.query.get("per_page"), self._state.limits.export)
        line = self._table.timeline()
        at, stop = bisect_left(line, (start_time,)), self._end()
        rows: list[Record] = []
        end_time = start_time
        for second, record in self._records(at, stop):
            if len(rows) >= size and second > end_time > start_time:
                break
            rows.append(record)
            end_time = second
        at = bisect_right(line, (end_time, _LAST))
        kept = {name: text for name, text in call.query.items() if name != "start_time"}
        return {
            **self._show(rows, call),
            "next_page": self._url("", {**kept, "start_time": str(end_time)}),
            "count": len(rows),
            "end_of_stream": at >= stop,
            "end_time": end_time,
        }

    def _records(self, at: int, stop: int) -> Iterator[tuple[int, Record]]:
        line = self._table.timeline()
        for index in range(at, stop):
            second, key = line[index]
            record = self._table.get(key)
            if record is not None:
                yield second, record

    def _end(self) -> int:
        """Where the last minute begins."""
        return bisect_right(self._table.timeline(), (self._state.now() - MINUTE, _LAST))

    def _start(self, call: Call) -> int:
        text = call.query.get("start_time")
        if text is None:
            raise missing("start_time")
        if not text.isdecimal():
            raise bad_value(f"Invalid start_time: {text}")
        if int(text) > self._state.now() - MINUTE:
            raise bad_value("Too recent start_time. Use a start_time older than 60 seconds", 422)
        return int(text)

    def _url(self, suffix: str, query: dict[str, str]) -> str:
        return f"{self._state.url(f'incremental/{self._kind.plural}{suffix}')}.json?{urlencode(query)}"


_LAST = float("inf")  # after every id


def _left_out(call: Call, record: Record) -> bool:
    return call.query.get("exclude_deleted") == "true" and record.get("status") == "deleted"


def _write(mark: Mark) -> str:
    return base64.b64encode(f"{float(mark[0])}||{mark[1]}|".encode()).decode()


def _read(cursor: str) -> Mark:
    try:
        second, _, ident, _ = base64.b64decode(cursor, validate=True).decode().split("|")
        return int(float(second)), int(ident)
    except (binascii.Error, ValueError):
        raise bad_value("cursor is not valid") from None
