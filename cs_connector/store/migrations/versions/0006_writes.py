"""What writing keeps: changes that were refused for good, and notes of adapters."""

from __future__ import annotations

revision = "0006"
down_revision = "0005"


def upgrade() -> None: ...
