"""The start: when watching began, and which causes were there before tasks did."""

from __future__ import annotations

from datetime import date

import duckdb
import sqlalchemy as sa

from cs_connector.store.tables import baseline, meta

_SINCE = "observing since"


def watching(state: sa.Connection) -> date | None:
    """The first day on which a project only watched."""
    found = state.scalar(sa.select(meta.c.value).where(meta.c.name == _SINCE))
    return date.fromisoformat(found) if found else None


def watch(state: sa.Connection, day: date) -> date:
    """Note the first day of watching; gives it."""
    since = watching(state)
    if since is None:
        state.execute(sa.insert(meta).values(name=_SINCE, value=day.isoformat()))
    return since or day


def known(state: sa.Connection) -> frozenset[tuple[str, str]]:
    """Causes that were there at the start and have lasted since, as (relationship, type)."""
    rows = state.execute(sa.select(baseline.c.relationship_id, baseline.c.type))
    return frozenset((row[0], row[1]) for row in rows)


def keep(con: duckdb.DuckDBPyConnection, state: sa.Connection, day: date, *, live: bool) -> None:
    """Let go of the causes that are gone; while only watching, every cause that is there becomes one of the start.

    Reads `candidate` and `undecided`: what cannot be judged now is not gone.
    """
    there = {
        (row[0], row[1]) for row in con.execute("SELECT relationship_id, type FROM candidate").fetchall()
    }
    unsure = {row[0] for row in con.execute("SELECT relationship_id FROM undecided").fetchall()}
    before = known(state)
    for relationship, kind in sorted(before - there):
        if relationship not in unsure:
            mine = (baseline.c.relationship_id == relationship) & (baseline.c.type == kind)
            state.execute(sa.delete(baseline).where(mine))
    new = sorted(there - before) if not live else []
    if new:
        state.execute(
            sa.insert(baseline), [{"relationship_id": r, "type": kind, "since": day} for r, kind in new]
        )
