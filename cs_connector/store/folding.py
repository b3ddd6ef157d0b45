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
from .drafts import Draft
from .facts import Facts
from .leases import Lease
from .newest import Holds, Part
from .state import State
from .tables import segments
from .versions import raw
from .versions.firsts import Firsts, Pages
from .versions.laters import Laters

LITTLE = 4_000_000  # bytes of landed pages, packed, that are kept in memory at once


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
    state: State,
    facts: Facts,
    connection: str,
    object_name: str,
    run: str,
    lease: Lease | None = None,
    draft: Draft | None = None,
) -> Fold:
    """Publish what was landed for an object, by this run or by one that was killed.

    May be repeated after a kill at any point: segments and rows are settled in one transaction. A `draft` that holds
    just what was landed is used, any other is thrown away.
    Raises FencedOut when the lease was lost, StoreError for a damaged segment.
    """
    waiting, dataset = _waiting(state, connection, object_name), f"raw/{connection}/{object_name}"
    parts = facts.parts(dataset) if waiting else []
    if draft and (parts or not draft.holds({s.id: s.offset for s in waiting if s.offset})):
        draft.firsts.discard()
        draft = None
    if not waiting:
        return Fold()
    staged = draft.firsts.target if draft else facts.stage(dataset)
    counts = Fold()
    if any(s.offset for s in waiting):
        pages = partial(_pages, facts, waiting)
        counts = (
            _later(facts, _near(pages, waiting), parts, staged)
            if parts
            else _first(facts, pages, staged, draft)
        )
    rows = {dataset: [staged]} if counts.read > counts.unchanged else None
    settle = partial(_settle, waiting=waiting, born=counts.born, first=not parts)
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


def _later(facts: Facts, pages: Pages, parts: Sequence[Part], target: Path) -> Fold:
    """Compare with what is known and write the differences to `target`, if there are any."""
    laters = Laters(pages, newest.living(parts), facts.state.clock.now())
    laters.compare()
    different = laters.new + laters.changed + laters.deleted
    if different:
        laters.write(target)
    same = laters.read - different
    return Fold(laters.read, laters.new, laters.changed, same, laters.deleted, laters.born)


def _first(facts: Facts, pages: Pages, target: Path, draft: Draft | None) -> Fold:
    """Nothing is known, so there is nothing to compare."""
    if draft:
        firsts = draft.firsts
    else:
        firsts = Firsts(target, facts.state.clock.now())
        for page in pages():
            firsts.add(page)
    firsts.finish(pages)
    living = firsts.read - firsts.stale - firsts.deleted
    return Fold(firsts.read, living, 0, firsts.stale, firsts.deleted, living)


def _near(pages: Pages, waiting: Sequence[_Segment]) -> Pages:
    """The landed pages, as often as they are wanted: few are kept in memory, many are read each time."""
    if sum(segment.offset for segment in waiting) > LITTLE:
        return pages
    held = list(pages())
    return lambda: held


def _pages(facts: Facts, waiting: Sequence[_Segment]) -> Iterator[pa.RecordBatch]:
    for segment in waiting:
        if segment.offset:
            with facts.store_files.open(segment.path) as file:
                yield from map(raw.readable, frames.decode(file, segment.offset))


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
