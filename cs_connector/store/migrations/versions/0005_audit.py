"""One row for every change that a CRM took, each sealed with the one before."""

from __future__ import annotations

revision = "0005"
down_revision = "0004"


def upgrade() -> None: ...
