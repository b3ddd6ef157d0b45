"""What Zendesk's error answers mean: four forms of JSON, plain text, and nothing at all."""

from __future__ import annotations

from typing import Any

import msgspec
from requests import Response

from cs_connector.errors import AdapterError, AuthFailed, NotPermitted, RateLimited
from cs_connector.ports import Verdict
from cs_connector.transport import redact

# What becomes of a change that Zendesk refuses with a code; every other code is for good. Of a fault inside Zendesk nobody
# knows how far the change came. Conflicts: somebody else wrote the same record at the same moment, and that one stands.
VERDICTS = {
    "TooManyJobs": Verdict.LATER,
    "TooManyRequests": Verdict.LATER,
    "APIRateLimitExceeded": Verdict.LATER,
    "RateLimitExceeded": Verdict.LATER,
    "DatabaseConflict": Verdict.LATER,
    "UpdateConflict": Verdict.LATER,
    "Conflict": Verdict.LATER,
    "ServiceUnavailable": Verdict.LATER,
    "InternalError": Verdict.UNKNOWN,
    "Timeout": Verdict.UNKNOWN,
}


def verdict(code: str) -> Verdict:
    return VERDICTS.get(code, Verdict.REJECTED)


class Problem(msgspec.Struct, frozen=True):
    code: str
    message: str


def problem(response: Response) -> Problem:
    """The error of an answer, in whatever form it came."""
    try:
        body = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        return Problem(f"HTTP_{response.status_code}", redact(response.text[:2000]))
    return read_problem(body, f"HTTP_{response.status_code}")


def read_problem(body: Any, code: str) -> Problem:
    """`body` is {error: text}, {error: {title, message}}, {errors: [{code, title, detail}]}, or {error, details}."""
    if not isinstance(body, dict):
        return Problem(code, redact(str(body)))
    error = body.get("error")
    if isinstance(error, dict):
        return Problem(str(error.get("title", code)), redact(str(error.get("message", ""))))
    listed = body.get("errors")
    if isinstance(listed, list) and listed and isinstance(listed[0], dict):
        first = listed[0]
        return Problem(
            str(first.get("code", code)), redact(str(first.get("detail") or first.get("title", "")))
        )
    texts = [body.get("description") or body.get("error_description"), *_details(body.get("details"))]
    return Problem(str(error or code), redact("; ".join(str(t) for t in texts if t)))


def _details(details: Any) -> list[Any]:
    if not isinstance(details, dict):
        return [details]
    lists = (items for items in details.values() if isinstance(items, list))
    return [item.get("description") for items in lists for item in items if isinstance(item, dict)]


def classify(response: Response) -> AdapterError | None:
    """The error to raise for an answer; None where its status says enough or the caller has to look."""
    said = problem(response)
    why = said.message or said.code
    match response.status_code:
        case 401:
            return AuthFailed(
                "Zendesk refused the login",
                why=why,
                fix="check the credentials of the connection, then: cs-connector doctor",
            )
        case 403:
            return NotPermitted(
                "Zendesk does not permit this", why=why, fix="the login needs an admin or agent"
            )
        case 429:
            # Without Retry-After the bucket is unknown, and the slowest ones count by the minute.
            return RateLimited("Zendesk asks us to slow down", retry_after=None, why=why)
        case _:
            return None
