"""What Salesforce's error codes mean for us."""

from __future__ import annotations

from typing import Any

import msgspec
from requests import Response

from cs_connector.errors import (
    AdapterError,
    AuthFailed,
    Conflict,
    NotPermitted,
    QuotaExhausted,
    RateLimited,
    Rejected,
    Unavailable,
)
from cs_connector.transport import redact
from cs_connector.transport.sensible import sensible

from .faults import soap_fault

LOCKED = "UNABLE_TO_LOCK_ROW"
BAD_LOCATOR = "INVALID_QUERY_LOCATOR"
_OFF_LIMITS = {
    "INVALID_FIELD": "the field is missing, or hidden from the user of this connection: see the permission set",
    "INVALID_TYPE": "the object is missing, hidden from the user of this connection, or its feature is off",
    "API_DISABLED_FOR_ORG": "this edition has no API",
    "API_CURRENTLY_DISABLED": "the API is switched off",
    "INSUFFICIENT_ACCESS": "ask the admin for this object",
    "INSUFFICIENT_ACCESS_OR_READONLY": "ask the admin for this object",
}
_LATER = frozenset({"QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG", "SERVER_UNAVAILABLE"})
_RACES = frozenset({LOCKED, "DUPLICATE_VALUE"})


class Fault(msgspec.Struct):
    """One error of a body; top-level errors say errorCode, those of a record statusCode."""

    message: str = ""
    error_code: str = msgspec.field(default="", name="errorCode")
    status_code: str = msgspec.field(default="", name="statusCode")
    fields: Any = None

    @property
    def code(self) -> str:
        return self.error_code or self.status_code


class Refused(Rejected):
    """A request that was refused, with what Salesforce said."""

    def __init__(self, what: str, fault: Fault, *, why: str = "") -> None:
        super().__init__(what, why=why, code=fault.code or None)
        self.fault = fault


class OffLimits(NotPermitted):
    """The same for what the user of the connection may not do."""

    def __init__(self, what: str, fault: Fault, *, why: str = "", fix: str = "") -> None:
        super().__init__(what, why=why, fix=fix)
        self.fault = fault


class Refusal(msgspec.Struct):
    """The body of a login that was refused."""

    error: str
    error_description: str = ""


_body = msgspec.json.Decoder(list[Fault] | Refusal)


def classify(response: Response) -> AdapterError | None:
    """The error that an answer is; None when only its status speaks."""
    if soap := soap_fault(response.content):
        code, message, status = soap
        return _of(Fault(message, code), status)
    try:
        said = _body.decode(response.content)
    except msgspec.DecodeError:
        return None
    if isinstance(said, Refusal):
        return _login(said, response.headers.get("Date", ""))
    return _of(said[0], response.status_code) if said else None


def _login(said: Refusal, date: str) -> AdapterError:
    # A JWT is refused when the two clocks are minutes apart, and nothing else tells.
    return AuthFailed(
        "Salesforce refused the login",
        why=f"{said.error}: {redact(said.error_description)} (its clock says {date})",
        fix="check client_id, username and key, and that an admin approved the app; then: cs-connector doctor",
    )


def _of(fault: Fault, status: int) -> AdapterError:
    code, said = fault.code, f"{fault.code}: {redact(fault.message)}"
    if code == "REQUEST_LIMIT_EXCEEDED":
        return _limit(fault.message, said)
    if status == 401:
        return AuthFailed(
            "Salesforce ended the session",
            why=said,
            fix="check the credentials of the connection, then: cs-connector doctor",
        )
    if status >= 500 or code in _LATER:
        return Unavailable(f"Salesforce answered {status}", why=said, fix="try again later")
    return _lasting(fault, said, status)


def _lasting(fault: Fault, said: str, status: int) -> AdapterError:
    code = fault.code
    if status == 410:
        fix = "set api_version of the connection to a newer one"
        return AdapterError("Salesforce retired this API version", why=said, fix=fix)
    if status == 403 or code in _OFF_LIMITS:
        fix = _OFF_LIMITS.get(code, "ask the admin")
        return OffLimits("Salesforce does not let us", fault, why=said, fix=fix)
    if code in _RACES or status in (409, 412):
        return Conflict("Somebody else changes the same record", why=said)
    return Refused("Salesforce refused the request", fault, why=said)


def _limit(message: str, said: str) -> AdapterError:
    if "concurrent" in message.lower():
        return RateLimited("Too many long calls at once", why=said)
    return QuotaExhausted(
        "The organisation has used its calls of 24 hours",
        why=said,
        fix="wait until older calls are more than 24 hours ago, or ask Salesforce for more",
    )


def allowance(response: Response) -> tuple[int, int] | None:
    """(limit, left) from Sforce-Limit-Info: api-usage=18/15000; None without it."""
    header = response.headers.get("Sforce-Limit-Info", "")
    for part in header.split(";"):
        name, _, figures = part.strip().partition("=")
        used, _, limit = figures.partition("/")
        if name == "api-usage" and used.isdigit() and limit.isdigit():
            return int(limit), int(limit) - int(used)
    return None


def decode(content: bytes, kind: Any) -> Any:
    """`content` as `kind`. Raises Unavailable when Salesforce sent something else."""
    with sensible("Salesforce"):
        return msgspec.json.decode(content, type=kind)
