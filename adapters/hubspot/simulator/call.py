"""One call to the API as the endpoints see it, and answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from cs_connector.sandbox.wire import Request, Response

from .errors import Refusal, bad_json, bad_request, lacking, not_numeric, too_large, too_long, wrong_media

JSON = {"content-type": "application/json;charset=utf-8"}
# How large a request may be, in bytes. HubSpot says only that there are such limits.
LONGEST_BODY, LONGEST_TARGET = 10_000_000, 32_000
# Members that a path or a query may hold, and a record id may be: digits that fit HubSpot's 64 bits.
LAST_ID = 2**63 - 1
_BYTE = re.compile(r" \(byte (\d+)\)")
_LACKS = re.compile(r"Object missing required field `(\w+)`")
T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """`dated` tells the dated family of paths from the numbered one; `args` are the variable parts."""

    request: Request
    dated: bool
    args: tuple[str, ...]
    _query: Mapping[str, str] | None = None

    @property
    def query(self) -> Mapping[str, str]:
        """Read when it is asked for: a list that is known already needs only a part of it."""
        found = self._query
        if found is None:
            found = self._query = self.request.query
        return found

    def many(self, name: str) -> list[str]:
        """A parameter that may be repeated, hold commas, or both."""
        if name not in self.query:
            return []
        values = (value for key, value in self.request.pairs if key == name)
        return [part for value in values for part in value.split(",") if part]

    @property
    def archived(self) -> bool:
        """Raises Refusal 400 for anything but true and false."""
        text = self.query.get("archived", "false").lower()
        if text not in ("true", "false"):
            raise bad_request(f"Invalid value for archived: {text}")
        return text == "true"

    def number(self, name: str, default: int, most: int) -> int:
        """A whole parameter between 1 and `most`. Raises Refusal 400."""
        text = self.query.get(name, "")
        if not text:
            return default
        if not is_digits(text) or not 1 <= int(text) <= most:
            raise bad_request(f"Invalid input: {name} must be a number from 1 to {most}, not {text}")
        return int(text)

    def after(self) -> int:
        """Where the page starts. Raises Refusal 400."""
        text = self.query.get("after", "")
        if text and not is_digits(text):
            raise bad_request(f"The after parameter {text} is not valid")
        return int(text or 0)

    def body(self, shape: type[T]) -> T:
        """The body in the wanted shape. Raises Refusal 400, or 415 for another content type."""
        request = self.request
        media = request.headers.get("content-type", "")
        if media.partition(";")[0].strip().lower() != "application/json":
            raise wrong_media(media)
        try:
            return msgspec.json.decode(request.body, type=shape, strict=False)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _unreadable(request.body, error) from error

    def form(self) -> dict[str, str]:
        """The body as a form. Raises Refusal 400, or 415 for another content type."""
        media = self.request.headers.get("content-type", "")
        if media.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
            raise wrong_media(media)
        try:
            return self.request.form
        except UnicodeDecodeError as error:
            raise bad_request("The form is not UTF-8") from error


def measured(request: Request) -> None:
    """Raises Refusal 413 or 414 for a request that is too large."""
    if len(request.path) + len(request.query_string) > LONGEST_TARGET:
        raise too_long()
    if len(request.body) > LONGEST_BODY:
        raise too_large()


def answer(payload: Any, status: int = 200) -> Response:
    return Response(status, msgspec.json.encode(payload), dict(JSON))


def nothing() -> Response:
    return Response(204)


def is_digits(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20


def record_id(text: str) -> int:
    """A record id from a path or body. Raises Refusal 404."""
    if not is_digits(text) or int(text) > LAST_ID:
        raise not_numeric(text)
    return int(text)


def _unreadable(body: bytes, error: Exception) -> Refusal:
    text = str(error)
    lacks = _LACKS.match(text)
    if lacks:
        return lacking([lacks[1]])
    found = _BYTE.search(text)
    before = body[: int(found[1])] if found else b""
    line = before.count(b"\n") + 1
    return bad_json(line, len(before) - (before.rfind(b"\n") + 1) + 1, _BYTE.sub("", text))
