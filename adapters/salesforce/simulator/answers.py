"""JSON and CSV answers."""

from __future__ import annotations

from typing import Any

import msgspec

from cs_connector.sandbox.wire import Request, Response

from .errors import ApiError

JSON = "application/json;charset=UTF-8"


def as_json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(status, msgspec.json.encode(body), {"Content-Type": JSON, **(headers or {})})


def nothing(status: int = 204) -> Response:
    return Response(status)


def as_csv(text: str, headers: dict[str, str] | None = None) -> Response:
    return Response(200, text.encode(), {"Content-Type": "text/csv", **(headers or {})})


def error(found: ApiError) -> Response:
    return as_json(found.body(), found.status)


def json_object(request: Request) -> dict[str, Any]:
    """The body. Raises ApiError JSON_PARSER_ERROR."""
    try:
        body = request.json()
    except (msgspec.DecodeError, UnicodeDecodeError) as bad:
        raise ApiError(400, "JSON_PARSER_ERROR", f"Unexpected character: {bad}") from None
    if not isinstance(body, dict):
        raise ApiError(
            400, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has none."
        )
    return body
