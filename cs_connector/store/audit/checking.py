"""Is the audit what was written? Every row is sealed anew and compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

import sqlalchemy as sa

from cs_connector.store.tables import audit

from .book import Head, digest, stamp
from .checkpoint import Checkpoint, Sign, base
from .finding import pages

_SEALED = [c.name for c in audit.c if c.name not in ("id", "run", "at", "prev", "hash")]


@dataclass(frozen=True, slots=True)
class Wrong:
    """The first row that is not as it was written, and what was found there."""

    row: int
    what: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What came out: rows `first` to `last` were looked at, up to `sealed` they are what the checkpoint says."""

    rows: int
    first: int
    last: int
    sealed: int | None
    wrong: Wrong | None


def verify(db: sa.Connection, sign: Sign, known: Checkpoint | None) -> Verified:
    """Walk the whole chain, from where it was pruned; `known` is a checkpoint that was kept elsewhere."""
    start = base(db)
    wrong = _start(db, start, sign) or (_signature(known, sign) if known else None)
    last, count = Head(start.row, start.hash), 0
    for row in _rows(db, start.row) if wrong is None else ():
        wrong = _row(row, last, known)
        if wrong:
            break
        last, count = Head(row.id, row.hash), count + 1
    if wrong is None and known and last.id < known.row:
        wrong = Wrong(
            last.id + 1,
            f"{_rows_to(last.id + 1, known.row)} taken away from the end since the checkpoint of {known.at}",
        )
    sealed = known.row if known and wrong is None else None
    return Verified(count, start.row + 1, last.id, sealed, wrong)


def _rows(db: sa.Connection, after: int) -> Iterator[Any]:
    return chain.from_iterable(pages(db, sa.select(audit), after))


def _start(db: sa.Connection, start: Checkpoint, sign: Sign) -> Wrong | None:
    first = db.scalar(sa.select(sa.func.min(audit.c.id)))
    if start.row and not start.signed(sign):
        return Wrong(start.row, "the checkpoint of the pruning is not signed with this vault's key")
    if first is not None and first <= start.row:
        return Wrong(first, "a row was inserted before the point up to which the audit was pruned")
    return None


def _signature(known: Checkpoint, sign: Sign) -> Wrong | None:
    if known.signed(sign):
        return None
    return Wrong(known.row, "the checkpoint was changed, or signed with the key of another vault")


def _row(row: Any, last: Head, known: Checkpoint | None) -> Wrong | None:
    """What is wrong with a row, given the one before it."""
    if row.id != last.id + 1:
        return Wrong(last.id + 1, f"{_rows_to(last.id + 1, row.id - 1)} taken away")
    if row.hash != digest(row.prev, row.id, row.run, stamp(row.at), *(getattr(row, n) for n in _SEALED)):
        return Wrong(row.id, "the row was changed, inserted or moved here: it is not what its seal says")
    if row.prev != last.hash:
        return Wrong(
            row.id,
            "the row does not go with the one before it: one of the two was changed, inserted or moved",
        )
    if known and row.id == known.row and row.hash != known.hash:
        return Wrong(
            row.id,
            f"this row or one before it was changed and all were sealed anew after the checkpoint of {known.at}",
        )
    return None


def _rows_to(first: int, last: int) -> str:
    return f"row {first:,} was" if first == last else f"rows {first:,} to {last:,} were"
