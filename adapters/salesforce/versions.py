"""Which versions of its API an org takes, and when ours ends."""

from __future__ import annotations

from datetime import date

import msgspec

from cs_connector.ports import Release
from cs_connector.transport import Transport
from cs_connector.transport.sensible import unlike

from .errors import decode

# The last version of each lot that goes together, and the day from which it may be gone: 31 to 40 with Summer '28
# (help article 005321531). Later versions stay for three years at least, and no end of theirs is known.
_ENDS = ((40, date(2028, 6, 1)),)


class _Version(msgspec.Struct):
    version: str


def release(session: Transport, origin: str, pinned: str) -> Release:
    """By `/services/data`, which needs no version itself. Raises AdapterError."""
    listed = [v.version for v in decode(session.get(f"{origin}/services/data").content, list[_Version])]
    if not listed:
        raise unlike("Salesforce", "it lists no version")
    ends = next((day for last, day in _ENDS if float(pinned) <= last), None)
    return Release(pinned, min(listed, key=float), max(listed, key=float), ends, pinned in listed)
