"""A request on its way to a handler."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from cs_connector.sandbox.wire import Request

from .answers import Refusal, flat, missing, too_many

MEGABYTE = 1_048_576
# The vendor publishes no figure for a body; this is far above what a hundred records need.
LARGEST_BODY = 10 * MEGABYTE


class Caller(NamedTuple):
    """Who asks: the user, their role, and the scopes of their token."""

    user_id: int
    role: str
    scopes: frozenset[str]


@dataclass(slots=True)
class Call:
    """`params` are the parts of the path, `ignored` the parameters that were dropped, told in a header.

    `query` is the call's own, to be changed where a list makes a request one for its first page.
    """

    request: Request
    params: dict[str, str]
    caller: Caller
    ignored: list[str] = field(default_factory=list)
    _query: dict[str, str] | None = None

    @property
    def query(self) -> dict[str, str]:
        """Read when it is asked for: a list that is known already needs only a part of it."""
        found = self._query
        if found is None:
            found = self._query = self.request.query
        return found

    @property
    def ident(self) -> str:
        return self.params.get("id", "")

    def wants(self, sideload: str) -> bool:
        """Whether the client asked for other records beside its own."""
        return sideload in self.query.get("include", "").split(",")

    def values(self, name: str, most: int) -> list[str]:
        """The values of a list in the query, separated by commas. Raises Refusal (400)."""
        found = [part for part in self.query.get(name, "").split(",") if part]
        if not found:
            raise missing(name)
        if len(found) > most:
            raise too_many(most)
        return found

    def document(self) -> dict[str, Any]:
        """The body, an object. Raises Refusal (413, 415 or 422)."""
        body = self.request.body
        if len(body) > LARGEST_BODY:
            raise flat(413, "RequestEntityTooLarge", "The request body is too large")
        if body and "json" not in self.request.headers.get("content-type", "application/json"):
            raise flat(415, "UnsupportedMediaType", "The Content-Type must be application/json")
        try:
            found = self.request.json()
        except (msgspec.DecodeError, UnicodeDecodeError):
            found = None
        if not isinstance(found, dict):
            raise Refusal(422, {"error": "Unprocessable Entity", "message": "Server could not parse JSON"})
        return found

    def part(self, name: str) -> dict[str, Any]:
        """An object inside the body. Raises Refusal (400) where it is missing."""
        found = self.document().get(name)
        if not isinstance(found, dict):
            raise missing(name)
        return found
