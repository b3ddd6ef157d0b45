"""Many records in one request: done at once, told by a job that clients have to look after."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cs_connector.sandbox.wire import Response

from ..answers import Refusal, flat, missing, not_found, too_many
from ..call import Call
from ..digits import number
from ..paths import Routes
from ..records.resource import Resource
from ..state import ACCOUNT_ID
from .jobs import Jobs

Result = dict[str, Any]
Step = Callable[[Any, list[str]], Result]


class Bulk:
    """create_many, update_many, create_or_update_many and destroy_many of one resource."""

    def __init__(self, resource: Resource, jobs: Jobs) -> None:
        self._resource, self._jobs = resource, jobs
        self._one, self._many = resource.kind.singular, resource.kind.plural
        self._name = "".join(word.capitalize() for word in self._one.split("_"))
        self._most = resource.state.limits.bulk

    def routes(self) -> Routes:
        noun = self._many
        return {
            ("POST", f"{noun}/create_many"): self.create_many,
            ("PUT", f"{noun}/update_many"): self.update_many,
            ("POST", f"{noun}/create_or_update_many"): self.create_or_update_many,
            ("DELETE", f"{noun}/destroy_many"): self.destroy_many,
        }

    def create_many(self, call: Call) -> Response:
        items = self._items(call)
        if len(items) > self._most:
            text = f"Maximum {self._most} {self._many} may be created per call"
            raise flat(400, "TooManyValues", text)
        return self._run(items, self._create, "Create", call)

    def update_many(self, call: Call) -> Response:
        """A list with an id or external id each, or one change for all ?ids= or ?external_ids=."""
        name = next((name for name in ("ids", "external_ids") if name in call.query), None)
        if name is None:
            return self._run(self._few(call), self._update, "Update", call)
        change = call.part(self._one)
        column = name.removesuffix("s")
        told = _number if column == "id" else str
        items = [{**change, column: told(ident)} for ident in call.values(name, self._most)]
        return self._run(items, self._update, "Update", call)

    def create_or_update_many(self, call: Call) -> Response:
        return self._run(self._few(call), self._upsert, "Update", call)

    def destroy_many(self, call: Call) -> Response:
        """Of ?ids= every one has a result; ?external_ids= are those that are found."""
        if "ids" in call.query:
            idents = call.values("ids", self._most)
        else:
            idents = [str(record["id"]) for record in self._resource.chosen(call)]
        return self._run([{"id": _number(ident)} for ident in idents], self._destroy, "Delete", call)

    def _items(self, call: Call) -> list[Any]:
        items = call.document().get(self._many)
        if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
            raise missing(self._many)
        return items

    def _few(self, call: Call) -> list[Any]:
        items = self._items(call)
        if len(items) > self._most:
            raise too_many(self._most)
        return items

    def _run(self, items: list[Any], step: Step, verb: str, call: Call) -> Response:
        self._jobs.check()
        return self._jobs.open(
            run(items, step, f"{self._name}{verb}Failed", call.ignored, f"{self._name}NotFound")
        )

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


def run(
    items: Sequence[Any], step: Step, failed: str, ignored: list[str], lost: str = "RecordNotFound"
) -> list[Result]:
    """The results of all items; one that is refused does not keep the others from being done."""
    results: list[Result] = []
    for index, item in enumerate(items):
        try:
            results.append({"index": index, **step(item, ignored)})
        except Refusal as refusal:
            named = {n: item[n] for n in ("id", "external_id") if n in item} if isinstance(item, dict) else {}
            error = lost if refusal.status == 404 else failed
            results.append({"index": index, "error": error, **named, "details": refusal.details})
    return results


def _number(ident: str) -> int | str:
    found = number(ident)
    return ident if found is None else found
