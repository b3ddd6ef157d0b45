"""How the product talks to a CRM: one hardened session a connection, clocks, limits, redaction."""

from __future__ import annotations

from .clock import SandboxTime, SystemClock
from .limits import TokenBucket, bucket
from .redact import redact
from .retry import Policy
from .session import Transport

__all__ = ["Policy", "SandboxTime", "SystemClock", "TokenBucket", "Transport", "bucket", "redact"]
