"""The CSV of an ingest job before any row is tried: what fails the job as a whole."""

from __future__ import annotations

import csv
from dataclasses import dataclass

from ..schema.schema import ObjectType, Schema
from .csvs import ending_of, read_csv
from .jobs import Job

ONLY_IDS = frozenset({"delete", "hardDelete"})
NO_DATA = "InvalidBatch : Failed to read query. No data or header found"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Header and rows of an upload; `why` says what is wrong with it as a whole."""

    head: list[str]
    lines: list[list[str]]
    why: str | None = None


def read(schema: Schema, job: Job, data: bytes) -> Sheet:
    """Never raises: an unreadable upload is a sheet with nothing but a reason."""
    obj = schema.objects[job.object.lower()]
    try:
        text = data.decode()  # a byte order mark is part of the first name: forcedotcom/cli issue 720
        lines = read_csv(text, job.delimiter)
    except UnicodeDecodeError as bad:
        return Sheet([], [], f"InvalidBatch : The file is not in UTF-8: {bad.reason} at byte {bad.start}")
    except csv.Error as bad:
        return Sheet([], [], f"InvalidBatch : Failed to parse CSV. {bad}")
    if not lines:
        return Sheet([], [], NO_DATA)
    head = [name.strip() for name in lines[0]]
    return Sheet(head, lines[1:], _bad_ending(job, text) or _bad_head(schema, obj, job, head))


def _bad_ending(job: Job, text: str) -> str | None:
    if ending_of(text) in {None, job.ending}:
        return None
    return (
        f"ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is {job.ending}"
    )


def _bad_head(schema: Schema, obj: ObjectType, job: Job, head: list[str]) -> str | None:
    lower = [name.lower() for name in head]
    if job.operation in ONLY_IDS and lower != ["id"]:
        return f"InvalidBatch : The '{job.operation}' batch must contain only ids"
    for name in head:
        if lower.count(name.lower()) > 1:
            return f"InvalidBatch : Duplicate field name : {name}"
        if not _known(schema, obj, name):
            return f"InvalidBatch : Field name not found : {name}"
    return None


def _known(schema: Schema, obj: ObjectType, name: str) -> bool:
    """A field of the object, or `Owner.Username`, or `Contact:Who.Email` where several objects are possible."""
    own, _, over = name.rpartition(":")[2].partition(".")
    if not over:
        return obj.field(own) is not None
    parent = obj.parent(own)
    targets = [schema.find(target) for target in parent.refers_to] if parent else []
    return any(target.field(over) is not None for target in targets if target)
