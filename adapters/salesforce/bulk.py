"""Bulk API 2.0 queries: one job for a large reading, its results page by page as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import count
from typing import Any

import msgspec

from cs_connector.errors import AdapterError, Rejected, Unavailable
from cs_connector.ports import Clock, RawRecord
from cs_connector.transport import Transport

from .errors import decode
from .rows import Rows

ROWS = 50_000  # of one page of results
LONGEST_POLL = 30.0  # seconds; every look at the job costs a call
PATIENCE = 3600.0  # seconds after which a run ends; the next one goes on with the same job


class Lost(Exception):
    """The job is not there any more, or it failed: read in another way."""


class Job(msgspec.Struct):
    id: str
    state: str = "UploadComplete"


@dataclass(frozen=True, slots=True)
class Batch:
    """A page of results, and where the next one starts; None after the last."""

    records: Sequence[RawRecord]
    locator: str | None


class Bulk:
    def __init__(self, session: Transport, root: Callable[[], str], clock: Clock) -> None:
        self._session, self._root, self._clock = session, root, clock

    def start(self, query: str) -> str:
        """The id of a new job. Raises Lost for a query that the Bulk API does not take."""
        order = {"operation": "queryAll", "query": query}
        try:
            answer = self._session.post(f"{self._root()}/jobs/query", json=order)
        except Rejected as error:
            raise Lost from error
        job: Job = decode(answer.content, Job)
        return job.id

    def batches(self, job: str, locator: str | None, types: Mapping[str, str]) -> Iterator[Batch]:
        """The results from a locator on, once the job is done. Raises Lost, and Unavailable when it takes too long."""
        if locator is None:
            self._wait(job)
        with closing(Rows(types)) as rows:
            while True:
                batch = self._results(job, locator, rows)
                yield batch
                locator = batch.locator
                if locator is None:
                    return

    def _wait(self, job: str) -> None:
        waited = 0.0
        for turn in count():
            state = self._state(job)
            if state == "JobComplete":
                return
            if state in {"Failed", "Aborted"}:
                raise Lost
            if waited > PATIENCE:
                raise Unavailable(
                    "Salesforce has not finished a bulk query within an hour",
                    why=f"job {job} is {state}",
                    fix="run again: the next run goes on with the same job",
                )
            pause = min(LONGEST_POLL, 2.0**turn)
            waited += pause
            self._clock.sleep(pause)

    def _state(self, job: str) -> str:
        found: Job = decode(self._get(f"/jobs/query/{job}").content, Job)
        return found.state

    def _results(self, job: str, locator: str | None, rows: Rows) -> Batch:
        where = f"&locator={locator}" if locator else ""
        answer = self._get(f"/jobs/query/{job}/results?maxRecords={ROWS}{where}", Accept="text/csv")
        records = rows.read(answer.content)
        told = answer.headers.get("Sforce-NumberOfRecords", "")
        if told.isdecimal() and int(told) != len(records):
            raise Unavailable(
                "Salesforce's bulk results are not whole", why=f"{len(records)} of {told} rows came"
            )
        onward = answer.headers.get("Sforce-Locator", "null")
        return Batch(records, None if onward == "null" else onward)

    def _get(self, path: str, **headers: str) -> Any:
        try:
            return self._session.get(self._root() + path, headers=headers)
        except AdapterError as error:
            if isinstance(error, Rejected):
                raise Lost from error
            raise
