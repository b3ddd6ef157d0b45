"""/jobs/query: Bulk 2.0 queries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cs_connector.sandbox.wire import Request, Response

from .answers import as_csv, as_json, json_object, nothing
from .csvs import cell, write_csv
from .errors import ApiError, method_not_allowed, not_found
from .ids import make_id
from .jobs import ABORTED, COMPLETE, KEPT, RUNNING, UPLOADED, Job, formats, locator, read_locator
from .soql import parse
from .state import State
from .syntax import Query

PAGE = 50_000


@dataclass(slots=True)
class Export:
    """A query job; `lines` are its results once it is complete."""

    job: Job
    query: Query
    head: list[str]
    lines: list[list[str]]


class BulkQueries:
    def __init__(self, state: State, number: Callable[[], int]) -> None:
        self._state, self._number = state, number
        self.jobs: dict[str, Export] = {}

    def handle(self, request: Request, version: str, rest: list[str]) -> Response:
        self._purge()
        if not rest:
            return self._all(request, version)
        found = self.jobs.get(rest[0])
        if found is None:
            raise not_found()
        if len(rest) == 2 and rest[1].lower() == "results":
            return self._results(request, version, found)
        return self._one(request, found)

    def _all(self, request: Request, version: str) -> Response:
        if request.method == "GET":
            listed = [export.job.head() for export in self.jobs.values()]
            return as_json({"done": True, "records": listed, "nextRecordsUrl": None})
        if request.method != "POST":
            raise method_not_allowed(request.method)
        return as_json(self._create(json_object(request), version).head())

    def _create(self, body: dict[str, Any], version: str) -> Job:
        operation = body.get("operation")
        if operation not in {"query", "queryAll"}:
            raise ApiError(400, "INVALIDJOB", f"Unsupported operation: {operation}")
        query = parse(str(body.get("query") or ""))
        head = [name for name, _, _ in self._state.engine.columns(query)]
        delimiter, ending = formats(body)
        obj = self._state.schema.find(query.source)
        assert obj is not None
        now = self._state.now()
        job = Job(
            make_id("750", self._number()), "V2Query", obj.name, operation, version, self._state.user_id, now,
            UPLOADED, delimiter, ending, now,
        )  # fmt: skip
        self.jobs[job.id] = Export(job, query, head, [])
        return job

    def _one(self, request: Request, found: Export) -> Response:
        job = found.job
        if request.method == "GET":
            self._advance(found)
            return as_json(job.body())
        if request.method == "PATCH":
            if json_object(request).get("state") != ABORTED or job.ended:
                raise ApiError(400, "INVALIDJOBSTATE", f"A job in state {job.state} cannot be aborted")
            job.move(ABORTED, self._state.now())
            return as_json(job.head())
        if request.method == "DELETE":
            if not job.ended:
                raise ApiError(400, "INVALIDJOBSTATE", f"A job in state {job.state} cannot be deleted")
            del self.jobs[job.id]
            return nothing()
        raise method_not_allowed(request.method)

    def _advance(self, found: Export) -> None:
        job, now = found.job, self._state.now()
        if job.due(now):
            self._execute(found)
            job.move(COMPLETE, now)
        elif job.state == UPLOADED:
            job.move(RUNNING, now)

    def _execute(self, found: Export) -> None:
        columns = self._state.engine.columns(found.query)
        every = found.job.operation == "queryAll"
        rows = self._state.engine.run(found.query, found.job.version, every=every).rows
        draws = [(get, field.type) for _, field, get in columns]
        found.lines = [[cell(get(row), kind) for get, kind in draws] for row in rows]
        found.job.processed = len(rows)

    def _results(self, request: Request, version: str, found: Export) -> Response:
        if version != found.job.version:
            raise ApiError(409, "INVALIDVERSION", "Create and results must use the same API version")
        if found.job.state != COMPLETE:
            raise ApiError(400, "INVALIDJOBSTATE", f"Job not complete: {found.job.state}")
        query = request.query
        start = read_locator(query["locator"]) if query.get("locator") else 0
        size = query.get("maxRecords", str(PAGE))
        last = start + (int(size) if size.isdigit() and int(size) else PAGE)
        page = found.lines[start:last]
        mark = locator(last) if last < len(found.lines) else "null"
        text = write_csv(found.head, page, found.job.delimiter, found.job.ending)
        return as_csv(text, {"Sforce-Locator": mark, "Sforce-NumberOfRecords": str(len(page))})

    def _purge(self) -> None:
        now = self._state.now()
        for job_id in [i for i, e in self.jobs.items() if e.job.ended and now - e.job.changed > KEPT]:
            del self.jobs[job_id]
