"""Bulk API 2.0 queries: one job for a large reading, its results page by page as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import msgspec

from cs_connector.errors import AdapterError, Rejected, Unavailable
from cs_connector.ports import Clock, RawRecord
from cs_connector.transport import Transport

from .errors import decode
from .soql import long_id

ROWS = 50_000  # of one page of results
LONGEST_POLL = 30.0  # seconds; every look at the job costs a call
PATIENCE = 3600.0  # seconds after which a run ends; the next one goes on with the same job
WIDEST = 16_000_000  # characters of a cell
_NUMBERS = frozenset({"double", "currency", "percent"})


class Lost(Exception):
    """The job is not there any more, or it failed: read in another way."""


class Job(msgspec.Struct):
    id: str
    state: str = "UploadComplete"


@dataclass(frozen=True, slots=True)
class Batch:
    """A page of results, and where the next one starts; None after the last."""

    records: list[RawRecord]
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
        while True:
            batch = self._results(job, locator, types)
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

    def _results(self, job: str, locator: str | None, types: Mapping[str, str]) -> Batch:
        where = f"&locator={locator}" if locator else ""
        answer = self._get(f"/jobs/query/{job}/results?maxRecords={ROWS}{where}", Accept="text/csv")
        records = list(_records(answer.content.decode("utf-8", "replace"), types))
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


def _records(text: str, types: Mapping[str, str]) -> Iterator[RawRecord]:
    """Rows as the REST API would give them: the same names, nesting, numbers and times."""
    csv.field_size_limit(max(WIDEST, csv.field_size_limit()))
    rows = csv.reader(io.StringIO(text, newline=""))
    header = next(rows, [])
    columns = [(name.split("."), _reader(types.get(name, "string"))) for name in header]
    place = {name: at for at, name in enumerate(header)}
    stamp = next(
        (place[n] for n in ("SystemModstamp", "LastModifiedDate", "CreatedDate") if n in place), None
    )
    deleted = place.get("IsDeleted")
    for row in rows:
        if len(row) != len(header):
            raise Unavailable(
                "Salesforce's bulk results are not whole", why="a row has another number of columns"
            )
        payload = msgspec.json.encode(_nested(columns, row))
        at = row[stamp] if stamp is not None else None
        gone = deleted is not None and row[deleted] == "true"
        yield RawRecord(long_id(row[place["Id"]]), at or None, gone, payload)


def _nested(columns: Sequence[tuple[list[str], Callable[[str], Any]]], row: Sequence[str]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for (path, read), cell in zip(columns, row, strict=True):
        value = read(cell) if cell else None
        if len(path) == 1:
            record[path[0]] = value
        else:
            _place(record, path, value)
    return record


def _place(record: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Put a parent's field where REST has it; a parent with nothing in it is null."""
    for name in path[:-1]:
        if value is None and record.get(name) is None:
            record[name] = None
            return
        record[name] = record.get(name) or {}
        record = record[name]
    record[path[-1]] = value


def _reader(type_: str) -> Callable[[str], Any]:
    if type_ == "boolean":
        return lambda cell: cell == "true"
    if type_ == "int":
        return partial(_number, int)
    if type_ in _NUMBERS:
        return partial(_number, float)
    if type_ == "datetime":
        return lambda cell: f"{cell[:-1]}+0000" if cell.endswith("Z") else cell
    return str


def _number(kind: Callable[[str], float], cell: str) -> float | str:
    """What is no number stays as it came, and is named when it is mapped."""
    try:
        return kind(cell)
    except ValueError:
        return cell
