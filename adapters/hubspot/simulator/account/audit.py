"""What was done to pipelines and their stages, for their audit endpoints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from ..times import iso


@dataclass(slots=True)
class Audit:
    """Entries by what they are about, oldest first."""

    entries: dict[str, tuple[dict[str, Any], ...]] = field(default_factory=dict)

    def copy(self) -> Self:
        return type(self)(dict(self.entries))

    def note(self, key: str, portal_id: int, action: str, raw: Any, at: int) -> None:
        """`key` is an id with its kind before it; `raw` is the thing as it is from now on."""
        entry = {
            "portalId": portal_id,
            "identifier": key.rpartition("/")[2],
            "action": action,
            "timestamp": iso(at),
            "fromUserId": 0,
            "message": "",
            "rawObject": raw,
        }
        self.entries[key] = (*self.entries.get(key, ()), entry)

    def about(self, key: str) -> list[dict[str, Any]]:
        """The newest first."""
        return list(reversed(self.entries.get(key, ())))
