"""/sobjects/X/describe and what hangs on it, with Last-Modified and If-Modified-Since."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import sha256
from typing import Any

from cs_connector.sandbox.wire import Request, Response

from ..answers import as_json
from ..errors import ApiError, method_not_allowed
from ..schema.describe import describe, describe_global
from ..schema.schema import ObjectType, Schema

SECOND = timedelta(seconds=1)


class Describes:
    """Answers describes. When the metadata of an object changed is told from the answers themselves."""

    def __init__(self, schema: Schema, now: Callable[[], datetime], base: str) -> None:
        self._schema, self._now, self._base = schema, now, base
        self._began = now().replace(microsecond=0)
        self._known: dict[str, tuple[bytes, datetime]] = {}

    def all(self, request: Request, version: str) -> Response:
        """The list of objects."""
        return self._answer(request, f"{version}/", describe_global(self._schema, version, self._base))

    def one(self, request: Request, version: str, obj: ObjectType) -> Response:
        body = describe(self._schema, obj, version, self._base)
        return self._answer(request, f"{version}/{obj.name}", body)

    def _answer(self, request: Request, key: str, body: Any) -> Response:
        if request.method not in {"GET", "HEAD"}:
            raise method_not_allowed(request.method)
        answer = as_json(body)
        changed = self._changed(key, bytes(answer.body))
        stamp = {"Last-Modified": format_datetime(changed, usegmt=True)}
        since = _since(request)
        if since is not None and changed <= since:
            return Response(304, b"", stamp)
        answer.headers |= stamp
        return answer

    def _changed(self, key: str, body: bytes) -> datetime:
        """When this answer came to be; a later answer is always a second later at least."""
        digest, held = sha256(body).digest(), self._known.get(key)
        if held is None:
            held = self._known[key] = (digest, self._began)
        if held[0] != digest:
            at = max(self._now().replace(microsecond=0), held[1] + SECOND)
            held = self._known[key] = (digest, at)
        return held[1]


def _since(request: Request) -> datetime | None:
    """Raises ApiError for a date that cannot be read."""
    text = request.headers.get("if-modified-since")
    if text is None:
        return None
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        raise ApiError(
            400, "INVALID_HEADER_VALUE", f"Invalid value for header If-Modified-Since: {text}"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
