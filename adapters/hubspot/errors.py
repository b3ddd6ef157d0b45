"""What HubSpot's error answers mean. Only status, category and policyName are contract; texts are not."""

from __future__ import annotations

from typing import Any

import msgspec
from requests import Response

from cs_connector.errors import AdapterError, NotPermitted, QuotaExhausted, RateLimited, Unavailable
from cs_connector.transport import redact

_BUSY = frozenset({423, 477})  # locked for a moment; the account is being moved


class Problem(msgspec.Struct, frozen=True, rename="camel"):
    """An error body, or one item of `errors` in the answer to a batch."""

    message: str = ""
    category: str = ""
    sub_category: str | None = None
    policy_name: str = ""
    context: dict[str, Any] = {}
    errors: list[Problem] = []

    @property
    def code(self) -> str:
        return self.sub_category or self.category or "ERROR"

    def names(self, *keys: str) -> set[str]:
        """The values that `context` gives for these keys, as texts."""
        listed = (v for key in keys for v in _listed(self.context.get(key)))
        return {str(v) for v in listed}


_decoder = msgspec.json.Decoder(Problem)


def problem(response: Response) -> Problem:
    """The error of an answer, redacted; for a body of another form, what is readable of it."""
    try:
        said = _decoder.decode(response.content)
    except msgspec.MsgspecError:
        return Problem(message=redact(response.text[:2000]))
    return msgspec.structs.replace(said, message=redact(said.message))


def classify(response: Response) -> AdapterError | None:
    """The error to raise for an answer; None where its status says enough or the caller has to look."""
    status = response.status_code
    if status == 429:
        return _limited(problem(response))
    if status == 403:
        return _forbidden(problem(response))
    if status in _BUSY:
        return Unavailable(f"HubSpot is busy ({status})", why=problem(response).message)
    return None


def _limited(said: Problem) -> AdapterError:
    if said.policy_name == "DAILY":
        return QuotaExhausted(
            "HubSpot's calls for today are used up",
            why=said.message,
            fix="they are renewed at midnight in the portal's time zone",
        )
    wait = 10.0 if said.policy_name.startswith("TEN_SECONDLY") else 1.0
    return RateLimited("HubSpot asks us to slow down", retry_after=wait, why=said.message)


def _forbidden(said: Problem) -> NotPermitted:
    scopes = sorted(
        set[str]().union(*(e.names("requiredGranularScopes", "requiredScopes") for e in said.errors))
    )
    fix = f"add one of these scopes to the app and connect again: {', '.join(scopes)}" if scopes else ""
    return NotPermitted("HubSpot does not permit this", why=said.message, fix=fix)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
