"""/composite: up to 25 requests in one, each able to use what an earlier one answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from cs_connector.sandbox.wire import Request, Response

from .answers import as_json, error, json_object
from .errors import ApiError, method_not_allowed
from .writer import Writer

MOST = 25
REFERENCE = re.compile(r"@\{(\w+)((?:\.\w+|\[\d+\])*)\}")
STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
HALTED = ApiError(
    400,
    "PROCESSING_HALTED",
    "The transaction was rolled back since another operation in the same transaction failed.",
)
Send = Callable[[Request], Response]


class Composite:
    """`send` answers one inner request and raises ApiError."""

    def __init__(self, writer: Writer, send: Send) -> None:
        self._writer, self._send = writer, send

    def handle(self, request: Request, _version: str, _rest: list[str]) -> Response:
        if request.method != "POST":
            raise method_not_allowed(request.method)
        body = json_object(request)
        inner = body.get("compositeRequest")
        if not isinstance(inner, list) or not inner:
            raise ApiError(400, "MISSING_ARGUMENT", "compositeRequest is required")
        if len(inner) > MOST:
            raise ApiError(400, "LIMIT_EXCEEDED", f"Limit reached: at most {MOST} subrequests")
        results = self._all_or_none(request, inner) if body.get("allOrNone") else self._each(request, inner)
        return as_json({"compositeResponse": results})

    def _each(self, request: Request, inner: list[Any]) -> list[dict[str, Any]]:
        answered: dict[str, Any] = {}
        return [self._one(request, part, answered) for part in inner]

    def _all_or_none(self, request: Request, inner: list[Any]) -> list[dict[str, Any]]:
        with self._writer.held():
            results = self._each(request, inner)
            if all(r["httpStatusCode"] < 300 for r in results):
                halted = None
            else:
                self._writer.rollback()
                halted = HALTED.body()
        self._writer.commit()
        if halted is None:
            return results
        return [
            r if r["httpStatusCode"] >= 300 else r | {"body": halted, "httpStatusCode": 400} for r in results
        ]

    def _one(self, outer: Request, part: Mapping[str, Any], answered: dict[str, Any]) -> dict[str, Any]:
        name = str(part.get("referenceId") or "")
        try:
            answer = self._send(_inner(outer, part, answered))
        except ApiError as bad:
            answer = error(bad)
        body = msgspec.json.decode(answer.body) if answer.body else None
        if answer.status < 300:
            answered[name] = body
        headers = {"Location": answer.headers["Location"]} if "Location" in answer.headers else {}
        return {"body": body, "httpHeaders": headers, "httpStatusCode": answer.status, "referenceId": name}


def _inner(outer: Request, part: Mapping[str, Any], answered: dict[str, Any]) -> Request:
    url = urlsplit(_filled(str(part.get("url") or ""), answered))
    body = b""
    if part.get("body") is not None:
        body = _filled(msgspec.json.encode(part["body"]).decode(), answered).encode()
    given = {str(k).lower(): str(v) for k, v in (part.get("httpHeaders") or {}).items()}
    method = str(part.get("method") or "GET").upper()
    return Request(method, unquote(url.path), url.query, {**outer.headers, **given}, body)


def _filled(text: str, answered: dict[str, Any]) -> str:
    """The text with every `@{ref.id}` replaced. Raises ApiError PROCESSING_HALTED."""

    def fill(match: re.Match[str]) -> str:
        value = answered.get(match[1])
        for step in STEP.finditer(match[2]):
            value = _step(value, step)
        if value is None:
            raise ApiError(
                400, "PROCESSING_HALTED", f"Invalid reference specified. No value for {match[0]} found"
            )
        return str(value)

    return REFERENCE.sub(fill, text)


def _step(value: Any, step: re.Match[str]) -> Any:
    if isinstance(value, dict) and step[1]:
        return value.get(step[1])
    if isinstance(value, list) and step[2]:
        return value[int(step[2])] if int(step[2]) < len(value) else None
    return None
