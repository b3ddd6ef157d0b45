"""Pages of records whose fields are shown as the table holds them: drawn at once, and kept as bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from cs_connector.sandbox.blocks import Blocks
from cs_connector.sandbox.layout import Column, Part
from cs_connector.sandbox.pages import Pages
from cs_connector.sandbox.sheet import Look
from cs_connector.sandbox.wire import Body, Chain

from ..schema.schema import Field
from ..writing.rows import Row, Table
from .children import Found

_encode = msgspec.json.Encoder().encode


class Shower:
    """A page is kept where it follows from the table alone; it is good for one version of the table."""

    def __init__(self) -> None:
        self._pages, self._blocks = Pages(), Blocks()

    def ready(self) -> None:
        """Have memory at hand for pages that come from a file."""
        self._blocks.ready()

    def prepare(self, table: Table, found: Found) -> None:
        """Be ready for pages of what was found."""
        fields = found.shown.stored
        if fields and fields[0].name == "Id":
            table.warm(_parts(found, fields))

    def show(self, table: Table, found: Found, head: bytes, first: int, last: int) -> Body | None:
        """A whole answer, of which `head` is all before the list of records.

        None where more is shown than the fields of one object, or not all records can be seen.
        """
        fields, source = found.shown.stored, found.source
        if fields is None or table.veils or table.hidden:
            return None
        if (found.every or not table.gone) and fields[0].name == "Id":
            rows = table.ready(_parts(found, fields), found.ids, first, last)
            if rows is not None:
                return Chain(head + b"[", rows[:-1], b"]}")
        key, state = (source, found.shown.url, found.every, head, first, last), (table.version, tuple(fields))
        known = self._pages.find(key, state)
        if known is not None:
            return known
        made, laid = self._made(table, found, fields, head, (first, last))
        if not laid and source is not None and source[1] == table.version:
            self._pages.keep(key, state, made)
        return made

    def _made(
        self, table: Table, found: Found, fields: Sequence[Field], head: bytes, part: tuple[int, int]
    ) -> tuple[Body, bool]:
        """A page, and whether it lies ready in a file, so that it need not be kept."""
        if (found.every or not table.gone) and fields[0].name == "Id":
            look = _look(found, fields, head, self._blocks)
            drawn = table.drawn(look, found.ids, *part)
            if drawn is not None:
                return drawn, table.laid(look)
            stored = table.json(found.ids, *part)
            if stored is not None:
                return b"%b%b}" % (head, _sliced(found, fields, stored)), False
        rows = _seen(table.page(found.ids, *part), every=found.every)
        return b"%b%b}" % (head, _rendered(found, fields, rows)), False


def _look(found: Found, fields: Sequence[Field], head: bytes, blocks: Blocks) -> Look[Row]:
    """How an answer shows records of which Id is the first field."""

    def one(row: Row) -> bytes:
        return _rendered(found, fields, [row])[1:-1]

    return Look(_parts(found, fields), one, blocks, head + b"[", b"]}")


def _parts(found: Found, fields: Sequence[Field]) -> tuple[Part, ...]:
    """What each record is made of, of which Id is the first field."""
    parts = found.shown.parts
    if parts is None:
        columns = [Column(f.name, b',"%b":%b' % (f.name.encode(), _encode(f.absent))) for f in fields]
        parts = found.shown.parts = (b'{"attributes":' + _head(found).encode(), *columns, b"},")
    return parts


def _rendered(found: Found, fields: Sequence[Field], rows: Iterable[Row]) -> bytes:
    names, absent = [field.name for field in fields], [field.absent for field in fields]
    head, make, raw = _head(found), _shape(tuple(names)), msgspec.Raw
    return _encode(
        [make(raw(f'{head}{row["Id"]}"}}'.encode()), *map(row.get, names, absent)) for row in rows]
    )


def _sliced(found: Found, fields: Sequence[Field], stored: bytes) -> bytes:
    """The same from records as they are stored: what is not shown is skipped, and no value is read."""
    head, raw = _head(found).encode(), msgspec.Raw
    rows = _decoder(tuple((field.name, field.absent) for field in fields))(stored)
    for row in rows:
        row.attributes = raw(b'%b%b"}' % (head, bytes(row.Id)[1:-1]))
    return _encode(rows)


def _head(found: Found) -> str:
    """The begin of a record's attributes, up to its id."""
    return f'{{"type":"{found.object.name}","url":"{found.shown.url}/{found.object.name}/'


@lru_cache(maxsize=256)
def _shape(names: tuple[str, ...]) -> Any:
    """A class whose instances are encoded quicker than dictionaries are."""
    return msgspec.defstruct("Shown", ["attributes", *names], gc=False)


@lru_cache(maxsize=256)
def _decoder(fields: tuple[tuple[str, Any], ...]) -> Any:
    """Reads a JSON list of records into such a class, each value as the bytes that it is."""
    absent = [(name, msgspec.Raw, msgspec.Raw(_encode(value))) for name, value in fields]
    shape: Any = msgspec.defstruct(
        "Stored", [("attributes", msgspec.Raw, msgspec.Raw(b"{}")), *absent], gc=False
    )
    return msgspec.json.Decoder(list[shape]).decode


def _seen(rows: Iterable[Row], *, every: bool) -> Iterable[Row]:
    if every:
        return rows
    return (row for row in rows if not (row.get("IsDeleted") or row.get("IsArchived")))
