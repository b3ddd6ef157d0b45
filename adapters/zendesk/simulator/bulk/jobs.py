"""Job statuses: queued, then working, then completed, by being looked at or as time passes.

The work itself is done when the job is made. A completed job can hold results that failed.
"""

from __future__ import annotations

from typing import Any

from cs_connector.sandbox.wire import Response

from ..answers import Refusal, not_found, reply
from ..call import Call
from ..paths import Routes
from ..records.paging import whole
from ..state import State
from ..times import stamp

KEPT = 3600  # seconds that a job is told of
TIME_TO_WORK = 5  # seconds
Results = list[dict[str, Any]] | dict[str, Any]


class Jobs:
    def __init__(self, state: State) -> None:
        self._state = state

    def routes(self) -> Routes:
        return {
            ("GET", "job_statuses"): self.all,
            ("GET", "job_statuses/show_many"): self.show_many,
            ("GET", "job_statuses/*id"): self.show,
        }

    def check(self) -> None:
        """Raise Refusal (429) when too many jobs wait."""
        waiting = sum(1 for job in self._state.jobs.values() if _stage(job, self._state) != "completed")
        if waiting >= self._state.limits.jobs:
            text = "You have too many jobs queued. Please try again later"
            body = {"error": "TooManyJobs", "description": text}
            raise Refusal(429, body, {"retry-after": str(TIME_TO_WORK)})

    def open(self, results: Results) -> Response:
        """Answer with a new job that will tell these results: one an item, or one for all."""
        key = f"V3-{self._state.world.dice.getrandbits(128):032x}"
        self._state.jobs[key] = {
            "results": results,
            "began": self._state.now(),
            "looks": 0,
            "ends_as": self._state.settings.ends_as,
        }
        while len(self._state.jobs) > self._state.limits.jobs_kept:
            del self._state.jobs[next(iter(self._state.jobs))]
        return reply({"job_status": self._view(key)})

    def all(self, call: Call) -> Response:
        keys = [key for key in self._state.jobs if self._known(key)]
        return reply({"job_statuses": [self._view(key) for key in keys], **whole(call, len(keys))})

    def show(self, call: Call) -> Response:
        if not self._known(call.ident):
            raise not_found()
        self._look(call.ident)
        return reply({"job_status": self._view(call.ident)})

    def show_many(self, call: Call) -> Response:
        keys = [key for key in call.values("ids", self._state.limits.bulk) if self._known(key)]
        for key in keys:
            self._look(key)
        return reply({"job_statuses": [self._view(key) for key in keys]})

    def _look(self, key: str) -> None:
        job = self._state.jobs[key]
        self._state.jobs[key] = {**job, "looks": job["looks"] + 1}

    def _known(self, key: str) -> bool:
        job = self._state.jobs.get(key)
        return job is not None and self._state.now() - job["began"] <= KEPT

    def _view(self, key: str) -> dict[str, Any]:
        job = self._state.jobs[key]
        results: Results = job["results"]
        total = len(results) if isinstance(results, list) else None
        shown: dict[str, Any] = {
            "id": key,
            "url": self._state.url(f"job_statuses/{key}.json"),
            "total": total,
            "progress": None,
            "status": _stage(job, self._state),
            "message": None,
            "results": None,
        }
        if shown["status"] == "working":
            return {**shown, "progress": None if total is None else total // 2}
        if shown["status"] == "queued":
            return shown
        return shown | self._ended(job, results, total)

    def _ended(self, job: dict[str, Any], results: Results, total: int | None) -> dict[str, Any]:
        ends_as = job["ends_as"]
        if ends_as != "completed":
            return {"status": ends_as, "message": f"Job was {ends_as}"}
        at = stamp(job["began"] + TIME_TO_WORK).replace("T", " ").replace("Z", " +0000")
        return {"progress": total, "results": results, "message": f"Completed at {at}"}


def stage(looks: int, age: int) -> str:
    """How far work in the background is said to be, after so many looks and seconds."""
    if looks > 1 or age >= TIME_TO_WORK:
        return "completed"
    return "working" if looks == 1 else "queued"


def _stage(job: dict[str, Any], state: State) -> str:
    return stage(job["looks"], state.now() - job["began"])
