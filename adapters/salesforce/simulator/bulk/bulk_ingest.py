"""/jobs/ingest: Bulk 2.0 insert, update, upsert, delete and hardDelete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from cs_connector.sandbox.wire import Request, Response

from ..answers import as_csv, as_json, json_object, nothing
from ..errors import ApiError, method_not_allowed, not_found, unsimulated
from ..ids import full_id, make_id
from ..limits import Rolling
from ..rest.sobjects import key_field
from ..schema.schema import ObjectType
from ..state import State
from .csvs import write_csv
from .ingest_head import read
from .ingest_rows import Rows
from .ingest_run import Outcome, batches, run, shuffled
from .job_list import job_list
from .jobs import ABORTED, COMPLETE, ENDED, FAILED, KEPT, OPEN, RUNNING, UPLOADED, Job, formats
from .multipart import is_multipart, parts

OPERATIONS = frozenset({"insert", "update", "upsert", "delete", "hardDelete"})
LARGEST = 150_000_000  # in base64
LARGEST_PART = 100_000
BATCH = {"vendor": 10_000, "small": 100, "unlimited": 10_000}
DAILY_BATCHES = {"vendor": 15_000, "small": 150, "unlimited": 1_000_000_000}
LONGEST_OPEN = timedelta(hours=24)


@dataclass(slots=True)
class Ingest:
    """An ingest job, the CSV that was uploaded, and what came of it."""

    job: Job
    key: str | None
    data: bytes | None = None
    outcome: Outcome = field(default_factory=Outcome)


class BulkIngests:
    def __init__(self, state: State, number: Callable[[], int], profile: str) -> None:
        self._state, self._number = state, number
        self._size = BATCH[profile]
        self.batches = Rolling(DAILY_BATCHES[profile])
        self.jobs: dict[str, Ingest] = {}

    def handle(self, request: Request, version: str, rest: list[str]) -> Response:
        self._purge()
        if not rest:
            return self._all(request, version)
        found = self.jobs.get(full_id(rest[0]) or "")
        if found is None:
            raise not_found()
        if len(rest) == 1:
            return self._one(request, found)
        part = rest[1].lower()
        if part == "batches":
            return self._upload(request, found)
        if request.method != "GET":
            raise method_not_allowed(request.method, "GET")
        return self._results(found, part)

    @property
    def used(self) -> tuple[int, int]:
        """The most batches of a day, and how many of them are used."""
        return self.batches.most, self.batches.used(self._state.now())

    def catch_up(self) -> None:
        """Finish what by the clock is finished, whoever looks."""
        if not self.jobs:
            return
        now = self._state.now()
        for found in [i for i in self.jobs.values() if i.job.late(now)]:
            self._finish(found)

    def _all(self, request: Request, version: str) -> Response:
        if request.method == "GET":
            path, size = f"/services/data/v{version}/jobs/ingest", self._state.limits.listed_jobs
            return as_json(job_list((i.job for i in self.jobs.values()), request.query, path, size))
        if request.method != "POST":
            raise method_not_allowed(request.method, "GET,POST")
        if is_multipart(request):
            return as_json(self._show(self._whole(request, version)))
        return as_json(self._show(self._create(json_object(request), version)))

    def _whole(self, request: Request, version: str) -> Ingest:
        """A job with its data. Raises ApiError."""
        given = parts(request)
        if "job" not in given or "content" not in given:
            raise ApiError(
                400, "INVALIDJOB", "InvalidJob : A multipart request needs the parts job and content"
            )
        if len(given["content"]) > LARGEST_PART:
            raise ApiError(400, "LIMIT_EXCEEDED", f"The part content has at most {LARGEST_PART} characters")
        head = replace(request, headers={"content-type": "application/json"}, body=given["job"])
        made = self._create(json_object(head), version)
        made.data = given["content"]
        made.job.move(UPLOADED, self._state.now())
        return made

    def _create(self, body: dict[str, Any], version: str) -> Ingest:
        operation, name = str(body.get("operation")), str(body.get("object") or "")
        if operation not in OPERATIONS:
            raise ApiError(400, "INVALIDJOB", f"InvalidJob : Unsupported operation: {operation}")
        obj = self._state.schema.find(name)
        if obj is None or not obj.writable:
            raise ApiError(
                400, "INVALIDENTITY", f"InvalidEntity : Entity '{name}' is not supported by the Bulk API."
            )
        if body.get("assignmentRuleId"):
            raise unsimulated("An assignment rule")
        key = _key(obj, body) if operation == "upsert" else None
        delimiter, ending = formats(body)
        now = self._state.now()
        job = Job(
            make_id("750", self._number()), "V2Ingest", obj.name, operation, version, self._state.user_id, now,
            OPEN, delimiter, ending, now,
        )  # fmt: skip
        made = self.jobs[job.id] = Ingest(job, key)
        return made

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
            if found.job.state in {OPEN, RUNNING}:
                raise _wrong_state(f"A job in state {found.job.state} cannot be deleted")
            del self.jobs[found.job.id]
            return nothing()
        raise method_not_allowed(request.method, "GET,PATCH,DELETE")

    def _upload(self, request: Request, found: Ingest) -> Response:
        if request.method != "PUT":
            raise method_not_allowed(request.method, "PUT")
        kind = request.headers.get("content-type", "text/csv").partition(";")[0].strip().lower()
        if kind != "text/csv":
            raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"Content-Type must be text/csv, not {kind}")
        if found.job.state != OPEN or found.data is not None:
            raise ApiError(409, "INVALIDJOBSTATE", "Data was already uploaded to this job")
        if self._state.now() - found.job.created > LONGEST_OPEN:
            raise _wrong_state("The job was opened more than 24 hours ago")
        if len(request.body) * 4 // 3 > LARGEST:
            raise ApiError(413, "LIMIT_EXCEEDED", "Upload is larger than 150 MB in base64")
        found.data = request.body
        return nothing(201)

    def _close(self, found: Ingest, state: str) -> None:
        job = found.job
        allowed = job.state == OPEN or (state == ABORTED and not job.ended)
        if state not in {UPLOADED, ABORTED} or not allowed:
            raise _wrong_state(f"A job in state {job.state} cannot become {state}")
        if state == ABORTED and found.data is not None:
            sheet = read(self._state.schema, job, found.data)
            found.outcome = Outcome(sheet.head, left=sheet.lines)
        job.move(state, self._state.now())

    def _advance(self, found: Ingest) -> None:
        """A look at the job moves it on by one state."""
        job, now = found.job, self._state.now()
        if job.due(now):
            self._finish(found)
        elif job.state == UPLOADED:
            job.move(RUNNING, now)

    def _finish(self, found: Ingest) -> None:
        job = found.job
        sheet = read(self._state.schema, job, found.data or b"")
        job.error = sheet.why or self._no_batches_left(len(sheet.lines))
        if job.error:
            found.outcome = Outcome(sheet.head, left=sheet.lines)
        else:
            obj = self._state.schema.objects[job.object.lower()]
            rows = Rows(self._state.writer, obj, job.operation, obj.field(found.key) if found.key else None)
            found.outcome = run(self._state, rows, sheet, self._size, self._beside(found))
        found.data = None
        job.failed = len(found.outcome.failed)
        job.processed = len(found.outcome.done) + job.failed
        job.move(FAILED if job.error else COMPLETE, self._state.now())

    def _no_batches_left(self, lines: int) -> str | None:
        """Count the batches of a job; why it must fail where the day has too few."""
        now, needed = self._state.now(), batches(lines, self._size)
        if self.batches.used(now) + needed > self.batches.most:
            return "ExceededQuota : ApiBatchItems Limit exceeded."
        self.batches.add(now, needed)
        return None

    def _beside(self, found: Ingest) -> list[frozenset[str]]:
        """What the latest job needed whose time overlapped with this one's; one that ended when this began does not."""
        began = found.job.changed
        others = [
            i
            for i in self.jobs.values()
            if i is not found and i.job.state == COMPLETE and i.job.changed > began
        ]
        return max(others, key=lambda i: i.job.changed).outcome.needed if others else []

    def _results(self, found: Ingest, part: str) -> Response:
        if found.job.state not in ENDED:
            raise _wrong_state(f"Job not complete: {found.job.state}")
        outcome, seed = found.outcome, found.job.id
        ways = {
            "successfulresults": (["sf__Id", "sf__Created", *outcome.head], shuffled(outcome.done, seed)),
            "failedresults": (["sf__Id", "sf__Error", *outcome.head], shuffled(outcome.failed, seed)),
            "unprocessedrecords": (outcome.head, outcome.left),
        }
        if part not in ways:
            raise not_found()
        head, lines = ways[part]
        return as_csv(write_csv(head, lines, found.job.delimiter, found.job.ending))

    def _purge(self) -> None:
        now = self._state.now()
        for job_id in [i for i, e in self.jobs.items() if _over(e.job) and now - e.job.changed > KEPT]:
            del self.jobs[job_id]


def _over(job: Job) -> bool:
    return job.ended or job.state == OPEN


def _key(obj: ObjectType, body: dict[str, Any]) -> str:
    """The field that an upsert goes by. Raises ApiError INVALIDJOB."""
    name = body.get("externalIdFieldName")
    if not name:
        raise ApiError(
            400,
            "INVALIDJOB",
            f"InvalidJob : External ID was blank for {obj.name}. An External ID must be specified for upsert.",
        )
    try:
        return key_field(obj, str(name)).name
    except ApiError:
        raise ApiError(
            400,
            "INVALIDJOB",
            f"InvalidJob : Field name provided, {name} does not match an External ID, Salesforce Id, or indexed "
            f"field for {obj.name}",
        ) from None


def _wrong_state(why: str) -> ApiError:
    return ApiError(400, "INVALIDJOBSTATE", why)
