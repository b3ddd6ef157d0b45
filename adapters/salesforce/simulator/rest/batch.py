"""/composite/batch: up to 25 requests that know nothing of each other; each counts as a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cs_connector.sandbox.wire import Request, Response

from ..answers import as_json, error, flag, json_object
from ..errors import ApiError, method_not_allowed
from ..limits import Limits
from .subrequests import INHERITED, Send, parts_of, path_of

MOST = 25
BATCH_HALTED = ApiError(412, "BATCH_PROCESSING_HALTED", "Batch processing halted per request")


class Batch:
    """`send` answers one inner request and raises ApiError."""

    def __init__(self, limits: Limits, send: Send) -> None:
        self._limits, self._send = limits, send

    def handle(self, request: Request, _version: str, _rest: list[str]) -> Response:
        if request.method != "POST":
            raise method_not_allowed(request.method, "POST")
        body = json_object(request)
        parts = parts_of(body, "batchRequests", request.body)
        if len(parts) > MOST:
            raise ApiError(400, "LIMIT_EXCEEDED", f"Limit reached: at most {MOST} subrequests")
        halts = flag(body, "haltOnError", request.body)
        results: list[dict[str, Any]] = []
        for number, part in enumerate(parts):
            over = halts and any(r["statusCode"] >= 400 for r in results)
            results.append(_shown(error(BATCH_HALTED) if over else self._one(request, part, number)))
        return as_json({"hasErrors": any(r["statusCode"] >= 400 for r in results), "results": results})

    def _one(self, outer: Request, part: Mapping[str, Any], number: int) -> Response:
        try:
            if number:  # the first is paid for with the batch itself
                self._limits.spend()
            return self._send(_inner(outer, part))
        except ApiError as bad:
            return error(bad)


def _inner(outer: Request, part: Mapping[str, Any]) -> Request:
    path, query = path_of(str(part["url"]))
    if not path.startswith("/services/data/"):
        path = f"/services/data/{path.lstrip('/')}"
    body = b"" if part.get("richInput") is None else msgspec.json.encode(part["richInput"])
    headers = {name: outer.headers[name] for name in INHERITED if name in outer.headers}
    return Request(str(part["method"]).upper(), path, query, headers, body)


def _shown(answer: Response) -> dict[str, Any]:
    return {
        "statusCode": answer.status, "result": msgspec.json.decode(bytes(answer.body)) if answer.body else None,
    }  # fmt: skip
