"""/query and /queryAll: answers by the page, with locators that live two days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cs_connector.sandbox.wire import Request, Response

from .answers import as_json
from .errors import ApiError
from .ids import make_id
from .picture import Render
from .schema import ObjectType
from .soql import parse
from .state import State

LIFE = timedelta(days=2)
BATCH = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The ids that a query found; later pages show what the records hold by then."""

    object: ObjectType
    ids: list[str]
    render: Render
    page: int
    path: str
    ends: datetime


class Cursors:
    def __init__(self, state: State) -> None:
        self._state = state
        self._open: dict[str, Cursor] = {}
        self._made = 0

    def handle(self, request: Request, version: str, name: str, rest: list[str]) -> Response:
        if rest:
            return as_json(self._more(rest[0]))
        text = request.query.get("q")
        if not text:
            raise ApiError(400, "MALFORMED_QUERY", "SOQL statement cannot be empty or null.")
        if request.query.get("columns") == "true":
            return as_json(self._columns(text))
        page = self._page(request)
        return as_json(self._first(text, f"/services/data/v{version}/{name}", page, version))

    def _first(self, text: str, path: str, page: int, version: str) -> dict[str, Any]:
        every = path.endswith("/queryAll")
        answer = self._state.engine.run(parse(text), version, every=every)
        if answer.counted is not None:
            return {"totalSize": answer.counted, "done": True, "records": []}
        if answer.render is None:
            return {"totalSize": len(answer.rows), "done": True, "records": answer.rows}
        rows, render = answer.rows, answer.render
        body: dict[str, Any] = {"totalSize": len(rows), "done": len(rows) <= page}
        if len(rows) > page:
            cursor = Cursor(
                answer.object, [r["Id"] for r in rows], render, page, path, self._state.now() + LIFE
            )
            body["nextRecordsUrl"] = f"{path}/{self._keep(cursor)}-{page}"
        return body | {"records": [render(row) for row in rows[:page]]}

    def _keep(self, cursor: Cursor) -> str:
        now = self._state.now()
        self._open = {name: c for name, c in self._open.items() if c.ends > now}
        self._made += 1
        name = make_id("01g", self._made)
        self._open[name] = cursor
        return name

    def _more(self, locator: str) -> dict[str, Any]:
        name, _, start = locator.partition("-")
        cursor = self._open.get(name)
        if cursor is None or not start.isdigit() or cursor.ends <= self._state.now():
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        first, last = int(start), int(start) + cursor.page
        rows = self._state.rows.of(cursor.object).rows
        records = [cursor.render(rows[i]) for i in cursor.ids[first:last] if i in rows]
        body: dict[str, Any] = {"totalSize": len(cursor.ids), "done": last >= len(cursor.ids)}
        if last < len(cursor.ids):
            body["nextRecordsUrl"] = f"{cursor.path}/{name}-{last}"
        return body | {"records": records}

    def _page(self, request: Request) -> int:
        match = BATCH.search(request.headers.get("sforce-query-options", ""))
        limits = self._state.limits
        wanted = int(match[1]) if match else limits.page
        return min(max(wanted, limits.smallest_page), limits.page)

    def _columns(self, text: str) -> dict[str, Any]:
        query = parse(text)
        found = self._state.engine.columns(query)
        return {
            "columnMetadata": [
                {
                    "aggregate": False,
                    "apexType": field.type.title(),
                    "booleanType": field.type == "boolean",
                    "columnName": field.name,
                    "custom": field.custom,
                    "displayName": name,
                    "foreignKeyName": None,
                    "insertable": field.writable,
                    "joinColumns": [],
                    "numberType": field.type in {"int", "double", "currency", "percent"},
                    "textType": field.type in {"string", "textarea"},
                    "updatable": field.writable,
                }
                for name, field, _ in found
            ],
            "entityName": query.source,
            "groupBy": False,
            "idSelected": any(name == "Id" for name, _, _ in found),
            "keyPrefix": None,
        }

    def forget(self) -> None:
        self._open.clear()
