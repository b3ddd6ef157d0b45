"""Planned changes lie together in parcels, and what was written and not read back yet is found by an index of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
_UNREAD = sa.text("unread IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "parcels",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite")),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("changes", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("attempt", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("packed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_parcels"),
    )
    op.drop_index("ix_written_connection_object_at", "written")
    op.create_index(
        "ix_written_connection_object",
        "written",
        ["connection", "object"],
        sqlite_where=_UNREAD,
        postgresql_where=_UNREAD,
    )
