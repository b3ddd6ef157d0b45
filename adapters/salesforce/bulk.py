"""Bulk API 2.0 queries: one job for a large reading, its results page by page as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from cs_connector.errors import AdapterError, Rejected, Unavailable
from cs_connector.ports import Clock, RawRecord
from cs_connector.transport import Transport
from cs_connector.transport.records import Records

from .errors import decode
from .rows import Rows

# Of one page of results, at most; of bytes as REST writes them, which are twice as many. A page is held in memory whole.
ROWS, BYTES = 62_500, 25_000_000
USUAL_ROWS = 50_000  # where nobody knows how large a row is
SPEED = 10_000  # records a second; a job is first looked at when it may be done
LONGEST_POLL = 30.0  # seconds; every look at the job costs a call
PATIENCE = 3600.0  # seconds after which a run ends; the next one goes on with the same job


class Lost(Exception):
    """The job is not there any more, or it failed: read in another way."""


class Job(msgspec.Struct):
    id: str
    state: str = "UploadComplete"


@dataclass(frozen=True, slots=True)
class Order:
    """A job: the types of its fields, how many records it will bring where that is known, and how many `rows` are
    fetched at a time.
    """

    job: str
    types: Mapping[str, str]
    records: int = 0
    rows: int = USUAL_ROWS


@dataclass(frozen=True, slots=True)
class Batch:
    """A page of results, and where the next one starts; None after the last."""

    records: Sequence[RawRecord]
    locator: str | None


def fitting(seen: Records) -> int:
    """How many rows are fetched at a time, of the size that these records have as REST writes them."""
    size: int = sum(batch.nbytes for batch in seen.batches)
    return max(1, min(ROWS, BYTES * len(seen) // max(1, size)))


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

    def batches(self, order: Order, locator: str | None) -> Iterator[Batch]:
        """The results from a locator on, once the job is done. Raises Lost, and Unavailable when it takes too long."""
        if locator is None:
            self._wait(order)
        while True:
            batch = self._results(order, locator)
            locator = batch.locator
            yield batch
            if locator is None:
                return
            del batch  # so that two are never in memory

    def _wait(self, order: Order) -> None:
        waited, pause = 0.0, max(1.0, order.records / SPEED)
        while True:
            pause = min(LONGEST_POLL, pause)
            self._clock.sleep(pause)
            waited += pause
            state = self._state(order.job)
            if state == "JobComplete":
                return
            if state in {"Failed", "Aborted"}:
                raise Lost
            if waited > PATIENCE:
                raise Unavailable(
                    "Salesforce has not finished a bulk query within an hour",
                    why=f"job {order.job} is {state}",
                    fix="run again: the next run goes on with the same job",
                )
            pause *= 2

    def _state(self, job: str) -> str:
        found: Job = decode(self._get(f"/jobs/query/{job}").content, Job)
        return found.state

    def _results(self, order: Order, locator: str | None) -> Batch:
        where = f"&locator={locator}" if locator else ""
        path = f"/jobs/query/{order.job}/results?maxRecords={order.rows}{where}"
        answer = self._get(path, Accept="text/csv")
        told = answer.headers.get("Sforce-NumberOfRecords", "")
        records = Rows(answer.content, order.types, int(told) if told.isdecimal() else None).records()
        onward = answer.headers.get("Sforce-Locator", "null")
        return Batch(records, None if onward == "null" else onward)

    def _get(self, path: str, **headers: str) -> Any:
        try:
            return self._session.get(self._root() + path, headers=headers)
        except AdapterError as error:
            if isinstance(error, Rejected):
                raise Lost from error
            raise
