"""Pages of records whose fields are shown as the table holds them: drawn at once, and kept as bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from cs_connector.sandbox.pages import Pages

from .children import Found
from .rows import Row, Table
from .schema import Field

_encode = msgspec.json.Encoder().encode


class Shower:
    """A page is kept where it follows from the table alone; it is good for one version of the table."""

    def __init__(self) -> None:
        self._pages = Pages()

    def show(self, table: Table, found: Found, head: bytes, first: int, last: int) -> bytes | None:
        """A whole answer, of which `head` is all before the list of records.

        None where more is shown than the fields of one object, or not all records can be seen.
        """
        fields, source = found.shown.stored, found.source
        if fields is None or table.veils or table.hidden:
            return None
        key, state = (source, found.shown.url, found.every, head, first, last), (table.version, tuple(fields))
        known = self._pages.find(key, state)
        if known is not None:
            return known
        rows = _seen(table.page(found.ids, first, last), every=found.every)
        made = b"%b%b}" % (head, _rendered(found.object.name, found.shown.url, fields, rows))
        if source is not None and source[1] == table.version:
            self._pages.keep(key, state, made)
        return made


def _rendered(name: str, url: str, fields: Sequence[Field], rows: Iterable[Row]) -> bytes:
    names, absent = [field.name for field in fields], [field.absent for field in fields]
    head, make, raw = f'{{"type":"{name}","url":"{url}/{name}/', _shape(tuple(names)), msgspec.Raw
    return _encode(
        [make(raw(f'{head}{row["Id"]}"}}'.encode()), *map(row.get, names, absent)) for row in rows]
    )


@lru_cache(maxsize=256)
def _shape(names: tuple[str, ...]) -> Any:
    """A class whose instances are encoded quicker than dictionaries are."""
    return msgspec.defstruct("Shown", ["attributes", *names], gc=False)


def _seen(rows: Iterable[Row], *, every: bool) -> Iterable[Row]:
    if every:
        return rows
    return (row for row in rows if not (row.get("IsDeleted") or row.get("IsArchived")))
