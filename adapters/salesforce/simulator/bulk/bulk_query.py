"""/jobs/query: Bulk 2.0 queries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cs_connector.sandbox.wire import Request, Response

from ..answers import as_csv, as_json, json_object, nothing
from ..digits import whole
from ..errors import ApiError, method_not_allowed, not_found, unsimulated
from ..ids import full_id, make_id
from ..soql.columns import BulkColumn, bulk_columns
from ..soql.soql import parse
from ..soql.syntax import Query
from ..state import State
from ..unsimulated import RESULT_PAGES
from .csvs import cell, write_csv
from .job_list import job_list
from .jobs import (
    ABORTED,
    COMPLETE,
    FAILED,
    KEPT,
    RUNNING,
    UPLOADED,
    Job,
    formats,
    invalid_locator,
    locator,
    read_locator,
)
from .results import Results

PAGE = 50_000
OPERATIONS = frozenset({"query", "queryAll"})
STATUS = {UPLOADED: "UPLOAD_COMPLETE", RUNNING: "IN_PROGRESS", ABORTED: "ABORTED", FAILED: "FAILED"}


@dataclass(slots=True)
class Export:
    """A query job; `lines` are its results once it is complete."""

    job: Job
    query: Query
    head: list[str]
    lines: Results


class BulkQueries:
    def __init__(self, state: State, number: Callable[[], int]) -> None:
        self._state, self._number = state, number
        self.jobs: dict[str, Export] = {}

    def handle(self, request: Request, version: str, rest: list[str]) -> Response:
        self._purge()
        if not rest:
            return self._all(request, version)
        found = self.jobs.get(full_id(rest[0]) or "")
        if found is None:
            raise not_found()
        if len(rest) == 1:
            return self._one(request, found)
        if rest[1].lower() == "results" and len(rest) == 2:
            return self._results(request, version, found)
        if rest[1].lower() == "resultpages":
            raise unsimulated(RESULT_PAGES)
        raise not_found()

    def _all(self, request: Request, version: str) -> Response:
        if request.method == "GET":
            path = f"/services/data/v{version}/jobs/query"
            listed = [export.job for export in self.jobs.values()]
            return as_json(job_list(listed, request.query, path, self._state.limits.listed_jobs))
        if request.method != "POST":
            raise method_not_allowed(request.method, "GET,POST")
        return as_json(self._create(json_object(request), version).head())

    def _create(self, body: dict[str, Any], version: str) -> Job:
        operation = str(body.get("operation"))
        if operation not in OPERATIONS:
            raise ApiError(400, "INVALIDJOB", f"Unsupported operation: {operation}")
        delimiter, ending = formats(body)
        query = parse(str(body.get("query") or ""))
        columns = bulk_columns(self._state.engine, query)
        self._state.limits.spend_query_job()
        now, name = self._state.now(), self._state.engine.scope(query).object.name
        job = Job(
            make_id("750", self._number()), "V2Query", name, operation, version, self._state.user_id, now,
            UPLOADED, delimiter, ending, now,
        )  # fmt: skip
        self.jobs[job.id] = Export(job, query, [c.name for c in columns], Results())
        return job

    def _one(self, request: Request, found: Export) -> Response:
        job = found.job
        if request.method == "GET":
            self._advance(found)
            return as_json(job.body())
        if request.method == "PATCH":
            if json_object(request).get("state") != ABORTED or job.ended:
                raise _wrong_state(f"A job in state {job.state} can only be aborted before its end")
            job.move(ABORTED, self._state.now())
            return as_json(job.head())
        if request.method == "DELETE":
            if job.state == RUNNING:
                raise _wrong_state(f"A job in state {job.state} cannot be deleted")
            del self.jobs[job.id]
            return nothing()
        raise method_not_allowed(request.method, "GET,PATCH,DELETE")

    def _advance(self, found: Export) -> None:
        """A look at the job moves it on; what was asked may have gone by the time it runs."""
        job, now = found.job, self._state.now()
        if job.due(now):
            try:
                self._execute(found)
                job.move(COMPLETE, now)
            except ApiError as bad:
                job.error = f"{bad.code}: {bad.message}"
                job.move(FAILED, now)
        elif job.state == UPLOADED:
            job.move(RUNNING, now)

    def _execute(self, found: Export) -> None:
        columns = bulk_columns(self._state.engine, found.query)
        rows = self._state.engine.records(found.query, every=found.job.operation == "queryAll")
        found.lines = Results(_line(columns, row) for row in rows)
        found.job.processed = len(found.lines)

    def _results(self, request: Request, version: str, found: Export) -> Response:
        if request.method != "GET":
            raise method_not_allowed(request.method, "GET")
        if version != found.job.version:
            raise ApiError(409, "INVALIDVERSION", "Create and results must use the same API version")
        self._advance_if_late(found)
        if found.job.state != COMPLETE:
            raise _not_complete(found.job)
        start = _start(request.query.get("locator"), found)
        last = start + _page(request.query.get("maxRecords"))
        page = list(found.lines.part(start, last))
        mark = locator(last) if last < len(found.lines) else "null"
        text = write_csv(found.head, page, found.job.delimiter, found.job.ending)
        return as_csv(text, {"Sforce-Locator": mark, "Sforce-NumberOfRecords": str(len(page))})

    def _advance_if_late(self, found: Export) -> None:
        """Time moves a job on as well: one that had long enough is at its end, though nobody looked."""
        if found.job.late(self._state.now()):
            self._advance(found)

    def _purge(self) -> None:
        now = self._state.now()
        for job_id in [i for i, e in self.jobs.items() if e.job.ended and now - e.job.changed > KEPT]:
            del self.jobs[job_id]


def _line(columns: list[BulkColumn], row: dict[str, Any]) -> list[str]:
    return [cell(column.get(row), column.type) for column in columns]


def _start(locator: str | None, found: Export) -> int:
    """Raises ApiError INVALIDJOB for a locator that no page of this job gave."""
    start = read_locator(locator) if locator else 0
    if start and start >= len(found.lines):
        raise invalid_locator(locator or "")
    return start


def _page(wanted: str | None) -> int:
    """Raises ApiError INVALIDJOB where `maxRecords` is no positive number."""
    if wanted is None:
        return PAGE
    number = whole(wanted)
    if not number:
        raise ApiError(400, "INVALIDJOB", f"Invalid value for maxRecords: {wanted}")
    return number


def _wrong_state(why: str) -> ApiError:
    return ApiError(400, "INVALIDJOBSTATE", why)


def _not_complete(job: Job) -> ApiError:
    return ApiError(
        412,
        "JOB_NOT_COMPLETE",
        "can only download query results of successfully completed bulk job with status: JOB_COMPLETE. "
        f"Current status: {STATUS[job.state]}",
    )
