"""How the product talks to a CRM: one hardened session a connection, clocks, limits, redaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .clock import SandboxTime, SystemClock
from .limits import TokenBucket, bucket
from .redact import redact

if TYPE_CHECKING:
    from .retry import Policy
    from .session import Transport

__all__ = ["Policy", "SandboxTime", "SystemClock", "TokenBucket", "Transport", "bucket", "redact"]


def __getattr__(name: str) -> Any:
    """What talks to a CRM is loaded when somebody does."""
    if name == "Policy":
        from .retry import Policy

        return Policy
    if name == "Transport":
        from .session import Transport

        return Transport
    raise AttributeError(name)
