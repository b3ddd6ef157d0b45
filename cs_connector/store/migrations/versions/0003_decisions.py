"""What people decided about who is who."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "decisions",
        sa.Column("entity", sa.Text),
        sa.Column("left_ref", sa.Text),
        sa.Column("right_ref", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("who", sa.Text),
        sa.Column("at", sa.DateTime),
        sa.PrimaryKeyConstraint("entity", "left_ref", "right_ref", name="pk_decisions"),
    )
