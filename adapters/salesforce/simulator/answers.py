"""JSON and CSV answers, and bodies as they came."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec

from cs_connector.sandbox.wire import Request, Response

from .errors import ApiError, unsimulated

JSON = "application/json;charset=UTF-8"
LARGEST = 50 * 1024 * 1024


def as_json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(status, msgspec.json.encode(body), {"Content-Type": JSON, **(headers or {})})


def set_out(answer: Response) -> Response:
    """The same answer in lines that people can read; only JSON can be."""
    if answer.headers.get("Content-Type") != JSON or not answer.body:
        return answer
    return Response(answer.status, msgspec.json.format(bytes(answer.body), indent=2), answer.headers)


def nothing(status: int = 204, headers: dict[str, str] | None = None) -> Response:
    return Response(status, b"", dict(headers or {}))


def as_csv(text: str, headers: dict[str, str] | None = None) -> Response:
    return Response(200, text.encode(), {"Content-Type": "text/csv", **(headers or {})})


def error(found: ApiError) -> Response:
    return as_json(found.body(), found.status)


def json_object(request: Request) -> dict[str, Any]:
    """The body. Raises ApiError JSON_PARSER_ERROR, UNSUPPORTED_MEDIA_TYPE or REQUEST_ENTITY_TOO_LARGE."""
    body = json_body(request)
    if isinstance(body, dict):
        return body
    token = "START_ARRAY value [" if isinstance(body, list) else f"VALUE {body}"
    raise parser_error(f"Cannot deserialize instance of object from {token}", request.body, b"")


def json_body(request: Request) -> Any:
    """The body of any shape. Raises as `json_object` does."""
    check_media(request)
    if len(request.body) > LARGEST:
        raise ApiError(413, "REQUEST_ENTITY_TOO_LARGE", "The request entity is too large")
    if not request.body.strip():
        raise ApiError(
            400, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has none."
        )
    try:
        return msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _unreadable(request.body) from None


def flag(body: Mapping[str, Any], name: str, raw: bytes) -> bool:
    """True or false, which it is when absent. Raises ApiError JSON_PARSER_ERROR."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise parser_error(
            f"Cannot deserialize instance of boolean from {value}", raw, msgspec.json.encode(name)
        )
    return bool(value)


def check_media(request: Request) -> None:
    """Raises ApiError 415 for a body that is neither JSON nor XML, 501 for XML."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind in {"application/xml", "text/xml"}:
        raise unsimulated("A request body in XML")
    if kind and kind != "application/json":
        raise ApiError(
            415,
            "UNSUPPORTED_MEDIA_TYPE",
            f"Content-Type header specified in HTTP request is not supported: {kind}",
        )


def parser_error(text: str, body: bytes, near: bytes) -> ApiError:
    """A JSON value of the wrong kind; the place is where `near` stands in the body.

    The sentence is as in real answers, for example in restforce issue 897.
    """
    line, column = _place(body, max(body.find(near), 0))
    return ApiError(
        400,
        "JSON_PARSER_ERROR",
        f"{text} or request may be missing a required field at [line:{line}, column:{column}]",
    )


def _unreadable(body: bytes) -> ApiError:
    try:
        text = body.decode("utf-8-sig")
        json.loads(text)
    except json.JSONDecodeError as bad:
        line, column, at = bad.lineno, bad.colno, bad.pos
    except UnicodeDecodeError as bad:
        (line, column), at, text = _place(body, bad.start), 0, "\ufffd"
    else:
        line, column, at = 1, 1, 0
    what = (
        f"Unexpected character ('{text[at]}' (code {ord(text[at])}))"
        if at < len(text)
        else "Unexpected end-of-input"
    )
    return ApiError(400, "JSON_PARSER_ERROR", f"{what} at [line:{line}, column:{column}]")


def _place(body: bytes, at: int) -> tuple[int, int]:
    """Line and column, both from 1."""
    before = body[:at]
    return before.count(b"\n") + 1, at - (before.rfind(b"\n") + 1) + 1
