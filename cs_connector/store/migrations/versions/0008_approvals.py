"""Approved orgs and plans, the stop of all writes, figures of plans that were applied."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

BEFORE = "was written to before orgs were approved"


def upgrade() -> None:
    op.create_table(
        "write_stops",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite")),
        sa.Column("stopped", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_write_stops"),
    )
    approved = op.create_table(
        "approved_orgs",
        sa.Column("connection", sa.Text),
        sa.Column("org_id", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("connection", "org_id", name="pk_approved_orgs"),
    )
    op.create_table(
        "approved_plans",
        sa.Column("plan", sa.Text),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("limits", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("plan", name="pk_approved_plans"),
    )
    op.create_table(
        "applied_plans",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite")),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("files", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("figures", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_applied_plans"),
    )
    op.create_index("ix_applied_plans_run", "applied_plans", ["run"])
    _written_before(approved)


def _written_before(approved: sa.Table) -> None:
    """An org that this store has written to needs nobody's word any more."""
    connections = sa.table("connections", *map(sa.column, ("name", "org_id", "pinned_at")))
    receipts = sa.table("receipts", *map(sa.column, ("connection", "at")))
    written = (
        sa.select(
            connections.c.name,
            connections.c.org_id,
            sa.literal(BEFORE),
            sa.literal("migration"),
            sa.func.min(receipts.c.at),
        )
        .join_from(connections, receipts, receipts.c.connection == connections.c.name)
        .where(receipts.c.at.is_not(None))
        .group_by(connections.c.name, connections.c.org_id)
    )
    op.execute(sa.insert(approved).from_select(["connection", "org_id", "reason", "who", "at"], written))
