"""/query and /queryAll: answers by the page, with locators that live two days."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import msgspec

from cs_connector.sandbox.wire import Request, Response

from ..answers import JSON, as_json
from ..digits import whole
from ..errors import ApiError, unsimulated
from ..ids import make_id
from ..soql.children import Found
from ..soql.columns import Metadata
from ..soql.pages import Shower
from ..soql.query import Asked
from ..soql.soql import parse
from ..state import State
from ..writing.rows import Row

LIFE = timedelta(days=2)
MOST_OFTEN = 8
BATCH = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)
NO_QUEUE = "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch"


class Often(NamedTuple):
    """A query as it was asked; `name` is query or queryAll."""

    text: str
    version: str
    name: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """The ids that a query found; later pages show what the records hold by then."""

    found: Found
    path: str
    ends: datetime


class Cursors:
    def __init__(self, state: State) -> None:
        self._state = state
        self._open: dict[str, Cursor] = {}
        self._made = 0
        self._metadata = Metadata(state.engine)
        self._pages = Shower()
        self._same: dict[Any, str] = {}
        self._often: dict[Often, None] = {}

    def handle(self, request: Request, version: str, name: str, rest: list[str]) -> Response:
        self._prune()
        if rest:
            return self._more(rest[0], self._size(request))
        if "explain" in request.query:
            raise unsimulated("The plan of a query")
        text = request.query.get("q")
        if not text:
            raise ApiError(400, "MALFORMED_QUERY", "SOQL statement cannot be empty or null.")
        query = parse(text)
        if request.query.get("columns") == "true":
            return as_json(self._metadata.of(query))
        path, size = f"/services/data/v{version}/{name}", self._size(request)
        asked = Asked(version, name == "queryAll", partial(self._nested, path, size))
        answer = self._state.engine.run(query, asked)
        if answer.found is not None:
            self._note(answer.found, Often(text, version, name))
            return self._page(answer.found, path, 0, size)
        if len(answer.records) > self._state.limits.page:
            raise ApiError(400, "EXCEEDED_ID_LIMIT", NO_QUEUE)
        return as_json({"totalSize": answer.total, "done": True, "records": answer.records})

    def _note(self, found: Found, asked: Often) -> None:
        """Remember a query that will be asked again."""
        if found.source is None or found.shown.stored is None:
            return
        self._often.pop(asked, None)
        self._often[asked] = None
        if len(self._often) > MOST_OFTEN:
            del self._often[next(iter(self._often))]

    def _nested(self, path: str, size: int, found: Found) -> dict[str, Any]:
        """The first page of a sub-query, which is a part of another answer."""
        head, last = self._head(found, path, "", 0, size)
        return head | {"records": self._show(found, 0, last)}

    def _more(self, locator: str, size: int) -> Response:
        name, _, place = locator.partition("-")
        cursor, start = self._open.get(name), whole(place)
        if cursor is None or start is None or start >= len(cursor.found.ids):
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(cursor.found, cursor.path, start, size, name)

    def _page(self, found: Found, path: str, first: int, size: int, name: str = "") -> Response:
        head, last = self._head(found, path, name, first, size)
        table, start = self._state.rows.of(found.object), msgspec.json.encode(head | {"records": ()})
        page = self._pages.show(table, found, start.removesuffix(b"[]}"), first, last)
        if page is None:
            return as_json(head | {"records": self._show(found, first, last)})
        return Response(200, page, {"Content-Type": JSON})

    def _head(self, found: Found, path: str, name: str, first: int, size: int) -> tuple[dict[str, Any], int]:
        """What an answer says before its records, and where its page ends; `name` is that of an open cursor."""
        last, total = self._end(found, first, size), len(found.ids)
        head: dict[str, Any] = {"totalSize": total, "done": last >= total}
        if last < total:
            name = name or self._place(Cursor(found, path, self._state.now() + LIFE))
            head["nextRecordsUrl"] = f"{path}/{name}-{last}"
        return head, last

    def _end(self, found: Found, start: int, size: int) -> int:
        """Where a page ends: the children of a record count, and long texts make pages small."""
        size = self._state.limits.page_of(size, found.shown.long_texts)
        end = min(start + size, len(found.ids))
        if not found.shown.children:
            return end
        rows = 0
        for n in range(start, end):
            rows += found.shown.weight(found.ids[n])
            if rows >= size:
                return n + 1
        return end

    def _show(self, found: Found, first: int, last: int) -> list[dict[str, Any]]:
        now, table, render = self._state.now(), self._state.rows.of(found.object), found.shown.render
        rows = table.pick(found.ids[first:last], now)
        return [render(row) for row in rows if found.every or not _gone(row)]

    def _place(self, cursor: Cursor) -> str:
        """The name of a cursor: the same again, where the same query finds the same records."""
        if cursor.found.source is None:
            return self._keep(cursor)
        same = (cursor.found.source, cursor.path)
        name = self._same.get(same)
        if name not in self._open:
            name = self._same[same] = self._keep(cursor)
        self._open[name] = cursor
        return name

    def _keep(self, cursor: Cursor) -> str:
        self._made += 1
        name = make_id("01g", self._made)
        self._open[name] = cursor
        return name

    def _prune(self) -> None:
        now = self._state.now()
        for name in [name for name, cursor in self._open.items() if cursor.ends <= now]:
            del self._open[name]
            self._same = {same: kept for same, kept in self._same.items() if kept != name}

    def _size(self, request: Request) -> int:
        match = BATCH.search(request.headers.get("sforce-query-options", ""))
        limits = self._state.limits
        wanted = int(match[1]) if match else limits.page
        return min(max(wanted, limits.smallest_page), limits.page)

    def forget(self) -> None:
        """End every query; a locator from before a restart is never that of another one."""
        self._open.clear()
        self._made = max(self._made, int(self._state.now().timestamp() * 1000))

    def often(self) -> tuple[Often, ...]:
        """The queries that were asked last, of those that show a part of a table and nothing else."""
        return tuple(self._often)

    def ready(self, often: Iterable[Often]) -> None:
        """Large tables will be read, by these queries: they are compiled now, and not while a client waits."""
        self._pages.ready()
        for each in often:
            with suppress(ApiError):  # of a field that is no longer there
                self._prepare(each)

    def _prepare(self, each: Often) -> None:
        asked = Asked(each.version, each.name == "queryAll", partial(self._nested, "", 1))
        found = self._state.engine.run(parse(each.text), asked).found
        if found is not None:
            self._note(found, each)
            self._pages.prepare(self._state.rows.of(found.object), found)


def _gone(row: Row) -> bool:
    return bool(row.get("IsDeleted") or row.get("IsArchived"))
