"""The calls that processes share, what a feed holds alive, and the fields that an object had."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "limits",
        sa.Column("connection", sa.Text),
        sa.Column("bucket", sa.Text),
        sa.Column("free_at", sa.DateTime),
        sa.Column("paused_until", sa.DateTime),
        sa.Column("allowed", sa.BigInteger),
        sa.Column("left", sa.BigInteger),
        sa.Column("heard_at", sa.DateTime),
        sa.PrimaryKeyConstraint("connection", "bucket", name="pk_limits"),
    )
    op.create_table(
        "shapes",
        sa.Column("connection", sa.Text),
        sa.Column("object", sa.Text),
        sa.Column("fields", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("seen_at", sa.DateTime),
        sa.PrimaryKeyConstraint("connection", "object", name="pk_shapes"),
    )
    op.add_column("feeds", sa.Column("live", sa.BigInteger))
