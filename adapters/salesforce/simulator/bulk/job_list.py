"""GET /jobs/query and /jobs/ingest: the jobs of the org, by the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .jobs import Job, locator, read_locator

FILTERS = {"jobType": "jobType", "concurrencyMode": "concurrencyMode"}


def job_list(jobs: Iterable[Job], query: Mapping[str, str], path: str, size: int) -> dict[str, Any]:
    """The answer to a list request; `queryLocator` goes on where a page ended. Raises ApiError INVALIDJOB."""
    entries = [_entry(job) for job in jobs]
    wanted = {key: query[name] for name, key in FILTERS.items() if name in query}
    kept = [e for e in entries if all(e[key] == value for key, value in wanted.items())]
    start = read_locator(query["queryLocator"]) if query.get("queryLocator") else 0
    last = start + size
    more = last < len(kept)
    following = f"{path}?queryLocator={locator(last)}" if more else None
    return {"done": not more, "records": kept[start:last], "nextRecordsUrl": following}


def _entry(job: Job) -> dict[str, Any]:
    return job.head() | {"jobType": job.kind}
