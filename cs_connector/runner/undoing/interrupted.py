"""An undo that was cut short: what it had still to do is no wish of any plan, so that only another undo does the rest."""

from __future__ import annotations

import sqlalchemy as sa

from cs_connector.store.tables import outbox, parcels, runs, undone


def rest(run: str) -> str:
    """What becomes of the rest, and the way to it."""
    return f"lets the rest go: take that back with: cs-connector undo {run}"


def left(db: sa.Connection) -> list[str]:
    """The runs of which an undo has left something in the outbox, those that are still known."""
    there = sa.union(sa.select(outbox.c.run), sa.select(parcels.c.run))
    query = sa.select(undone.c.run).join(runs, runs.c.id == undone.c.by_run)
    return sorted(db.scalars(query.where(undone.c.by_run.in_(there))))
