"""Answers and refusals in Zendesk's own shapes: a flat error, a nested one, a list of them, or plain text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cs_connector.sandbox.wire import Response

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

    @property
    def details(self) -> str:
        """What is wrong in one line, as a job tells it."""
        body = self.body if isinstance(self.body, dict) else {}
        lines = [entry["description"] for entries in body.get("details", {}).values() for entry in entries]
        return " ".join(lines) or str(body.get("description", ""))


def reply(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status, msgspec.json.encode(body), {"content-type": JSON, **(headers or {})})


def empty(status: int = 204) -> Response:
    return Response(status)


def flat(status: int, error: str, description: str, **more: Any) -> Refusal:
    return Refusal(status, {"error": error, "description": description, **more})


def nested(status: int, title: str, message: str) -> Refusal:
    return Refusal(status, {"error": {"title": title, "message": message}})


def several(status: int, code: str, title: str, detail: str) -> Refusal:
    """The newest envelope, which can hold more than one error."""
    return Refusal(status, {"errors": [{"code": code, "title": title, "detail": detail}]})


def missing(name: str) -> Refusal:
    return nested(400, "Invalid attribute", f"Parameter {name} is required")


def not_integer(name: str, where: str) -> Refusal:
    """A parameter or an id of a path that is not a whole number; `where` is the vendor's name of the action."""
    wrong = (
        f"You passed an invalid value for the {name} attribute. Invalid parameter: {name} must be an integer"
    )
    return nested(400, "Invalid attribute", f"{wrong} from api/v2/{where}")


def not_found() -> Refusal:
    return flat(404, "RecordNotFound", "Not found")


def no_endpoint() -> Refusal:
    return flat(404, "InvalidEndpoint", "Not found")


def unsimulated(sentence: str) -> Refusal:
    """Something that the real API has and this simulator does not."""
    return flat(501, "NotSimulated", sentence)


def forbidden() -> Refusal:
    message = (
        "You do not have access to this page. Please contact the account owner of this help desk"
        " for further help."
    )
    return nested(403, "Forbidden", message)


def missing_scopes(*scopes: str) -> Refusal:
    text = f"You are missing the following required scopes: {', '.join(scopes)}"
    return flat(403, "Forbidden", text)


def invalid(**details: str) -> Refusal:
    """A record that breaks a rule; `base` is the record as a whole."""
    found = {name: [{"description": text}] for name, text in details.items()}
    return flat(422, "RecordInvalid", "Record validation errors", details=found)


def taken(**details: str) -> Refusal:
    """A record that is there already; told with the vendor's code for it."""
    found = {name: [{"description": text, "error": "DuplicateValue"}] for name, text in details.items()}
    return flat(422, "RecordInvalid", "Record validation errors", details=found)


def bad_value(text: str, status: int = 400) -> Refusal:
    return flat(status, "InvalidValue", text)


def too_many(limit: int) -> Refusal:
    text = f"Parameter  cannot specify more than {limit} values"
    return flat(400, "TooManyValues", text, max_count=limit)
