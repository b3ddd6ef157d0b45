"""Answers and refusals in Zendesk's own shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from cs_connector.sandbox.wire import Request, Response

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=UTF-8"


class Refusal(Exception):
    """A request that is answered with an error. `body` is sent as JSON, or as it is when it is text."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body, self.headers = status, body, dict(headers or {})

    def response(self) -> Response:
        if isinstance(self.body, str):
            return Response(self.status, self.body.encode(), {"content-type": TEXT, **self.headers})
        return reply(self.body, self.status, self.headers)


@dataclass(slots=True)
class Call:
    """A request on its way to a handler: the id from its path, and the parameters that were ignored."""

    request: Request
    ident: str = ""
    ignored: list[str] = field(default_factory=list)

    @property
    def query(self) -> dict[str, str]:
        return self.request.query

    def document(self) -> dict[str, Any]:
        """The body, an object. Raises Refusal (422) where it is not."""
        try:
            body = self.request.json()
        except msgspec.DecodeError:
            body = None
        if not isinstance(body, dict):
            raise Refusal(422, {"error": "Unprocessable Entity", "message": "Server could not parse JSON"})
        return body

    def part(self, name: str) -> dict[str, Any]:
        """An object inside the body. Raises Refusal (400) where it is missing."""
        found = self.document().get(name)
        if not isinstance(found, dict):
            raise missing(name)
        return found


def reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, msgspec.json.encode(body), {"content-type": JSON, **(headers or {})})


def missing(name: str) -> Refusal:
    text = f"Parameter {name} is required"
    return Refusal(400, {"error": {"title": "Invalid attribute", "message": text}})


def not_found() -> Refusal:
    return Refusal(404, {"error": "RecordNotFound", "description": "Not found"})


def no_endpoint() -> Refusal:
    return Refusal(404, {"error": "InvalidEndpoint", "description": "Not found"})


def invalid(**details: str) -> Refusal:
    """A record that breaks a rule; `base` is the record as a whole."""
    found = {name: [{"description": text}] for name, text in details.items()}
    return Refusal(
        422, {"error": "RecordInvalid", "description": "Record validation errors", "details": found}
    )


def bad_value(text: str, status: int = 400) -> Refusal:
    return Refusal(status, {"error": "InvalidValue", "description": text})


def too_many(limit: int) -> Refusal:
    text = f"Parameter  cannot specify more than {limit} values"
    return Refusal(400, {"error": "TooManyValues", "description": text, "max_count": limit})
