"""A row of the outbox: one change, how far it is, and the order in which it goes."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from cs_connector.act.plan import Planned
from cs_connector.ports import Action, Change
from cs_connector.store.tables import outbox

PLANNED, INFLIGHT, UNLINKED = "planned", "inflight", "unlinked"
_packed = msgspec.json.Encoder(order="deterministic").encode


class Line(NamedTuple):
    """The columns of the table, in its order; `name` is the key of the change."""

    key: str
    run: str
    place: int
    connection: str
    object: str
    source: str
    name: str
    action: str
    key_field: str | None
    record_id: str | None
    fields: dict[str, Any]
    before: dict[str, Any]
    associate: list[list[str]] | None
    payload_hash: str
    reason: str
    state: str
    attempt: int
    epoch: int
    at: datetime

    @property
    def change(self) -> Change:
        associate = tuple((kind, record) for kind, record in self.associate or ())
        return Change(
            self.connection,
            self.object,
            Action(self.action),
            self.name,
            self.fields,
            self.key_field,
            self.record_id,
            associate,
            self.reason,
        )

    @property
    def cleared(self) -> int:
        """How many fields it empties."""
        return sum(1 for n, value in self.fields.items() if value is None and self.before.get(n) is not None)


COLUMNS = tuple(outbox.c[name] for name in Line._fields)


def row_key(connection: str, object_name: str, key: str) -> str:
    return f"{connection}|{object_name}|{key}"


def line(planned: Planned, stamps: Collection[str], place: int, run: str, epoch: int, at: datetime) -> Line:
    """The row of a planned change."""
    return Line(
        row_key(planned.connection, planned.object, planned.key),
        run,
        place,
        planned.connection,
        planned.object,
        planned.source,
        planned.key,
        planned.action,
        planned.key_field,
        planned.record_id,
        planned.values,
        {name: was for name, was, _ in planned.fields},
        [list(pair) for pair in planned.associate] or None,
        payload(planned.values, stamps),
        planned.reason,
        PLANNED,
        0,
        epoch,
        at,
    )


def payload(values: Mapping[str, object], stamps: Collection[str]) -> str:
    """What tells one body from another; fields that say when something was written are no part of it."""
    body = {name: value for name, value in values.items() if name not in stamps}
    return hashlib.sha256(_packed(body)).hexdigest()[:32]


def read(rows: sa.CursorResult[Any]) -> list[Line]:
    return [Line._make(row) for row in rows]
