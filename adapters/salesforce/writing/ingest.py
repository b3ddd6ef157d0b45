"""Bulk API 2.0 ingest: one job for many records, and its results (vendor: Bulk API 2.0 guide, ingest).

A job is created, noted, filled, closed, looked at until it is done, and asked for its results: six calls at most
where one look is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import msgspec

from cs_connector.errors import AdapterError, Conflict, NotPermitted, Rejected, Unavailable
from cs_connector.ports import Action, Clock
from cs_connector.transport import Transport

from ..errors import Refused, decode
from .groups import Group
from .job_notes import JobNotes

LARGEST = 100_000_000  # bytes of one upload
FIRST_LOOK, SPEED = (
    10.0,
    400,
)  # seconds at least, and records a second: a job is first looked at when it may be done
LONGEST_PAUSE = 60.0
PATIENCE = 3600.0  # seconds after which a run ends; the next one goes on with the same job
OPEN, UPLOADED, COMPLETE, FAILED, ABORTED = "Open", "UploadComplete", "JobComplete", "Failed", "Aborted"
ENDED = frozenset({COMPLETE, FAILED, ABORTED})
OPERATIONS: Mapping[Action, str] = {
    Action.CREATE: "insert", Action.UPDATE: "update", Action.UPSERT: "upsert", Action.DELETE: "delete",
}  # fmt: skip
# Clients and versions differ in how they spell these.
SUCCESSFUL = ("successfulResults/", "successfulresults")
UNSUCCESSFUL = ("failedResults/", "failedresults")
UNPROCESSED = ("unprocessedrecords/", "unprocessedRecords")
_WRONG_STATE = "INVALIDJOBSTATE"


class NotTaken(Exception):
    """The Bulk API does not take this job, and has done nothing: write in another way."""


class Job(msgspec.Struct):
    """A job as Salesforce tells of it."""

    id: str
    state: str = OPEN
    object: str = ""
    operation: str = ""
    processed: int | None = msgspec.field(default=None, name="numberRecordsProcessed")
    failed: int | None = msgspec.field(default=None, name="numberRecordsFailed")
    error: str = msgspec.field(default="", name="errorMessage")

    @property
    def nothing_done(self) -> bool:
        return self.state in {FAILED, ABORTED} and self.processed == 0


class Files(msgspec.Struct):
    """The result files of a job that has ended; what its counts say is empty is not fetched."""

    job: Job
    successful: bytes = b""
    failed: bytes = b""
    unprocessed: bytes = b""


class Ingest:
    """`root` gives the address of the API. What is raised beside NotTaken is AdapterError."""

    def __init__(self, session: Transport, root: Callable[[], str], clock: Clock, notes: JobNotes) -> None:
        self._session, self._root, self._clock, self._notes = session, root, clock, notes

    def run(self, group: Group, body: bytes) -> Files:
        """Write a group of which `body` is the sheet. Raises NotTaken before anything was done."""
        with _as_sent(unsent=True):
            job = self._create(group)
            self._notes.begin(job, group)
            self._upload(job, body)
        self._to(job, UPLOADED)
        with _as_sent(unsent=False):
            files = self.files(self.wait(job, len(group)), len(group))
        self._notes.drop(job)
        return files

    def find(self, job: str) -> Job | None:
        """The job as it is now; None where it is gone."""
        try:
            return self._look(job)
        except Refused as error:
            if error.code == "NOT_FOUND":
                return None
            raise

    def abort(self, job: str) -> None:
        """End a job that was never closed; nothing of it is done."""
        self._to(job, ABORTED)

    def wait(self, job: str, records: int) -> Job:
        """The job once it has ended. Raises Unavailable when that takes too long."""
        waited, pause = 0.0, max(FIRST_LOOK, records / SPEED)
        while True:
            self._clock.sleep(pause)
            waited += pause
            found = self._look(job)
            if found.state in ENDED:
                return found
            if waited > PATIENCE:
                raise Unavailable(
                    "Salesforce has not finished a bulk job within an hour",
                    why=f"job {job} is {found.state}",
                    fix="run again: the next run goes on with the same job",
                )
            pause = min(LONGEST_PAUSE, pause * 1.5)

    def files(self, job: Job, records: int | None) -> Files:
        """Its results. Where `records` were worked off there is none that was not."""
        done = None if job.processed is None or job.failed is None else job.processed - job.failed
        told = job.processed == records or job.nothing_done
        return Files(
            job,
            b"" if done == 0 else self._results(job.id, SUCCESSFUL),
            b"" if job.failed == 0 else self._results(job.id, UNSUCCESSFUL),
            b"" if told else self._results(job.id, UNPROCESSED),
        )

    def _create(self, group: Group) -> str:
        order = {
            "object": group.object, "operation": OPERATIONS[group.action],
            "contentType": "CSV", "lineEnding": "LF", "columnDelimiter": "COMMA",
        }  # fmt: skip
        if group.action is Action.UPSERT:
            order["externalIdFieldName"] = str(group.key_field)
        try:
            with self._session.safe():  # one that was never filled does nothing
                answer = self._session.post(f"{self._root()}/jobs/ingest", json=order)
        except (Rejected, NotPermitted) as error:
            raise NotTaken from error
        job: Job = decode(answer.content, Job)
        return job.id

    def _upload(self, job: str, body: bytes) -> None:
        try:
            with self._session.safe():
                self._session.put(
                    f"{self._address(job)}/batches", data=body, headers={"Content-Type": "text/csv"}
                )
        except (Conflict, Rejected) as error:
            if not _heard(error):
                self.abort(job)
                self._notes.drop(job)
                raise NotTaken from error

    def _to(self, job: str, state: str) -> None:
        try:
            with self._session.safe():
                self._session.patch(self._address(job), json={"state": state})
        except (Conflict, Rejected) as error:
            if not _heard(error):
                raise

    def _look(self, job: str) -> Job:
        found: Job = decode(self._session.get(self._address(job)).content, Job)
        return found

    def _results(self, job: str, spellings: tuple[str, str]) -> bytes:
        usual, other = (f"{self._address(job)}/{name}" for name in spellings)
        headers = {"Accept": "text/csv"}
        try:
            return self._session.get(usual, headers=headers).content
        except Refused as error:
            if error.code != "NOT_FOUND":
                raise
            return self._session.get(other, headers=headers).content

    def _address(self, job: str) -> str:
        return f"{self._root()}/jobs/ingest/{job}"


@contextmanager
def _as_sent(*, unsent: bool) -> Iterator[None]:
    """An error says of the job, not of its own request, whether nothing can have been done: so until it is closed."""
    try:
        yield
    except AdapterError as error:
        error.unsent = unsent
        raise


def _heard(error: AdapterError) -> bool:
    """Whether a second try after a lost answer finds that the first was heard; how far the job got is seen later."""
    return isinstance(error, Conflict) or error.code == _WRONG_STATE
