"""The tables of the state store. Times are UTC: aware in Python, without a zone in the database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
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


class Packed(sa.TypeDecorator[Any]):
    """JSON as text: read and written by the thousand."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        return None if value is None else msgspec.json.decode(value)


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
    _text("status"), sa.Column("exit", sa.Integer), sa.Column("summary", JSON), _text("actor", empty=True),
    _text("config_hash", empty=True),
)  # fmt: skip

# what is planned and not answered yet; key: connection|object|name, name: the key of the change;
# place: the order in which it is sent; state: planned, inflight (sent, and no answer on record), unlinked (there, and still to
# be linked)
outbox = sa.Table(
    "outbox", metadata,
    _key("key"), _text("run"), _count("place"), _text("connection"), _text("object"), _text("source"), _text("name"),
    _text("action"), _text("key_field", empty=True), _text("record_id", empty=True),
    sa.Column("fields", Packed, nullable=False), sa.Column("before", Packed, nullable=False),
    sa.Column("associate", Packed), _text("payload_hash"), _text("reason", empty=True), _text("state"),
    _count("attempt"), _count("epoch"), _moment("at"),
    sa.Index(None, "state"), sa.Index(None, "run", "place"),
)  # fmt: skip

# neighbours of a plan that are planned or in flight together, as one row; whatever must be told apart is opened into rows of the
# outbox; first, last: their places; packed: see act.outbox.parcels
parcels = sa.Table(
    "parcels", metadata,
    _id(), _text("run"), _text("connection"), _text("object"), _count("first"), _count("last"), _count("changes"),
    _text("state"), _count("attempt"), _count("epoch"), _moment("at", empty=False),
    sa.Column("packed", sa.LargeBinary, nullable=False),
)  # fmt: skip

# what an answer says beside the row of the audit: all of it for what was not taken
receipts = sa.Table(
    "receipts", metadata,
    _id(), _text("run"), _text("connection"), _text("object"), _text("key"), _text("verdict"),
    _text("record_id", empty=True), _text("code", empty=True), _text("message", empty=True), _moment("at"),
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
    _text("outcome", empty=True), sa.Column("cleared_on", sa.Date),
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

# what CRMs took, in order, without a gap; before, after: JSON objects, by field (see store.audit)
audit = sa.Table(
    "audit", metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("run"), _moment("at", empty=False), _text("actor", empty=True),
    _text("connection"), _text("org_id", empty=True), _text("object"), _text("key"), _text("record_id", empty=True),
    _text("action"), _text("verdict"), _text("before", empty=True), _text("after"), _text("reason"),
    _text("prev"), _text("hash"),
    sa.Index(None, "run"), sa.Index(None, "record_id"),
)  # fmt: skip

# runs that were taken back, by which run, and under which configuration they had written: it would write the same again
undone = sa.Table(
    "undone", metadata,
    _key("run"), _text("by_run"), _text("config_hash", empty=True), _moment("at", empty=False),
)  # fmt: skip

# the stop of all writes: the last row counts
write_stops = sa.Table(
    "write_stops", metadata,
    _id(), _flag("stopped"), _text("reason", empty=True), _text("who"), _moment("at", empty=False),
)  # fmt: skip

# orgs that a person let us write to
approved_orgs = sa.Table(
    "approved_orgs", metadata,
    _key("connection"), _key("org_id"), _text("reason", empty=True), _text("who"), _moment("at", empty=False),
)  # fmt: skip

# plans that a person let through although limits stopped them; limits: [{connection, rule, figure, limit}]
approved_plans = sa.Table(
    "approved_plans", metadata,
    _key("plan"), _text("digest"), _text("reason"), _text("who"), sa.Column("limits", JSON, nullable=False),
    _moment("at", empty=False),
)  # fmt: skip

# plans that were applied; files: name → digest of every declaration; figures: connection → rule → figure
applied_plans = sa.Table(
    "applied_plans", metadata,
    _id(), _text("run"), sa.Column("files", JSON, nullable=False), sa.Column("figures", JSON, nullable=False),
    _moment("at", empty=False),
    sa.Index(None, "run"),
)  # fmt: skip

# the fields, objects and views that we put into a CRM, as we last asked for them; state: asked (no answer yet), made
provisioned = sa.Table(
    "provisioned", metadata,
    _id(), _text("connection"), _text("org_id"), _text("kind"), _text("name"), _text("part"),
    sa.Column("body", JSON, nullable=False), _text("state"), _text("run"), _moment("at", empty=False),
    sa.UniqueConstraint("connection", "org_id", "kind", "name"),
)  # fmt: skip

# what each record was last told by us, by field; unread: the names of those that were not read back yet; before: what stood in those
# of which the audit has digests only
written = sa.Table(
    "written", metadata,
    _key("connection"), _key("object"), _key("record_id"), _text("name"),
    sa.Column("fields", Packed, nullable=False), sa.Column("before", Packed, nullable=False), sa.Column("unread", Packed),
    _text("run"), _moment("at", empty=False),
    sa.Index(None, "connection", "object"),  # where unread is not null, as the migration says: to say it here, too, loads all of PostgreSQL
)  # fmt: skip

# changes that are not sent as long as nothing changes; key as in the outbox; stage: write (the CRM refused it), check (we did,
# and look again each time)
refused = sa.Table(
    "refused", metadata,
    _key("key"), _text("connection"), _text("object"), _text("name"), _text("record_id", empty=True), _text("stage"),
    _text("payload_hash"), _text("config_hash"), _text("code"), _text("reason"), _text("run"), _moment("at", empty=False),
)  # fmt: skip

# what adapters keep for their next life
notes = sa.Table(
    "notes", metadata,
    _key("connection"), _key("name"), _text("value"), _moment("at", empty=False),
)  # fmt: skip

# what each rule read of a relationship on the last two days of looking; a row without a rule says that somebody looked
readings = sa.Table(
    "readings", metadata,
    _key("rule"), _key("relationship_id"), sa.Column("on_date", sa.Date, primary_key=True),
    _flag("held"), _flag("settled"),
)  # fmt: skip

# causes that were there before tasks began, as long as they last
baseline = sa.Table(
    "baseline", metadata,
    _key("relationship_id"), _key("type"), sa.Column("since", sa.Date, nullable=False),
)  # fmt: skip

# calls that the last round did not open, and why
held_back = sa.Table(
    "held_back", metadata,
    _key("relationship_id"), _key("rule"), _text("account_id"), _text("name", empty=True), _text("why"),
    sa.Column("arr", sa.Numeric(18, 2)), _text("currency", empty=True),
)  # fmt: skip
