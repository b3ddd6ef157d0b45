"""Neighbours of a plan lie in the outbox as one row, packed, as long as the same is true of all of them.

They are planned together, taken together and settled together; of which that is not true, it is opened into rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import Any

import msgspec
import sqlalchemy as sa
import zstandard

from cs_connector.store.rows import insert
from cs_connector.store.tables import outbox
from cs_connector.store.tables import parcels as table

from .line import COLUMNS, INFLIGHT, PLANNED, Line, columns, read

SIZE = 200  # changes: batches that adapters like hold so many or a multiple, and so hold whole parcels
SOME = 5  # parcels that are read at once
_NAMED = 500  # parcels of one statement
_LEVEL = 1
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Line]).decode


def keep(db: sa.Connection, parts: Sequence[Sequence[Line]]) -> None:
    """Put planned lines on record: every part, of one object and in its order, as one parcel."""
    pack = zstandard.ZstdCompressor(level=_LEVEL)
    insert(db, table, [_row(part, pack) for part in parts])


def _row(lines: Sequence[Line], pack: zstandard.ZstdCompressor) -> tuple[Any, ...]:
    one, last = lines[0], lines[-1]
    return (
        one.run, one.connection, one.object, one.place, last.place, len(lines), PLANNED, one.attempt, one.epoch, one.at,
        pack.compress(_encode(lines)),
    )  # fmt: skip


def planned(db: sa.Connection, run: str, place: int) -> list[list[Line]]:
    """The next few parcels of a run that are planned and lie behind a place, in their order."""
    mine = (table.c.run == run) & (table.c.state == PLANNED) & (table.c.first > place)
    return _opened(db.execute(sa.select(table).where(mine).order_by(table.c.first).limit(SOME)))


def fly(db: sa.Connection, batch: Sequence[Line], flying: dict[str, Any]) -> None:
    """The parcels that are whole in a batch are in flight; those of which only a part goes are opened."""
    held = Counter(line.parcel for line in batch if line.parcel is not None)
    known = dict(_sizes(db, held))
    whole = {parcel for parcel, count in held.items() if known.get(parcel) == count}
    for some in _few(sorted(whole)):
        more = flying | {"attempt": table.c.attempt + 1}
        db.execute(sa.update(table).where(table.c.id.in_(some)).values(more))
    unpack(db, known.keys() - whole)
    for line in batch:
        line.parcel = line.parcel if line.parcel in whole else None


def settle(db: sa.Connection, batch: Sequence[Line], stay: Collection[str]) -> None:
    """The parcels of a batch are done with; of the lines in them those that `stay`, by key, get rows of their own."""
    gone = {line.parcel for line in batch if line.parcel is not None}
    left = {line.key: line for some in _few(sorted(gone)) for line in _lines(db, some)} if stay else {}
    for some in _few(sorted(gone)):
        db.execute(sa.delete(table).where(table.c.id.in_(some)))
    insert(db, outbox, [columns(line) for key, line in left.items() if key in stay])


def unpack(db: sa.Connection, parcels: Collection[int] | None = None) -> None:
    """Open parcels, or all there are, into rows of their own."""
    ids = db.scalars(sa.select(table.c.id).order_by(table.c.id)).all() if parcels is None else sorted(parcels)
    for some in _few(ids):
        insert(db, outbox, [columns(line) for line in _lines(db, some)])
        db.execute(sa.delete(table).where(table.c.id.in_(some)))


def let_go(db: sa.Connection) -> int:
    """Drop parcels that are only planned; returns how many changes were in them."""
    mine = table.c.state == PLANNED
    count = db.scalar(sa.select(sa.func.sum(table.c.changes)).where(mine))
    db.execute(sa.delete(table).where(mine))
    return int(count or 0)


def waiting(db: sa.Connection) -> list[Line]:
    """Everything that is planned, in flight or still to be linked, by key."""
    rows = read(db.execute(sa.select(*COLUMNS)))
    return sorted([*rows, *chain(*_opened(db.execute(sa.select(table))))], key=lambda line: line.key)


def places(db: sa.Connection) -> set[tuple[str, str]]:
    """Connections of which something is left, each with its states; nothing is opened for it."""
    rows = sa.select(outbox.c.connection, outbox.c.state)
    return {(row[0], row[1]) for row in db.execute(rows.union(sa.select(table.c.connection, table.c.state)))}


def _lines(db: sa.Connection, ids: Sequence[int]) -> Iterator[Line]:
    return chain(*_opened(db.execute(sa.select(table).where(table.c.id.in_(ids)).order_by(table.c.first))))


def _sizes(db: sa.Connection, ids: Collection[int]) -> Iterator[tuple[int, int]]:
    for some in _few(sorted(ids)):
        rows = db.execute(sa.select(table.c.id, table.c.changes).where(table.c.id.in_(some)))
        yield from ((row.id, row.changes) for row in rows)


def _opened(rows: sa.CursorResult[Any]) -> list[list[Line]]:
    plain = zstandard.ZstdDecompressor()
    return [_in(row, _decode(plain.decompress(row.packed))) for row in rows.fetchall()]


def _in(row: Any, lines: list[Line]) -> list[Line]:
    """What is on record of a parcel is true of each of its lines."""
    for line in lines:
        line.parcel = row.id
        if row.state == INFLIGHT:
            line.state, line.attempt, line.epoch, line.at = row.state, row.attempt, row.epoch, row.at
    return lines


def _few(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """So many that a statement names them one by one."""
    return (ids[at : at + _NAMED] for at in range(0, len(ids), _NAMED))
