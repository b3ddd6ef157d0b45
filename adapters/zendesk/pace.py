"""Keeps below the limits that single endpoints have beside that of the whole account."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cs_connector.ports import Clock

# The names changed over the years: zendesk-ratelimit-…, zendesk-rate-limit-…
_BUCKET = re.compile(r"zendesk-rate-?limit-[\w-]+", re.IGNORECASE)
_STANDING = re.compile(r"remaining=(\d+);\s*resets=(\d+)")


class Pace:
    """Waits when the last answer said that its bucket is empty."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._owed = 0.0

    def wait(self) -> None:
        owed, self._owed = self._owed, 0.0
        if owed:
            self._clock.sleep(owed)

    def note(self, headers: Mapping[str, str]) -> None:
        self._owed = max(
            (_owed(value) for name, value in headers.items() if _BUCKET.fullmatch(name)), default=0.0
        )


def _owed(standing: str) -> float:
    found = _STANDING.search(standing)
    return float(found[2]) if found and found[1] == "0" else 0.0
