"""One row for every change that a CRM took, each sealed with the one before; who started a run, and which were undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("runs", sa.Column("actor", sa.Text))
    op.add_column("runs", sa.Column("config_hash", sa.Text))
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger, autoincrement=False),
        sa.Column("run", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("actor", sa.Text),
        sa.Column("connection", sa.Text, nullable=False),
        sa.Column("org_id", sa.Text),
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("record_id", sa.Text),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("prev", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_run", "audit", ["run"])
    op.create_index("ix_audit_record_id", "audit", ["record_id"])
    op.create_table(
        "undone",
        sa.Column("run", sa.Text),
        sa.Column("by_run", sa.Text, nullable=False),
        sa.Column("config_hash", sa.Text),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("run", name="pk_undone"),
    )
