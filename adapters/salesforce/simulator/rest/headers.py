"""What of a request changes how records are written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cs_connector.sandbox.wire import Request

PAIR = re.compile(r"(\w+)\s*=\s*(\w+)")
VERSION = re.compile(r"/services/data/(v[\d.]+)/")


@dataclass(frozen=True, slots=True)
class Manner:
    """How a request wants its records written.

    `saves_duplicates`: allowSave of Sforce-Duplicate-Rule-Header. `truncates`: SOAP's allowFieldTruncation, as
    Sforce-Allow-Field-Truncation. `version` stands in addresses. Sforce-Auto-Assign changes nothing in an org without
    assignment rules.
    """

    saves_duplicates: bool = False
    truncates: bool = False
    version: str = "v67.0"


PLAIN = Manner()


def manner(request: Request) -> Manner:
    duplicate = request.headers.get("sforce-duplicate-rule-header", "")
    truncate = request.headers.get("sforce-allow-field-truncation", "")
    version = VERSION.match(request.path)
    return Manner(
        saves_duplicates=_says(duplicate, "allowsave"),
        truncates=_says(truncate, "allowfieldtruncation") or truncate.strip().lower() == "true",
        version=version[1] if version else PLAIN.version,
    )


def _says(header: str, name: str) -> bool:
    return any(key.lower() == name and value.lower() == "true" for key, value in PAIR.findall(header))
