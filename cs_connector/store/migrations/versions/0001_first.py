"""The first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _reading()
    _facts()
    _working()
    _writing()


def _table(name: str, *columns: sa.Column[Any], unique: str | None = None) -> None:
    keys = [c.name for c in columns if c.primary_key]
    rules: list[sa.Constraint] = [sa.PrimaryKeyConstraint(*keys, name=f"pk_{name}")]
    if unique:
        rules.append(sa.UniqueConstraint(unique, name=f"uq_{name}_{unique}"))
    op.create_table(name, *columns, *rules)


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)


def _text(name: str, *, empty: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=empty)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _reading() -> None:
    _table(
        "meta",
        _key("name"), _text("value"),
    )  # fmt: skip
    _table(
        "connections",
        _key("name"), _text("crm"), _text("org_id"), _text("org_name", empty=True),
        sa.Column("sandbox", sa.Boolean, nullable=False), sa.Column("pinned_at", sa.DateTime),
    )  # fmt: skip
    _table(
        "tokens",
        _key("connection"), sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("saved_at", sa.DateTime),
    )  # fmt: skip
    _table(
        "cursors",
        _key("connection"), _key("object"), _text("cursor", empty=True),
        sa.Column("complete_to", sa.DateTime), _text("run", empty=True), _count("epoch"),
        sa.Column("updated_at", sa.DateTime),
    )  # fmt: skip
    _table(
        "segments",
        _id(), _text("connection"), _text("object"), _text("run"), _text("path"), _count("offset"),
        _count("records"), _text("state"), _count("epoch"), sa.Column("at", sa.DateTime),
        unique="path",
    )  # fmt: skip
    _index("segments", "connection", "object", "state")
    _table(
        "feeds",
        _key("connection"), _key("object"), sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("watermark", sa.DateTime),
    )  # fmt: skip
    _table(
        "quarantine",
        _id(), _text("run"), _text("connection"), _text("object"), _text("record_id", empty=True),
        _text("stage"), _text("code"), _text("reason"), sa.Column("at", sa.DateTime), _text("state"),
    )  # fmt: skip
    _index("quarantine", "state", "connection", "object")


def _facts() -> None:
    _table(
        "manifest",
        sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime, nullable=False), _text("run", empty=True),
    )  # fmt: skip
    _table(
        "manifest_files",
        _id(), _text("dataset"), _text("path"), _count("rows"), _count("bytes"), _count("added"),
        sa.Column("removed", sa.BigInteger),
        unique="path",
    )  # fmt: skip
    _index("manifest_files", "dataset", "removed")
    _table(
        "reader_leases",
        _id(), _count("version"), sa.Column("until", sa.DateTime, nullable=False),
    )  # fmt: skip
    _table(
        "stages",
        _key("name"), _text("digest"), _text("run", empty=True), sa.Column("at", sa.DateTime),
    )  # fmt: skip


def _working() -> None:
    _table(
        "runs",
        _key("id"), _text("job"), sa.Column("as_of", sa.Date), sa.Column("started_at", sa.DateTime),
        sa.Column("finished_at", sa.DateTime), _text("status"), sa.Column("exit", sa.Integer),
        sa.Column("summary", sa.JSON),
    )  # fmt: skip
    _table(
        "leases",
        _key("name"), _text("holder", empty=True), _count("epoch"), sa.Column("until", sa.DateTime),
    )  # fmt: skip
    _table(
        "calls",
        _key("id"), _text("key"), _text("rule"), _text("account_id"),
        _text("relationship_id", empty=True), _text("type", empty=True),
        _text("owner_user_id", empty=True), sa.Column("episode", sa.Integer, nullable=False),
        _text("state"), _text("reason", empty=True), _text("priority", empty=True),
        sa.Column("due_on", sa.Date), sa.Column("opened_on", sa.Date), sa.Column("closed_on", sa.Date),
        _text("closed_why", empty=True), sa.Column("sent", sa.JSON), _text("connection", empty=True),
        _text("record_id", empty=True),
        unique="key",
    )  # fmt: skip
    _index("calls", "account_id")
    _index("calls", "state")


def _writing() -> None:
    _table(
        "outbox",
        _key("key"), _text("run"), _text("connection"), _text("object"), _text("action"),
        _text("key_field", empty=True), _text("record_id", empty=True),
        sa.Column("fields", sa.JSON, nullable=False), sa.Column("associate", sa.JSON),
        _text("payload_hash"), _text("reason", empty=True), _text("state"),
        sa.Column("attempt", sa.Integer, nullable=False), _count("epoch"), _text("crm_id", empty=True),
        _text("code", empty=True), _text("message", empty=True), sa.Column("at", sa.DateTime),
    )  # fmt: skip
    _index("outbox", "state")
    _table(
        "receipts",
        _id(), _text("run"), _text("connection"), _text("object"), _text("key"), _text("verdict"),
        _text("record_id", empty=True), _text("code", empty=True), _text("message", empty=True),
        sa.Column("before", sa.JSON), sa.Column("after", sa.JSON), sa.Column("at", sa.DateTime),
    )  # fmt: skip
    _index("receipts", "key")
    _index("receipts", "run")
