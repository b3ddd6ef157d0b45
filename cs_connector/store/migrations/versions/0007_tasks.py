"""What tasks keep of people: outcomes, the baseline of the start, what hovers at an edge, and what is held back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("calls", sa.Column("outcome", sa.Text))
    op.add_column("calls", sa.Column("cleared_on", sa.Date))
    op.create_table(
        "readings",
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("relationship_id", sa.Text, nullable=False),
        sa.Column("on_date", sa.Date, nullable=False),
        sa.Column("held", sa.Boolean, nullable=False),
        sa.Column("settled", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("rule", "relationship_id", "on_date", name="pk_readings"),
    )
    op.create_table(
        "baseline",
        sa.Column("relationship_id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("relationship_id", "type", name="pk_baseline"),
    )
    op.create_table(
        "held_back",
        sa.Column("relationship_id", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("account_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("arr", sa.Numeric(18, 2)),
        sa.Column("currency", sa.Text),
        sa.PrimaryKeyConstraint("relationship_id", "rule", name="pk_held_back"),
    )
