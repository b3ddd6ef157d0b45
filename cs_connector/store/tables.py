"""The tables of the state store. Times are UTC: aware in Python, without a zone in the database."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


JSON = sa.JSON(none_as_null=True)


class Utc(sa.TypeDecorator[datetime]):
    """A moment. Takes aware times only, so that a local time cannot slip in."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value if value is None else value.replace(tzinfo=UTC)


def _fresh() -> str:
    return uuid4().hex


def _text(name: str, *, empty: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=empty)


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, primary_key=True)


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)


def _count(name: str, *, empty: bool = False) -> sa.Column[int]:
    column: sa.Column[int] = sa.Column(name, sa.BigInteger, nullable=empty)
    return column if empty else sa.Column(name, sa.BigInteger, nullable=False, default=0)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, default=False)


def _moment(name: str, *, empty: bool = True) -> sa.Column[datetime]:
    return sa.Column(name, Utc, nullable=empty)


meta = sa.Table("meta", metadata, _key("name"), _text("value"))

connections = sa.Table(
    "connections", metadata,
    _key("name"), _text("crm"), _text("org_id"), _text("org_name", empty=True), _flag("sandbox"),
    _moment("pinned_at"),
)  # fmt: skip

tokens = sa.Table(
    "tokens", metadata,
    _key("connection"), sa.Column("sealed", sa.LargeBinary, nullable=False), _moment("saved_at"),
)  # fmt: skip

cursors = sa.Table(
    "cursors", metadata,
    _key("connection"), _key("object"),
    _text("cursor", empty=True), _moment("complete_to"), _text("run", empty=True),
    _count("epoch"), _moment("updated_at"),
)  # fmt: skip

# state: open (may grow), closed (full), folded (its records are in facts)
segments = sa.Table(
    "segments", metadata,
    _id(), _text("connection"), _text("object"), _text("run"), sa.Column("path", sa.Text, unique=True, nullable=False),
    _count("offset"), _count("records"), _text("state"), _count("epoch"), _moment("at"),
    sa.Index(None, "connection", "object", "state"),
)  # fmt: skip

manifest = sa.Table(
    "manifest", metadata,
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
    _moment("at", empty=False), _text("run", empty=True),
)  # fmt: skip

# a file is live in every version from `added` up to, not including, `removed`; holds: one of views.Holds
manifest_files = sa.Table(
    "manifest_files", metadata,
    _id(), _text("dataset"), sa.Column("path", sa.Text, unique=True, nullable=False),
    _count("rows"), _count("bytes"), _count("added"), _count("removed", empty=True),
    sa.Column("holds", sa.Text, nullable=False, default="", server_default=""),
    sa.Index(None, "dataset", "removed"),
)  # fmt: skip

reader_leases = sa.Table(
    "reader_leases", metadata, _id(), _count("version"), _moment("until", empty=False)
)  # fmt: skip

# live: how many records are there and not deleted, as far as we have read; null where nobody counted yet
feeds = sa.Table(
    "feeds", metadata,
    _key("connection"), _key("object"), _flag("complete"), _moment("watermark"), _count("live", empty=True),
)  # fmt: skip

# the fields of an object as its CRM last described them: name → type
shapes = sa.Table(
    "shapes", metadata,
    _key("connection"), _key("object"), sa.Column("fields", JSON, nullable=False), _moment("seen_at"),
)  # fmt: skip

# what all processes together may call: when a bucket is free again, and the vendor's word on the day
limits = sa.Table(
    "limits", metadata,
    _key("connection"), _key("bucket"), _moment("free_at"), _moment("paused_until"),
    _count("allowed", empty=True), _count("left", empty=True), _moment("heard_at"),
)  # fmt: skip

runs = sa.Table(
    "runs", metadata,
    _key("id"), _text("job"), sa.Column("as_of", sa.Date), _moment("started_at"), _moment("finished_at"),
    _text("status"), sa.Column("exit", sa.Integer), sa.Column("summary", JSON),
)  # fmt: skip

# state: planned, inflight, done, failed, superseded
outbox = sa.Table(
    "outbox", metadata,
    _key("key"), _text("run"), _text("connection"), _text("object"), _text("action"),
    _text("key_field", empty=True), _text("record_id", empty=True),
    sa.Column("fields", JSON, nullable=False), sa.Column("associate", JSON),
    _text("payload_hash"), _text("reason", empty=True), _text("state"),
    sa.Column("attempt", sa.Integer, nullable=False, default=0), _count("epoch"),
    _text("crm_id", empty=True), _text("code", empty=True), _text("message", empty=True), _moment("at"),
    sa.Index(None, "state"),
)  # fmt: skip

receipts = sa.Table(
    "receipts", metadata,
    _id(), _text("run"), _text("connection"), _text("object"), _text("key"), _text("verdict"),
    _text("record_id", empty=True), _text("code", empty=True), _text("message", empty=True),
    sa.Column("before", JSON), sa.Column("after", JSON), _moment("at"),
    sa.Index(None, "run"), sa.Index(None, "key"),
)  # fmt: skip

# state: open, closed, held
calls = sa.Table(
    "calls", metadata,
    sa.Column("id", sa.Text, primary_key=True, default=_fresh),
    sa.Column("key", sa.Text, unique=True, nullable=False),
    _text("rule"), _text("account_id"), _text("relationship_id", empty=True), _text("type", empty=True),
    _text("owner_user_id", empty=True), sa.Column("episode", sa.Integer, nullable=False, default=1),
    _text("state"), _text("reason", empty=True), _text("priority", empty=True),
    sa.Column("due_on", sa.Date), sa.Column("opened_on", sa.Date), sa.Column("closed_on", sa.Date),
    _text("closed_why", empty=True), sa.Column("sent", JSON),
    _text("connection", empty=True), _text("record_id", empty=True),
    sa.Index(None, "state"), sa.Index(None, "account_id"),
)  # fmt: skip

# state: open, retried, dropped
quarantine = sa.Table(
    "quarantine", metadata,
    _id(), _text("run"), _text("connection"), _text("object"), _text("record_id", empty=True), _text("stage"),
    _text("code"), _text("reason"), _moment("at"), _text("state"),
    sa.Index(None, "state", "connection", "object"),
)  # fmt: skip

# action: link, unlink; a ref is connection|object|id, the smaller one left
decisions = sa.Table(
    "decisions", metadata,
    _key("entity"), _key("left_ref"), _key("right_ref"), _text("action"), _text("reason", empty=True),
    _text("who", empty=True), _moment("at"),
)  # fmt: skip

leases = sa.Table(
    "leases", metadata, _key("name"), _text("holder", empty=True), _count("epoch"), _moment("until")
)  # fmt: skip

stages = sa.Table(
    "stages", metadata, _key("name"), _text("digest"), _text("run", empty=True), _moment("at")
)  # fmt: skip
