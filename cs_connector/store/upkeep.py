"""Keeping the facts small: merging files, and removing what nobody needs any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import duckdb
import sqlalchemy as sa

from .facts import Facts, alive, current
from .leases import Lease
from .newest import Holds, Part, layered, living
from .tables import manifest, manifest_files, reader_leases, segments

MOST_FILES = 32
DELTA = 0.1  # share of the rows outside the largest file
KEPT = timedelta(days=7)
SEGMENTS_KEPT = timedelta(days=30)
ORPHAN = 86_400.0  # seconds a file may wait to be published


def compact(facts: Facts, dataset: str, lease: Lease | None) -> bool:
    """Merge when there are more than MOST_FILES files, or more than a DELTA of rows in small ones.

    Where each file has its ids once, so has the merged one, and the rows that were overtaken go into a file of the past.
    """
    old = facts.parts(dataset)
    if not _many(_sizes(facts, dataset)):
        return False
    new = _merged(facts, dataset, old)
    if facts.swap("compact", dataset, [part.path for part in old], new, lease):
        return True
    for part in new:
        part.path.unlink()
    return False


def _many(rows: Sequence[int]) -> bool:
    small = sum(rows) - max(rows, default=0)
    return len(rows) > 1 and (len(rows) > MOST_FILES or small > DELTA * sum(rows))


def _merged(facts: Facts, dataset: str, old: Sequence[Part]) -> list[Part]:
    from .versions import merging  # Arrow is heavy, and merging is rare

    if not layered(old):
        every = Part(facts.stage(dataset), Holds.ANY)
        merging.together([part.path for part in old], every.path)
        return [every]
    current, past = Part(facts.stage(dataset), Holds.ONCE), Part(facts.stage(dataset), Holds.PAST)
    before = [part.path for part in old if part.holds is Holds.PAST]
    merging.apart(living(old), before, current.path, past.path)
    return [current, past]


def bound(con: duckdb.DuckDBPyConnection) -> None:
    """Keep DuckDB to a part of a small machine; what does not fit goes to its temporary files."""
    con.execute("SET memory_limit = '2GB'")
    con.execute("SET preserve_insertion_order = false")


def collect(facts: Facts) -> int:
    """Forget old versions, then remove the files that no version names."""
    now = facts.state.clock.now()
    with facts.state.begin() as db:
        db.execute(reader_leases.delete().where(reader_leases.c.until <= now))
        gone = [*_forget(db, _needed(db, now)), *_expire(db, now)]
    orphans = _orphans(facts)
    for each in (*gone, *orphans):
        facts.store_files.unlink(each)
    return len(gone) + len(orphans)


def _needed(db: sa.Connection, now: datetime) -> int:
    """The oldest version that someone may still read."""
    past = sa.select(sa.func.max(manifest.c.version)).where(manifest.c.at <= now - KEPT)
    pinned = db.scalar(sa.select(sa.func.min(reader_leases.c.version)))
    oldest = int(db.scalar(past) or 0)
    return oldest if pinned is None else min(oldest, pinned)


def _forget(db: sa.Connection, needed: int) -> list[str]:
    """Drop the files that were removed by then, and older versions; returns the files' names."""
    db.execute(manifest.delete().where(manifest.c.version < min(needed, current(db))))
    return _drop(db, manifest_files, manifest_files.c.removed <= needed)


def _expire(db: sa.Connection, now: datetime) -> list[str]:
    return _drop(db, segments, (segments.c.state == "folded") & (segments.c.at < now - SEGMENTS_KEPT))


def _drop(db: sa.Connection, table: sa.Table, which: sa.ColumnElement[bool]) -> list[str]:
    paths = list(db.scalars(sa.select(table.c.path).where(which)))
    db.execute(table.delete().where(which))
    return paths


def _orphans(facts: Facts) -> list[str]:
    """Files that no row names; a new one may be about to be published and stays a day.

    Ages are counted on the clock of the disk, which is the one that dated the files.
    """
    files = facts.store_files
    with facts.state.read() as db:
        known = {*db.scalars(sa.select(manifest_files.c.path)), *db.scalars(sa.select(segments.c.path))}
    probe = files.locate(f"{uuid4().hex}.probe")
    probe.touch()
    now = probe.stat().st_mtime
    probe.unlink()
    names = [n for part in ("data", "segments") for n in files.list(part) if n not in known]
    return [n for n in names if now - files.locate(n).stat().st_mtime > ORPHAN]


def _sizes(facts: Facts, dataset: str) -> list[int]:
    """The rows of each file but those of the past, which are read by nobody who wants what is now."""
    live = (manifest_files.c.dataset == dataset) & (manifest_files.c.holds != Holds.PAST.value)
    query = sa.select(manifest_files.c.rows).where(live, alive(None))
    with facts.state.read() as db:
        return [int(n) for n in db.scalars(query)]
