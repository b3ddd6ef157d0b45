"""Tags: of one record, and of the whole account with how often each is used."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cs_connector.sandbox.wire import Response

from ..answers import empty, missing, reply
from ..call import Call
from ..paths import Handler, Routes
from ..records.paging import whole
from ..records.resource import Resource
from ..records.table import Record


class Tags:
    """GET, POST (instead of those that are there), PUT (besides them) and DELETE of a record's tags."""

    def __init__(self, *resources: Resource) -> None:
        self._resources = resources

    def routes(self) -> Routes:
        found: Routes = {("GET", "tags"): self.all, ("GET", "tags/count"): self.count}
        for resource in self._resources:
            path = f"{resource.kind.plural}/:id/tags"
            found |= {
                ("GET", path): _shown(resource),
                ("POST", path): _set(resource),
                ("PUT", path): _added(resource),
                ("DELETE", path): _taken(resource),
            }
        return found

    def all(self, call: Call) -> Response:
        """The most used first."""
        counts = self._counts()
        rows = [{"name": name, "count": count} for name, count in counts.most_common(self._most())]
        return reply({"tags": rows, **whole(call, len(counts))})

    def count(self, _: Call) -> Response:
        state = self._resources[0].state
        return reply({"count": {"value": len(self._counts()), "refreshed_at": state.stamp()}})

    def _counts(self) -> Counter[str]:
        found = (record.get("tags") or () for resource in self._resources for record in resource.living())
        return Counter(tag for tags in found for tag in tags)

    def _most(self) -> int:
        return self._resources[0].state.limits.page


def _shown(resource: Resource) -> Handler:
    return lambda call: reply({"tags": list(resource.find(call.ident).get("tags") or ())})


def _set(resource: Resource) -> Handler:
    return lambda call: reply({"tags": _write(resource, call, _named(call))}, 201)


def _added(resource: Resource) -> Handler:
    def answer(call: Call) -> Response:
        held = resource.find(call.ident).get("tags") or ()
        return reply({"tags": _write(resource, call, [*held, *_named(call)])})

    return answer


def _taken(resource: Resource) -> Handler:
    def answer(call: Call) -> Response:
        gone = _named(call)
        held = resource.find(call.ident).get("tags") or ()
        _write(resource, call, [tag for tag in held if tag not in gone])
        return empty()

    return answer


def _named(call: Call) -> list[str]:
    found: Any = call.query["tags"].split(",") if "tags" in call.query else call.document().get("tags")
    if not isinstance(found, list):
        raise missing("tags")
    return [str(tag).lower() for tag in found]


def _write(resource: Resource, call: Call, tags: list[str]) -> list[str]:
    record: Record = resource.find(call.ident)
    kept = list(dict.fromkeys(tags))
    resource.change(record, {"tags": kept}, call.ignored)
    return kept
