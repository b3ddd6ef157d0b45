"""What writing keeps: what each record was last told, changes that are not sent again, and notes of adapters."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _kept()
    left = [dict(row) for row in op.get_bind().execute(_OLD.select()).mappings()]
    op.drop_table("outbox")
    _outbox()
    _move(left)
    op.drop_column("receipts", "before")
    op.drop_column("receipts", "after")


def _text(name: str, *, empty: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=empty)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


_OLD = sa.table(
    "outbox",
    *(sa.column(name) for name in ("key", "run", "connection", "object", "action", "key_field", "record_id")),
    *(sa.column(name, sa.JSON) for name in ("fields", "associate")),
    *(sa.column(name) for name in ("payload_hash", "reason", "state", "attempt", "epoch", "crm_id")),
    sa.column("at", sa.DateTime),
)


def _outbox() -> None:
    op.create_table(
        "outbox",
        _text("key"), _text("run"), _count("place"), _text("connection"), _text("object"), _text("source"), _text("name"),
        _text("action"), _text("key_field", empty=True), _text("record_id", empty=True), _text("fields"), _text("before"),
        _text("associate", empty=True), _text("payload_hash"), _text("reason", empty=True), _text("state"),
        _count("attempt"), _count("epoch"), sa.Column("at", sa.DateTime),
        sa.PrimaryKeyConstraint("key", name="pk_outbox"),
    )  # fmt: skip
    op.create_index("ix_outbox_state", "outbox", ["state"])
    op.create_index("ix_outbox_run_place", "outbox", ["run", "place"])


def _kept() -> None:
    op.create_table(
        "written",
        _text("connection"), _text("object"), _text("record_id"), _text("name"), _text("fields"), _text("before"),
        _text("unread", empty=True), _text("run"), sa.Column("at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("connection", "object", "record_id", name="pk_written"),
    )  # fmt: skip
    op.create_index("ix_written_connection_object_at", "written", ["connection", "object", "at"])
    op.create_table(
        "refused",
        _text("key"), _text("connection"), _text("object"), _text("name"), _text("record_id", empty=True), _text("stage"),
        _text("payload_hash"), _text("config_hash"), _text("code"), _text("reason"), _text("run"),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_refused"),
    )  # fmt: skip
    op.create_table(
        "notes",
        _text("connection"), _text("name"), _text("value"), sa.Column("at", sa.DateTime, nullable=False),
        sa.PrimaryKeyConstraint("connection", "name", name="pk_notes"),
    )  # fmt: skip


def _move(left: list[dict[str, Any]]) -> None:
    """What is in flight stays so; what was written and not read back yet goes where that is kept now."""
    here = sa.MetaData()
    here.reflect(op.get_bind(), only=("outbox", "written"))
    key: sa.ColumnClause[str] = sa.column("key", sa.Text)
    tasks = set(op.get_bind().scalars(sa.select(key).select_from(sa.table("calls"))))
    flying = [_flying(row, tasks) for row in left if row["state"] == "inflight"]
    done = [_done(row) for row in left if row["state"] == "done" and row["crm_id"] and row["at"]]
    for name, rows in (("outbox", flying), ("written", done)):
        if rows:
            op.bulk_insert(here.tables[name], rows)


def _flying(row: dict[str, Any], tasks: set[str]) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name not in ("crm_id", "fields", "associate")}
    name = row["key"].split("|", 2)[-1]
    fields = {n: v for n, v in row["fields"].items() if n != row["key_field"]}
    associate = json.dumps(row["associate"]) if row["associate"] else None
    ours = "relationship" if row["key_field"] else "account"
    source = "call" if name in tasks else ours
    more = {"place": 0, "source": source, "name": name, "fields": json.dumps(fields), "before": "{}"}
    return kept | more | {"associate": associate}


def _done(row: dict[str, Any]) -> dict[str, Any]:
    fields = {n: v for n, v in row["fields"].items() if n != row["key_field"]}
    name = row["key"].split("|", 2)[-1]
    where = {
        "connection": row["connection"],
        "object": row["object"],
        "record_id": row["crm_id"],
        "name": name,
    }
    told = {"fields": json.dumps(fields), "before": "{}", "unread": json.dumps(sorted(fields))}
    return {**where, **told, "run": row["run"], "at": row["at"]}
