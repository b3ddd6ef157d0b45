"""/composite/graph: graphs of up to 500 records; each graph is written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cs_connector.sandbox.wire import Request, Response

from ..answers import as_json, json_object, parser_error
from ..errors import ApiError, method_not_allowed
from ..writing.writer import Writer
from .references import named
from .subrequests import Result, Send, answer_each, check_names, failed, halted, parts_of

MOST_GRAPHS = 75
MOST_NODES = 500
DEEPEST = 15
MOST_KINDS = 15
MOST_FAILED = 14
INSIDE = "/sobjects/"


class Graphs:
    """`send` answers one inner request and raises ApiError."""

    def __init__(self, writer: Writer, send: Send) -> None:
        self._writer, self._send = writer, send

    def handle(self, request: Request, _version: str, _rest: list[str]) -> Response:
        if request.method != "POST":
            raise method_not_allowed(request.method, "POST")
        graphs = _read(json_object(request), request.body)
        answers: list[dict[str, Any]] = []
        for name, parts in graphs:
            given_up = sum(not a["isSuccessful"] for a in answers) > MOST_FAILED
            results = halted(parts, []) if given_up else self._one(request, parts)
            good = not any(failed(result) for result in results)
            answers.append(
                {"graphId": name, "graphResponse": {"compositeResponse": results}, "isSuccessful": good}
            )
        return as_json({"graphs": answers})

    def _one(self, request: Request, parts: Sequence[Mapping[str, Any]]) -> list[Result]:
        mark = self._writer.mark
        with self._writer.held():
            results = answer_each(self._send_inside, request, parts, halts=True)
            if any(failed(result) for result in results):
                self._writer.back_to(mark)
                results = halted(parts, results)
        self._writer.commit()
        return results

    def _send_inside(self, request: Request) -> Response:
        if INSIDE not in request.path:
            raise ApiError(400, "INVALID_OPERATION", f"{request.path} is not supported in a composite graph")
        return self._send(request)


def _read(body: Mapping[str, Any], raw: bytes) -> list[tuple[str, list[Mapping[str, Any]]]]:
    """Name and nodes of every graph. Raises ApiError."""
    graphs = body.get("graphs")
    if not isinstance(graphs, list) or not graphs:
        raise ApiError(400, "MISSING_ARGUMENT", "graphs is required")
    if not all(isinstance(graph, Mapping) for graph in graphs):
        raise parser_error("Cannot deserialize instance of a graph from a value", raw, b'"graphs"')
    read = [(str(g.get("graphId") or ""), parts_of(g, "compositeRequest", raw)) for g in graphs]
    _check(read)
    return read


def _check(graphs: Sequence[tuple[str, Sequence[Mapping[str, Any]]]]) -> None:
    names = [name for name, _ in graphs]
    if "" in names or len(set(names)) < len(names):
        raise ApiError(400, "INVALID_INPUT", "Every graph needs a graphId of its own")
    if len(graphs) > MOST_GRAPHS:
        raise _over("graphs in a payload", MOST_GRAPHS)
    if sum(len(parts) for _, parts in graphs) > MOST_NODES:
        raise _over("nodes in a payload", MOST_NODES)
    for _, parts in graphs:
        check_names(parts)
        if _depth(parts) > DEEPEST:
            raise _over("levels in a graph", DEEPEST)
        if len({_kind(part) for part in parts}) > MOST_KINDS:
            raise _over("different nodes in a graph", MOST_KINDS)


def _depth(parts: Sequence[Mapping[str, Any]]) -> int:
    """The longest way along references; a part can only refer to parts before it."""
    depths: dict[str, int] = {}
    for part in parts:
        above = (depths.get(name, 0) for name in (*named(part.get("url")), *named(part.get("body"))))
        depths[str(part["referenceId"])] = 1 + max(above, default=0)
    return max(depths.values())


def _kind(part: Mapping[str, Any]) -> tuple[str, str]:
    below = str(part["url"]).partition(INSIDE)[2]
    return str(part["method"]).upper(), below.partition("/")[0].lower()


def _over(what: str, most: int) -> ApiError:
    return ApiError(400, "LIMIT_EXCEEDED", f"Limit reached: at most {most} {what}")
