"""What HubSpot's error answers mean. Only status, category and policyName are contract; texts are not."""

from __future__ import annotations

from typing import Any

import msgspec
from requests import Response

from cs_connector.errors import AdapterError, NotPermitted, QuotaExhausted, RateLimited, Unavailable
from cs_connector.ports import Verdict
from cs_connector.transport import redact

_BUSY = frozenset({423, 477})  # locked for a moment; the account is being moved

# What becomes of a change that HubSpot refuses with a code; every other code is for good. Of a fault inside HubSpot
# nobody knows how far the change came.
VERDICTS = {
    "RATE_LIMITS": Verdict.LATER,
    "RATE_LIMIT": Verdict.LATER,
    "LOCKED": Verdict.LATER,
    "RECORD_LOCKED": Verdict.LATER,
    "MIGRATION_IN_PROGRESS": Verdict.LATER,
    "INTERNAL_ERROR": Verdict.UNKNOWN,
    "SERVER_ERROR": Verdict.UNKNOWN,
    "TIMEOUT": Verdict.UNKNOWN,
}
# These are about a property and not about its value: they hold for every change that has it.
OF_PROPERTY = frozenset({"PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE"})


class Problem(msgspec.Struct, frozen=True, rename="camel"):
    """An error body, or one item of `errors` in it or in the answer to a batch."""

    message: str = ""
    category: str = ""
    sub_category: str | None = None
    policy_name: str = ""
    error_type: str = ""
    detail: str = msgspec.field(default="", name="code")
    context: dict[str, Any] = {}
    errors: list[Problem] = []

    @property
    def code(self) -> str:
        """The narrowest that it says: that of its first part, or its own."""
        first = self.errors[0].detail if self.errors else ""
        return first or self.sub_category or self.category or self.error_type or "ERROR"

    @property
    def text(self) -> str:
        """Its message, or those of its parts, which the message repeats as JSON."""
        return "; ".join(e.message for e in self.errors if e.detail and e.message) or self.message

    @property
    def verdict(self) -> Verdict:
        return VERDICTS.get(self.category or self.error_type, VERDICTS.get(self.code, Verdict.REJECTED))

    @property
    def properties(self) -> frozenset[str]:
        """The properties that no change may have, whatever its value."""
        faults = (e for e in self.errors if e.detail in OF_PROPERTY)
        return frozenset(name for e in faults for name in e.names("propertyName"))

    @property
    def about(self) -> tuple[object, ...]:
        """Equal for problems with the same reason."""
        parts = tuple(sorted((e.detail, *sorted(e.names("propertyName"))) for e in self.errors))
        return (self.category, self.sub_category, parts or self.message)

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
        error = Unavailable(f"HubSpot is busy ({status})", why=problem(response).message)
        error.unsent = True
        return error
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
