"""/composite/tree: records and what hangs below them, created all at once or not at all."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cs_connector.sandbox.wire import Request, Response

from ..answers import as_json, json_object
from ..errors import ApiError, RecordError, method_not_allowed, no_object, not_found
from ..schema.schema import Child, ObjectType
from ..state import State
from ..writing import shapes
from .headers import manner

MOST = 200
DEEPEST = 5
MOST_TYPES = 5


@dataclass(frozen=True, slots=True)
class Node:
    """A record to make; `link` is the field that leads to the record above."""

    object: ObjectType
    name: str
    values: Mapping[str, Any]
    depth: int
    above: Node | None = None
    link: str | None = None


Waiting = tuple[Mapping[str, Any], ObjectType, int, Node | None, str | None]


class Trees:
    def __init__(self, state: State) -> None:
        self._state = state

    def handle(self, request: Request, _version: str, rest: list[str]) -> Response:
        if len(rest) != 1:
            raise not_found()
        if request.method != "POST":
            raise method_not_allowed(request.method, "POST")
        obj = self._state.schema.find(rest[0])
        if obj is None:
            raise no_object(rest[0])
        nodes = list(self._nodes(obj, json_object(request)))
        wrong = _wrong(nodes)
        if wrong:
            return _errors(wrong)
        for node in nodes:
            shapes.check(node.object, node.values, request.body)
        with self._state.writer.in_manner(manner(request)):
            return self._create(nodes)

    def _create(self, nodes: list[Node]) -> Response:
        writer = self._state.writer
        mark = writer.mark
        made: dict[str, str] = {}
        wrong: list[tuple[str, RecordError]] = []
        for node in nodes:
            if node.above is not None and node.above.name not in made:
                continue
            link = {node.link: made[node.above.name]} if node.above and node.link else {}
            try:
                made[node.name] = writer.create(node.object, {**node.values, **link})
            except RecordError as bad:
                wrong.append((node.name, bad))
        if wrong:
            writer.back_to(mark)
            return _errors(wrong)
        writer.commit()
        results = [{"referenceId": name, "id": record_id} for name, record_id in made.items()]
        return as_json({"hasErrors": False, "results": results}, 201)

    def _nodes(self, obj: ObjectType, body: Mapping[str, Any]) -> Iterator[Node]:
        """Level by level. Raises ApiError for a tree that cannot be read."""
        waiting: deque[Waiting] = deque((record, obj, 1, None, None) for record in _listed(body))
        while waiting:
            record, kind, depth, above, link = waiting.popleft()
            children = {n: self._child(kind, n) for n, v in record.items() if _is_list(v)}
            values = {n: v for n, v in record.items() if n not in children}
            node = Node(kind, _reference(record), values, depth, above, link)
            yield node
            for name, child in children.items():
                below = self._state.schema.objects[child.object.lower()]
                waiting.extend((r, below, depth + 1, node, child.field.name) for r in _listed(record[name]))

    def _child(self, obj: ObjectType, name: str) -> Child:
        for child in self._state.schema.children(obj.name):
            if (child.field.children or "").lower() == name.lower():
                return child
        raise ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {obj.name}")


def _wrong(nodes: list[Node]) -> list[tuple[str, RecordError]]:
    """What is against the rules for trees before any record is looked at. Raises ApiError for the limits."""
    if len(nodes) > MOST:
        raise ApiError(400, "INVALID_BATCH_SIZE", f"The request has more than {MOST} records")
    if max(node.depth for node in nodes) > DEEPEST:
        raise ApiError(400, "INVALID_INPUT", f"The tree is deeper than {DEEPEST} levels")
    if len({node.object.name for node in nodes}) > MOST_TYPES:
        raise ApiError(400, "INVALID_INPUT", f"The tree has records of more than {MOST_TYPES} types")
    names = [node.name for node in nodes]
    return [(n.name, why) for n in nodes if (why := _misnamed(n, names))]


def _misnamed(node: Node, names: list[str]) -> RecordError | None:
    if not node.name:
        return RecordError("INVALID_INPUT", "Include a reference ID for each record in the request.")
    if names.count(node.name) > 1:
        return RecordError("INVALID_INPUT", "Duplicate ReferenceId provided in the request.")
    attributes = node.values.get("attributes") or {}
    if str(attributes.get("type", "")).lower() != node.object.name.lower():
        return RecordError("INVALID_INPUT", f"The type of this record must be {node.object.name}.")
    return None


def _errors(wrong: list[tuple[str, RecordError]]) -> Response:
    results = [{"referenceId": name, "errors": [why.entry()]} for name, why in wrong]
    return as_json({"hasErrors": True, "results": results}, 400)


def _listed(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    records = body.get("records")
    if not isinstance(records, list) or not records or not all(isinstance(r, Mapping) for r in records):
        raise ApiError(400, "MISSING_ARGUMENT", "records is required")
    return records


def _is_list(value: Any) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("records"), list)


def _reference(record: Mapping[str, Any]) -> str:
    attributes = record.get("attributes")
    return str((attributes.get("referenceId") or "") if isinstance(attributes, Mapping) else "")
