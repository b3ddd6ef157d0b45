"""What is known of the rows of a file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("manifest_files", sa.Column("holds", sa.Text, nullable=False, server_default=""))
