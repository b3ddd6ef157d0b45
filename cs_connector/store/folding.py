"""From landed pages to facts: only what is new or different becomes a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa

from cs_connector.errors import StoreError

from . import frames, living, newest
from .facts import Facts
from .firsts import Firsts
from .laters import Laters
from .leases import Lease
from .newest import Holds
from .state import State
from .tables import segments


@dataclass(frozen=True, slots=True)
class Fold:
    """What the landed records were; `read` is the sum of the next four. `born` is by how much the living became more."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    born: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class _Segment:
    id: int
    connection: str
    object: str
    path: str
    offset: int


def fold(
    state: State, facts: Facts, connection: str, object_name: str, run: str, lease: Lease | None = None
) -> Fold:
    """Publish what was landed for an object, by this run or by one that was killed.

    May be repeated after a kill at any point: segments and rows are settled in one transaction.
    Raises FencedOut when the lease was lost, StoreError for a damaged segment.
    """
    waiting = _waiting(state, connection, object_name)
    if not waiting:
        return Fold()
    dataset = f"raw/{connection}/{object_name}"
    staged = facts.stage(dataset)
    first = not facts.files(dataset)
    counts = _write(facts, waiting, dataset, staged) if any(s.offset for s in waiting) else Fold()
    rows = {dataset: [staged]} if counts.read > counts.unchanged else None
    settle = partial(_settle, waiting=waiting, born=counts.born, first=first)
    facts.publish(run, append=rows, lease=lease, then=settle, holds=Holds.ONCE)
    if rows:
        facts.compact(dataset, lease)
    return counts


def _waiting(state: State, connection: str, object_name: str) -> list[_Segment]:
    here = (segments.c.connection == connection) & (segments.c.object == object_name)
    query = sa.select(segments).where(here, segments.c.state != "folded").order_by(segments.c.id)
    with state.read() as db:
        return [
            _Segment(row.id, row.connection, row.object, row.path, row.offset) for row in db.execute(query)
        ]


def _write(facts: Facts, waiting: Sequence[_Segment], dataset: str, target: Path) -> Fold:
    """Compare with what is known and write the differences to `target`, if there are any."""
    parts = facts.parts(dataset)
    if not parts:
        return _first(facts, waiting, target)
    laters = Laters(lambda: _pages(facts, waiting), newest.living(parts), facts.state.clock.now())
    laters.compare()
    different = laters.new + laters.changed + laters.deleted
    if different:
        laters.write(target)
    same = laters.read - different
    return Fold(laters.read, laters.new, laters.changed, same, laters.deleted, laters.born)


def _first(facts: Facts, waiting: Sequence[_Segment], target: Path) -> Fold:
    """Nothing is known, so there is nothing to compare."""
    firsts = Firsts(lambda: _pages(facts, waiting), facts.state.clock.now())
    firsts.write(target)
    living = firsts.read - firsts.stale - firsts.deleted
    return Fold(firsts.read, living, 0, firsts.stale, firsts.deleted, living)


def _pages(facts: Facts, waiting: Sequence[_Segment]) -> Iterator[pa.RecordBatch]:
    for segment in waiting:
        if segment.offset:
            with facts.store_files.open(segment.path) as file:
                yield from map(_readable, frames.decode(file, segment.offset))


def _readable(page: pa.RecordBatch) -> pa.RecordBatch:
    *short, payloads = page.columns
    return pa.RecordBatch.from_arrays([*short, _texts(payloads)], names=page.schema.names)


def _texts(payloads: pa.BinaryArray) -> pa.StringArray:
    """Bytes as text; what is not UTF-8 is replaced, so that one bad record cannot stop the others."""
    try:
        return payloads.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([p.decode("utf-8", "replace") for p in payloads.to_pylist()], pa.string())


def _settle(db: sa.Connection, waiting: Sequence[_Segment], born: int, *, first: bool) -> None:
    living.add(db, waiting[0].connection, waiting[0].object, born, first=first)
    for segment in waiting:
        same = (segments.c.id == segment.id) & (segments.c.offset == segment.offset)
        open_ = segments.c.state != "folded"
        if db.execute(segments.update().where(same, open_).values(state="folded")).rowcount != 1:
            raise StoreError(
                "records arrived while they were being folded",
                why="another process works on the same object",
                safe="nothing was published; the records are kept",
                fix="fold again when the other run has ended",
            )
