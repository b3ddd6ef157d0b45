"""What tasks keep of people: outcomes, pauses, the baseline."""

from __future__ import annotations

revision = "0007"
down_revision = "0006"


def upgrade() -> None: ...
