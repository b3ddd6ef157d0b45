"""Many records in one request: done at once, told by a job that clients have to look after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cs_connector.sandbox.wire import Response

from .answers import Call, Refusal, missing, not_found, reply, too_many
from .resource import Resource
from .state import State

KEPT = 3600
TIME_TO_WORK = 5
ACCOUNT_ID = 10_000_001
Result = dict[str, Any]
Step = Callable[[Mapping[str, Any], list[str]], Result]


class Jobs:
    """Job statuses: queued, then working, then completed – by being looked at, or as time passes."""

    def __init__(self, state: State) -> None:
        self._state = state

    def check(self) -> None:
        """Raise Refusal (429) when too many jobs wait."""
        waiting = sum(1 for key in self._state.jobs if self._peek(key)["status"] != "completed")
        if waiting >= self._state.limits.jobs:
            body = {
                "error": "TooManyJobs",
                "description": "You have too many jobs queued. Please try again later",
            }
            raise Refusal(429, body, {"retry-after": str(TIME_TO_WORK)})

    def open(self, results: list[Result]) -> Response:
        """Answer with a new job that has these results."""
        key = f"V3-{self._state.world.dice.getrandbits(128):032x}"
        self._state.jobs[key] = {"results": results, "began": self._state.now(), "looks": 0}
        return reply({"job_status": self._peek(key)})

    def show(self, call: Call) -> Response:
        job = self._state.jobs.get(call.ident)
        if job is None or self._state.now() - job["began"] > KEPT:
            raise not_found()
        job["looks"] += 1
        return reply({"job_status": self._peek(call.ident)})

    def show_many(self, call: Call) -> Response:
        keys = [key for key in call.query.get("ids", "").split(",") if key in self._state.jobs]
        return reply({"job_statuses": [self._peek(key) for key in keys]})

    def _peek(self, key: str) -> dict[str, Any]:
        job = self._state.jobs[key]
        total = len(job["results"])
        shown = {
            "id": key,
            "url": self._state.url(f"job_statuses/{key}.json"),
            "total": total,
            "progress": None,
            "status": "queued",
            "message": None,
            "results": None,
        }
        if job["looks"] > 1 or self._state.now() - job["began"] >= TIME_TO_WORK:
            now = self._state.stamp().replace("T", " ").replace("Z", " +0000")
            done = {"progress": total, "status": "completed", "results": job["results"]}
            return {**shown, **done, "message": f"Completed at {now}"}
        if job["looks"] == 1:
            return {**shown, "progress": total // 2, "status": "working"}
        return shown


class Bulk:
    """create_many, update_many, create_or_update_many and destroy_many of one resource."""

    def __init__(self, resource: Resource, jobs: Jobs) -> None:
        self._resource, self._jobs = resource, jobs
        self._one, self._many = resource.kind.singular, resource.kind.plural
        self._name = self._one.capitalize()

    def create_many(self, call: Call) -> Response:
        items = self._items(call)
        most = self._resource.state.limits.bulk
        if len(items) > most:
            text = f"Maximum {most} {self._many} may be created per call"
            raise Refusal(400, {"error": "TooManyValues", "description": text})
        return self._run(items, self._create, "Create", call)

    def update_many(self, call: Call) -> Response:
        """A list with an id or external id each, or one change for all ?ids= or ?external_ids=."""
        if "ids" in call.query or "external_ids" in call.query:
            change = call.part(self._one)
            name = "ids" if "ids" in call.query else "external_ids"
            wanted = call.query[name].split(",")
            items: list[Any] = [{**change, name.removesuffix("s"): ident} for ident in wanted if ident]
        else:
            items = self._items(call)
        self._small(items)
        return self._run(items, self._update, "Update", call)

    def create_or_update_many(self, call: Call) -> Response:
        items = self._items(call)
        self._small(items)
        return self._run(items, self._upsert, "Update", call)

    def destroy_many(self, call: Call) -> Response:
        records = self._resource.chosen(call)
        return self._run([{"id": record["id"]} for record in records], self._destroy, "Delete", call)

    def _items(self, call: Call) -> list[Any]:
        items = call.document().get(self._many)
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise missing(self._many)
        return items

    def _small(self, items: list[Any]) -> None:
        if len(items) > self._resource.state.limits.bulk:
            raise too_many(self._resource.state.limits.bulk)

    def _run(self, items: list[Any], step: Step, verb: str, call: Call) -> Response:
        self._jobs.check()
        results = []
        for index, item in enumerate(items):
            try:
                results.append({"index": index, **step(item, call.ignored)})
            except Refusal as refusal:
                results.append(self._failed(index, item, refusal, verb))
        return self._jobs.open(results)

    def _failed(self, index: int, item: Any, refusal: Refusal, verb: str) -> Result:
        named = {name: item[name] for name in ("id", "external_id") if name in item}
        error = f"{self._name}NotFound" if refusal.status == 404 else f"{self._name}{verb}Failed"
        return {"index": index, "error": error, **named, "details": _told(refusal)}

    def _create(self, item: Mapping[str, Any], ignored: list[str]) -> Result:
        return {"id": self._resource.add(item, ignored)["id"], "account_id": ACCOUNT_ID}

    def _update(self, item: Mapping[str, Any], ignored: list[str]) -> Result:
        record = self._resource.same(item)
        if record is None:
            raise not_found()
        change = {name: value for name, value in item.items() if name != "id"}
        ident = self._resource.change(record, change, ignored)["id"]
        return {"action": "update", "id": ident, "status": "Updated", "success": True}

    def _upsert(self, item: Mapping[str, Any], ignored: list[str]) -> Result:
        if self._resource.same(item) is not None:
            return self._update(item, ignored)
        return {"action": "create", "id": self._resource.add(item, ignored)["id"], "status": "Created"}

    def _destroy(self, item: Mapping[str, Any], _: list[str]) -> Result:
        ident = self._resource.bury(self._resource.find(item["id"]))["id"]
        return {"action": "delete", "id": ident, "status": "Deleted", "success": True}


def _told(refusal: Refusal) -> str:
    """The details of a refusal as a job tells them: one line."""
    details = refusal.body.get("details", {}) if isinstance(refusal.body, dict) else {}
    lines = [entry["description"] for entries in details.values() for entry in entries]
    return " ".join(lines) or refusal.body.get("description", "")
