"""One call to the API as the endpoints see it, and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from cs_connector.sandbox.wire import Request, Response

from .errors import bad_json, bad_request, not_found

JSON = {"content-type": "application/json;charset=utf-8"}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """`dated` tells the dated family of paths from the numbered one; `args` are the variable parts."""

    request: Request
    dated: bool
    args: tuple[str, ...]

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query

    def many(self, name: str) -> list[str]:
        """A parameter that may be repeated, hold commas, or both."""
        pairs = parse_qsl(self.request.query_string)
        return [part for key, value in pairs if key == name for part in value.split(",") if part]

    @property
    def archived(self) -> bool:
        return self.query.get("archived") == "true"

    def number(self, name: str, default: int, most: int) -> int:
        """A whole parameter between 1 and `most`. Raises Refusal 400."""
        text = self.query.get(name, "")
        if not text:
            return default
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise bad_request(f"{name} must be a number from 1 to {most}, not {text}")
        return int(text)

    def after(self) -> int:
        """Where the page starts. Raises Refusal 400."""
        text = self.query.get("after", "")
        if text and not text.isdecimal():
            raise bad_request(f"The after parameter {text} is not valid")
        return int(text or 0)

    def body(self, shape: type[T]) -> T:
        """The body in the wanted shape. Raises Refusal 400."""
        try:
            return msgspec.json.decode(self.request.body or b"null", type=shape, strict=False)
        except msgspec.DecodeError as error:
            raise bad_json(str(error)) from error


def answer(payload: Any, status: int = 200) -> Response:
    return Response(status, msgspec.json.encode(payload), dict(JSON))


def nothing() -> Response:
    return Response(204)


def record_id(text: str) -> int:
    """A record id from a path or body. Raises Refusal 404."""
    if not text.isdecimal():
        raise not_found()
    return int(text)
