"""Looking things up in the audit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO

import msgspec
import sqlalchemy as sa

from cs_connector.store.tables import audit

_SOME = 2000
_Values = dict[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True)
class Question:
    """Which rows: of a run, of records (by their id or by our key), with a field, since a moment; None means any."""

    run: str | None = None
    records: frozenset[str] | None = None
    field: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One change that a CRM took. `before` is None where no record was known before."""

    id: int
    run: str
    at: datetime
    actor: str | None
    connection: str
    org_id: str | None
    object: str
    key: str
    record_id: str | None
    action: str
    verdict: str
    before: _Values | None
    after: _Values
    reason: str
    hash: str

    def document(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def rows(db: sa.Connection, question: Question) -> Iterator[Row]:
    """The rows that a question asks for, oldest first."""
    query = sa.select(*(audit.c[name] for name in Row.__slots__)).where(*_asked(question))
    for some in pages(db, query):
        yield from filter(lambda row: _touches(row, question.field), map(_row, some))


def pages(db: sa.Connection, query: sa.Select[Any], after: int = 0) -> Iterator[Sequence[Any]]:
    """The rows of a query on the audit behind a row, some at a time; may be left at any time."""
    ordered = query.order_by(audit.c.id).limit(_SOME)
    while some := db.execute(ordered.where(audit.c.id > after)).all():
        yield some
        after = some[-1].id


def _asked(question: Question) -> Iterator[sa.ColumnElement[bool]]:
    if question.run is not None:
        yield audit.c.run == question.run
    if question.records is not None:
        listed = sorted(question.records)
        yield audit.c.record_id.in_(listed) | audit.c.key.in_(listed)
    if question.since is not None:
        yield audit.c.at >= question.since


def _row(found: Any) -> Row:
    values = found._asdict()
    before = None if found.before is None else msgspec.json.decode(found.before, type=_Values)
    return Row(**values | {"before": before, "after": msgspec.json.decode(found.after, type=_Values)})


def _touches(row: Row, field: str | None) -> bool:
    return field is None or field in row.after or field in (row.before or {})


def export(db: sa.Connection, file: BinaryIO) -> int:
    """Write every row as a line of JSON, and say how many there are; `before` and `after` are the very text that was sealed."""
    count = 0
    for some in pages(db, sa.select(audit)):
        file.writelines(_line(found._asdict()) for found in some)
        count += len(some)
    return count


def _line(values: dict[str, Any]) -> bytes:
    told = {n: None if values[n] is None else msgspec.Raw(values[n].encode()) for n in ("before", "after")}
    return msgspec.json.encode({**values, **told}) + b"\n"
