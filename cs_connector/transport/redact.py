"""Takes tokens, secrets and e-mail addresses out of texts before a person or a log sees them."""

from __future__ import annotations

import re

_HIDDEN = "[hidden]"
_RULES = (
    # a whole private key or certificate
    (re.compile(r"-----BEGIN [^-]+-----.*?(-----END [^-]+-----|\Z)", re.DOTALL), _HIDDEN),
    # Authorization: Bearer xyz
    (re.compile(r"\b(bearer|basic|oauth)\s+[\w.~+/!=-]{6,}", re.IGNORECASE), rf"\1 {_HIDDEN}"),
    # access_token=xyz, "client_secret": "xyz"
    (
        re.compile(
            r"""((?:\w*token|\w*secret|passw(?:or)?d|assertion|api_?key|session_?id|signature)["']?\s*[=:]\s*["']?)"""
            r"""[^\s"'&,;}]+""",
            re.IGNORECASE,
        ),
        rf"\1{_HIDDEN}",
    ),
    # a JSON web token; a Salesforce session; a HubSpot private-app token
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), _HIDDEN),
    (re.compile(r"\b00D\w{12,15}![\w.]+"), _HIDDEN),
    (re.compile(r"\bpat-\w+-[\w-]{8,}"), _HIDDEN),
    (re.compile(r"[\w.%+'-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
)


def redact(text: str, limit: int = 200) -> str:
    """`text` on one line, without secrets, at most `limit` characters."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    short = " ".join(text.split())
    return short if len(short) <= limit else short[: limit - 1] + "…"
