"""A SOAP fault: how Salesforce refuses a whole call of the Metadata API, always with the status 500."""

from __future__ import annotations

import re
from html import unescape

_FAULT = re.compile(rb"<faultcode>(?:\w+:)?(\w+)</faultcode>\s*<faultstring>(.*?)</faultstring>", re.DOTALL)
STATUSES = {
    "INVALID_SESSION_ID": 401, "INVALID_LOGIN": 401, "INSUFFICIENT_ACCESS": 403, "API_DISABLED_FOR_ORG": 403,
    "INSUFFICIENT_ACCESS_OR_READONLY": 403, "UNSUPPORTED_API_VERSION": 410, "UNKNOWN_EXCEPTION": 500,
    "SERVER_UNAVAILABLE": 503,
}  # fmt: skip
"""What REST would answer; 400 where nothing is said."""


def soap_fault(content: bytes) -> tuple[str, str, int] | None:
    """(code, message, status) of a fault; None for anything else."""
    if not content.startswith(b"<?xml"):
        return None
    found = _FAULT.search(content)
    if found is None:
        return None
    code = found[1].decode()
    message = unescape(found[2].decode("utf-8", "replace")).removeprefix(f"{code}: ")
    return code, message, STATUSES.get(code, 400)
