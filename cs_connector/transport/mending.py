"""JSON with halves of characters in it: emoji that were cut in two are common in CRMs, and no parser takes them."""

from __future__ import annotations

import re

_ESCAPE = re.compile(
    rb"\\(?:(u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_UNKNOWN = rb"\ufffd"  # what stands for a character that is not one


def mended(content: bytes) -> bytes:
    """The same with U+FFFD for each half of a pair that stands alone."""
    return _ESCAPE.sub(lambda found: _UNKNOWN if found[2] else found[0], content)
