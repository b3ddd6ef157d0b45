"""/composite: up to 25 requests in one, each able to use what an earlier one answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cs_connector.sandbox.wire import Request, Response

from ..answers import as_json, flag, json_object
from ..errors import ApiError, method_not_allowed, not_found
from ..writing.writer import Writer
from .subrequests import Result, Send, answer_each, check_names, failed, halted, parts_of

MOST = 25
MOST_WIDE = 5
WIDE = ("/query", "/queryAll", "/composite/sobjects")
INSIDE = ("/sobjects", *WIDE)


class Composite:
    """`send` answers one inner request and raises ApiError."""

    def __init__(self, writer: Writer, send: Send) -> None:
        self._writer, self._send = writer, send

    def handle(self, request: Request, _version: str, rest: list[str]) -> Response:
        if rest:
            raise not_found()
        if request.method != "POST":
            raise method_not_allowed(request.method, "POST")
        body = json_object(request)
        parts = parts_of(body, "compositeRequest", request.body)
        _check(parts)
        whole = flag(body, "allOrNone", request.body)
        flag(body, "collateSubrequests", request.body)  # it may only make the answer come sooner
        results = self._all_or_none(request, parts) if whole else self._each(request, parts)
        return as_json({"compositeResponse": results})

    def _each(self, request: Request, parts: Sequence[Mapping[str, Any]]) -> list[Result]:
        return answer_each(self._send_inside, request, parts, halts=False)

    def _all_or_none(self, request: Request, parts: Sequence[Mapping[str, Any]]) -> list[Result]:
        with self._writer.held():
            results = answer_each(self._send_inside, request, parts, halts=True)
            if any(failed(result) for result in results):
                self._writer.rollback()
                results = halted(parts, results)
        self._writer.commit()
        return results

    def _send_inside(self, request: Request) -> Response:
        if not _below(request.path).startswith(INSIDE):
            raise ApiError(
                400, "INVALID_OPERATION", f"{request.path} is not supported in a composite request"
            )
        return self._send(request)


def _check(parts: Sequence[Mapping[str, Any]]) -> None:
    """Raises ApiError."""
    check_names(parts)
    if len(parts) > MOST:
        raise ApiError(400, "LIMIT_EXCEEDED", f"Limit reached: at most {MOST} subrequests")
    wide = [p for p in parts if _below(str(p["url"])).startswith(WIDE)]
    if len(wide) > MOST_WIDE:
        raise ApiError(
            400,
            "LIMIT_EXCEEDED",
            f"Limit reached: at most {MOST_WIDE} subrequests may be queries or collections",
        )


def _below(path: str) -> str:
    """What follows the version: `/sobjects/Account` of `/services/data/v67.0/sobjects/Account`."""
    return "/" + "/".join(path.split("/")[4:])
