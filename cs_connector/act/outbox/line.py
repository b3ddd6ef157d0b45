"""A row of the outbox: one change, how far it is, and the order in which it goes."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec.structs import astuple

from cs_connector.act.plan import Planned
from cs_connector.ports import Action, Change
from cs_connector.store.tables import outbox

PLANNED, INFLIGHT, UNLINKED = "planned", "inflight", "unlinked"
EMPTY = msgspec.Raw(b"{}")
_ACTIONS = {action.value: action for action in Action}
_packed = msgspec.json.Encoder(order="sorted").encode
_values = msgspec.json.Decoder(dict[str, Any]).decode


class Line(msgspec.Struct, gc=False, array_like=True):
    """The columns of the table, in its order, then the parcel in which it still is and what is known without looking.

    `name` is the key of the change, `clears` whether it empties a field, None where it was read from the table; `known` are the
    values, once somebody asked.

    `fields` and `before` are JSON objects with sorted names, packed once: the very text goes into the audit and into `written`.
    """

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
    fields: msgspec.Raw
    before: msgspec.Raw
    associate: list[list[str]] | None
    payload_hash: str
    reason: str
    state: str
    attempt: int
    epoch: int
    at: datetime
    parcel: int | None = None
    clears: bool | None = None
    known: dict[str, Any] | None = None

    @property
    def values(self) -> dict[str, Any]:
        """What is written, by field."""
        if self.known is None:
            self.known = _values(self.fields)
        return self.known

    @property
    def was(self) -> dict[str, Any]:
        """What the plan found there, by field."""
        return _values(self.before)

    @property
    def change(self) -> Change:
        associate = tuple((kind, record) for kind, record in self.associate or ())
        return Change(
            self.connection,
            self.object,
            _ACTIONS[self.action],
            self.name,
            self.values,
            self.key_field,
            self.record_id,
            associate,
            self.reason,
        )

    @property
    def cleared(self) -> bool:
        """Whether it empties a field."""
        if self.clears is not None:
            return self.clears
        was = self.was
        return any(value is None and was.get(name) is not None for name, value in self.values.items())

    @property
    def linking(self) -> bool:
        """Whether its record is there, and only to be linked."""
        return bool(self.associate) and self.record_id is not None and not self.values


_TEXTS = ("fields", "before")
_NAMES = Line.__struct_fields__[:-3]
_FIRST, _BEHIND = _NAMES.index(_TEXTS[0]), _NAMES.index(_TEXTS[-1]) + 1
COLUMNS = tuple(
    sa.type_coerce(outbox.c[name], sa.Text) if name in _TEXTS else outbox.c[name] for name in _NAMES
)


def columns(line: Line) -> tuple[Any, ...]:
    """The row of the table."""
    return astuple(line)[: len(_NAMES)]


def row_key(connection: str, object_name: str, key: str) -> str:
    return f"{connection}|{object_name}|{key}"


def line(planned: Planned, stamps: Collection[str], place: int, run: str, epoch: int, at: datetime) -> Line:
    """The row of a planned change."""
    values = planned.values
    fields = _packed(values)
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
        msgspec.Raw(fields),
        msgspec.Raw(_packed({name: was for name, was, _ in planned.fields})),
        [list(pair) for pair in planned.associate] or None,
        payload(values, stamps) if stamps else _digest(fields),
        planned.reason,
        PLANNED,
        0,
        epoch,
        at,
        clears=None in values.values() and any(to is None is not was for _, was, to in planned.fields),
    )


def payload(values: Mapping[str, object], stamps: Collection[str]) -> str:
    """What tells one body from another; fields that say when something was written are no part of it."""
    body = {name: value for name, value in values.items() if name not in stamps}
    return _digest(_packed(body))


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:32]


def read(rows: sa.CursorResult[Any]) -> list[Line]:
    """The rows of a query on COLUMNS."""
    return [
        Line(*row[:_FIRST], *map(msgspec.Raw, row[_FIRST:_BEHIND]), *row[_BEHIND:]) for row in rows.fetchall()
    ]
