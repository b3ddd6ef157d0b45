"""Works off the CSV of an ingest job, row by row."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from typing import Any

from .csvs import read_csv
from .errors import RecordError
from .jobs import Job
from .schema import ObjectType
from .state import State

NULL = "#N/A"


@dataclass(slots=True)
class Outcome:
    """Result lines; `left` are those that were never tried."""

    head: list[str] = field(default_factory=list)
    done: list[list[str]] = field(default_factory=list)
    failed: list[list[str]] = field(default_factory=list)
    left: list[list[str]] = field(default_factory=list)


def run(state: State, job: Job, key: str | None, data: bytes) -> tuple[Outcome, str | None]:
    """What became of each row, and why the job as a whole failed, if it did."""
    obj = state.schema.objects[job.object.lower()]
    try:
        text = data.decode("utf-8-sig")
        lines = read_csv(text, job.delimiter)
    except (UnicodeDecodeError, csv.Error) as bad:
        return Outcome(), f"InvalidBatch : CSV could not be read: {bad}"
    if not lines:
        return Outcome(), "InvalidBatch : Failed to read query. No data or header found"
    outcome = Outcome(lines[0])
    why = _bad_ending(job, text) or _bad_head(obj, outcome.head)
    if why:
        outcome.left = lines[1:]
        return outcome, why
    for line in lines[1:]:
        _one(state, obj, job, key, outcome, line)
    return outcome, None


def _bad_ending(job: Job, text: str) -> str | None:
    first = text.partition("\n")[0]
    if first.endswith("\r") == (job.ending == "CRLF") or "\n" not in text:
        return None
    return (
        f"ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is {job.ending}"
    )


def _bad_head(obj: ObjectType, head: list[str]) -> str | None:
    for name in head:
        own, _, over = name.partition(".")
        known = obj.parent(own) if over else obj.field(own)
        if known is None:
            return f"InvalidBatch : Field name not found : {name}"
    return None


def _one(state: State, obj: ObjectType, job: Job, key: str | None, outcome: Outcome, line: list[str]) -> None:
    try:
        record_id, created = _write(state, obj, job.operation, key, _record(outcome.head, line))
    except RecordError as bad:
        state.writer.rollback()
        fields = ",".join(bad.fields)
        outcome.failed.append(["", f"{bad.code}:{bad.message}:{fields} --", *line])
        return
    state.writer.commit()
    outcome.done.append([record_id, "true" if created else "false", *line])


def _record(head: list[str], line: list[str]) -> dict[str, Any]:
    """Named cells: an empty one is left out, #N/A is null, `Account.CS_Key__c` names a parent."""
    if len(line) != len(head):
        raise RecordError("INVALID_FIELD", "Number of fields in the row differs from the header")
    record: dict[str, Any] = {}
    for name, text in zip(head, line, strict=True):
        if text == "":
            continue
        own, _, over = name.partition(".")
        value = None if text == NULL else text
        record[own] = {over: value} if over and value is not None else value
    return record


def _write(
    state: State, obj: ObjectType, operation: str, key: str | None, record: dict[str, Any]
) -> tuple[str, bool]:
    if operation == "insert":
        return state.writer.create(obj, record), True
    if operation == "upsert" and key is not None and key != "Id":
        field_of_key = obj.fields[key.lower()]
        name = next((n for n in record if n.lower() == key.lower()), None)
        if name is None or record[name] is None:
            raise RecordError("MISSING_ARGUMENT", f"{key} not specified", [])
        return state.writer.upsert(obj, field_of_key, record.pop(name), record)
    record_id = str(next((v for n, v in record.items() if n.lower() == "id"), ""))
    if not record_id:
        raise RecordError("MISSING_ARGUMENT", f"Id not specified in an {operation} call")
    if operation == "delete":
        state.writer.delete(obj, record_id)
    else:
        state.writer.update(obj, record_id, record)
    return record_id, False
