"""Approved orgs and plans, the stop of all writes, figures of plans that were applied."""

from __future__ import annotations

revision = "0008"
down_revision = "0007"


def upgrade() -> None: ...
