"""What bulk query jobs and bulk ingest jobs have in common."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..digits import whole
from ..errors import ApiError
from ..times import stamp
from .csvs import DELIMITERS, ENDINGS

OPEN, UPLOADED, RUNNING, COMPLETE = "Open", "UploadComplete", "InProgress", "JobComplete"
FAILED, ABORTED = "Failed", "Aborted"
ENDED = frozenset({COMPLETE, FAILED, ABORTED})
LONG_ENOUGH = timedelta(seconds=10)
KEPT = timedelta(days=7)


@dataclass(slots=True)
class Job:
    """A bulk job. It goes on by one state at each look at it, or to its end after ten seconds."""

    id: str
    kind: str
    object: str
    operation: str
    version: str
    user_id: str
    created: datetime
    state: str
    delimiter: str
    ending: str
    changed: datetime
    error: str | None = None
    processed: int = 0
    failed: int = 0

    def move(self, state: str, now: datetime) -> None:
        self.state, self.changed = state, now

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    def due(self, now: datetime) -> bool:
        """Whether the next look finds it at its end."""
        return self.state == RUNNING or (self.state == UPLOADED and now - self.changed >= LONG_ENOUGH)

    def late(self, now: datetime) -> bool:
        """Whether time alone has brought the job to its end."""
        return self.state in {UPLOADED, RUNNING} and now - self.changed >= LONG_ENOUGH

    def head(self) -> dict[str, Any]:
        """The fields that every answer about the job has."""
        return {
            "id": self.id,
            "operation": self.operation,
            "object": self.object,
            "createdById": self.user_id,
            "createdDate": stamp(self.created),
            "systemModstamp": stamp(self.changed),
            "state": self.state,
            "concurrencyMode": "Parallel",
            "contentType": "CSV",
            "apiVersion": float(self.version),
            "lineEnding": self.ending,
            "columnDelimiter": self.delimiter,
        }

    def body(self) -> dict[str, Any]:
        """What a poll answers."""
        spent = 0 if not self.ended else 100 + self.processed // 10
        body = self.head() | {"jobType": self.kind, "retries": 0, "totalProcessingTime": spent}
        if self.kind == "V2Ingest":
            body |= {"apiActiveProcessingTime": spent, "apexProcessingTime": 0}
            body |= {"numberRecordsFailed": self.failed}
        else:
            body |= {"isPkChunkingSupported": True}
        body["numberRecordsProcessed"] = self.processed
        return body | ({"errorMessage": self.error} if self.error else {})


def formats(body: dict[str, Any]) -> tuple[str, str]:
    """Column delimiter and line ending. Raises ApiError INVALIDJOB."""
    delimiter, ending = str(body.get("columnDelimiter") or "COMMA"), str(body.get("lineEnding") or "LF")
    if delimiter not in DELIMITERS or ending not in ENDINGS or body.get("contentType", "CSV") != "CSV":
        raise ApiError(400, "INVALIDJOB", "Unsupported contentType, columnDelimiter or lineEnding")
    return delimiter, ending


def locator(start: int) -> str:
    """The mark of a page of results: `MTAwMDAw` is 100000."""
    return base64.b64encode(str(start).encode()).decode().rstrip("=")


def read_locator(text: str) -> int:
    """Raises ApiError INVALIDJOB for what `locator` never gives."""
    try:
        found = whole(base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("ascii"))
    except ValueError:
        found = None
    if found is None:
        raise invalid_locator(text)
    return found


def invalid_locator(text: str) -> ApiError:
    return ApiError(400, "INVALIDJOB", f"Invalid locator: {text}")
