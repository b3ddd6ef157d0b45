"""/jobs/ingest: Bulk 2.0 insert, update, upsert and delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cs_connector.sandbox.wire import Request, Response

from .answers import as_csv, as_json, json_object, nothing
from .csvs import write_csv
from .errors import ApiError, method_not_allowed, not_found
from .ids import make_id
from .ingest_run import Outcome, run
from .jobs import ABORTED, COMPLETE, ENDED, FAILED, KEPT, OPEN, RUNNING, UPLOADED, Job, formats
from .schema import ObjectType
from .sobjects import key_field
from .state import State

OPERATIONS = frozenset({"insert", "update", "upsert", "delete"})
LARGEST = 150_000_000


@dataclass(slots=True)
class Ingest:
    """An ingest job, the CSV that was uploaded, and what came of it."""

    job: Job
    key: str | None
    data: bytes | None = None
    outcome: Outcome = field(default_factory=Outcome)


class BulkIngests:
    def __init__(self, state: State, number: Callable[[], int]) -> None:
        self._state, self._number = state, number
        self.jobs: dict[str, Ingest] = {}

    def handle(self, request: Request, version: str, rest: list[str]) -> Response:
        self._purge()
        if not rest:
            return self._all(request, version)
        found = self.jobs.get(rest[0])
        if found is None:
            raise not_found()
        if len(rest) == 1:
            return self._one(request, found)
        part = rest[1].lower()
        if part == "batches":
            return self._upload(request, found)
        return self._results(found, part)

    def _all(self, request: Request, version: str) -> Response:
        if request.method == "GET":
            return as_json(
                {"done": True, "records": [i.job.head() for i in self.jobs.values()], "nextRecordsUrl": None}
            )
        if request.method != "POST":
            raise method_not_allowed(request.method)
        made = self._create(json_object(request), version)
        return as_json(self._show(made))

    def _create(self, body: dict[str, Any], version: str) -> Ingest:
        operation, name = body.get("operation"), str(body.get("object") or "")
        if operation not in OPERATIONS:
            raise ApiError(400, "INVALIDJOB", f"Unsupported operation: {operation}")
        obj = self._state.schema.find(name)
        if obj is None or not obj.writable:
            raise ApiError(400, "INVALIDENTITY", f"Entity '{name}' is not supported by the Bulk API.")
        key = self._key(obj, body) if operation == "upsert" else None
        delimiter, ending = formats(body)
        now = self._state.now()
        job = Job(
            make_id("750", self._number()), "V2Ingest", obj.name, operation, version, self._state.user_id, now,
            OPEN, delimiter, ending, now,
        )  # fmt: skip
        made = self.jobs[job.id] = Ingest(job, key)
        return made

    def _key(self, obj: ObjectType, body: dict[str, Any]) -> str:
        name = body.get("externalIdFieldName")
        if not name:
            raise ApiError(400, "INVALIDJOB", "externalIdFieldName is required for upsert")
        try:
            return key_field(obj, str(name)).name
        except ApiError as bad:
            raise ApiError(400, "INVALIDJOB", f"InvalidJob : {bad.message}") from None

    def _show(self, found: Ingest) -> dict[str, Any]:
        body = found.job.head()
        if found.job.state == OPEN:
            body["contentUrl"] = f"services/data/v{found.job.version}/jobs/ingest/{found.job.id}/batches"
        return body | ({"externalIdFieldName": found.key} if found.key else {})

    def _one(self, request: Request, found: Ingest) -> Response:
        if request.method == "GET":
            self._advance(found)
            return as_json(self._show(found) | found.job.body())
        if request.method == "PATCH":
            self._close(found, str(json_object(request).get("state")))
            return as_json(self._show(found))
        if request.method == "DELETE":
            if not found.job.ended:
                raise ApiError(400, "INVALIDJOBSTATE", f"A job in state {found.job.state} cannot be deleted")
            del self.jobs[found.job.id]
            return nothing()
        raise method_not_allowed(request.method)

    def _upload(self, request: Request, found: Ingest) -> Response:
        if request.method != "PUT":
            raise method_not_allowed(request.method)
        if found.job.state != OPEN or found.data is not None:
            raise ApiError(409, "INVALIDJOBSTATE", "Data was already uploaded to this job")
        if len(request.body) * 4 // 3 > LARGEST:
            raise ApiError(413, "LIMIT_EXCEEDED", "Upload is larger than 150 MB in base64")
        found.data = request.body
        return nothing(201)

    def _close(self, found: Ingest, state: str) -> None:
        allowed = found.job.state == OPEN or (state == ABORTED and not found.job.ended)
        if state not in {UPLOADED, ABORTED} or not allowed:
            raise ApiError(400, "INVALIDJOBSTATE", f"A job in state {found.job.state} cannot become {state}")
        found.job.move(state, self._state.now())

    def _advance(self, found: Ingest) -> None:
        job, now = found.job, self._state.now()
        if job.due(now):
            self._execute(found)
            job.move(FAILED if job.error else COMPLETE, now)
        elif job.state == UPLOADED:
            job.move(RUNNING, now)

    def _execute(self, found: Ingest) -> None:
        job = found.job
        found.outcome, job.error = run(self._state, job, found.key, found.data or b"")
        found.data = None
        job.failed = len(found.outcome.failed)
        job.processed = len(found.outcome.done) + job.failed

    def _results(self, found: Ingest, part: str) -> Response:
        if found.job.state not in ENDED:
            raise ApiError(400, "INVALIDJOBSTATE", f"Job not complete: {found.job.state}")
        outcome = found.outcome
        parts = {
            "successfulresults": (["sf__Id", "sf__Created", *outcome.head], outcome.done),
            "failedresults": (["sf__Id", "sf__Error", *outcome.head], outcome.failed),
            "unprocessedrecords": (outcome.head, outcome.left),
        }
        if part not in parts:
            raise not_found()
        head, lines = parts[part]
        return as_csv(write_csv(head, lines, found.job.delimiter, found.job.ending))

    def _purge(self) -> None:
        now = self._state.now()
        for job_id in [i for i, e in self.jobs.items() if e.job.ended and now - e.job.changed > KEPT]:
            del self.jobs[job_id]
