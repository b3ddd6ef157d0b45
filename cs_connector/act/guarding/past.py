"""Plans that were applied: what they changed, and under which files. What is usual is told by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import median

import sqlalchemy as sa

from cs_connector.store.tables import applied_plans

LOOKED_AT = 10  # plans back
ENOUGH = 5  # fewer do not tell what is usual
Figures = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Past:
    """The figures of the last applied plans, newest first: connection → rule → figure.

    `files` are the declarations of the newest one, name → digest.
    """

    figures: tuple[Figures, ...] = ()
    files: Mapping[str, str] | None = None

    def usual(self, connection: str, rule: str) -> float | None:
        """The median of a figure; None where too few plans tell it."""
        told = [figures[connection][rule] for figures in self.figures if rule in figures.get(connection, {})]
        return median(told) if len(told) >= ENOUGH else None

    def began(self, connection: str, rule: str) -> bool:
        """Whether a figure was ever more than nothing."""
        return any(figures.get(connection, {}).get(rule) for figures in self.figures)

    def changed(self, files: Mapping[str, str]) -> list[str]:
        """The declarations that are not as they were in the newest plan; all is as it was where there is none."""
        if self.files is None:
            return []
        return sorted(n for n in {*files, *self.files} if files.get(n) != self.files.get(n))


def read(db: sa.Connection) -> Past:
    newest = sa.select(applied_plans).order_by(applied_plans.c.id.desc()).limit(LOOKED_AT)
    rows = db.execute(newest).all()
    return Past(tuple(row.figures for row in rows), rows[0].files if rows else None)


def keep(db: sa.Connection, run: str, files: Mapping[str, str], figures: Figures, at: datetime) -> None:
    """Put an applied plan on record, and let go of those that nobody looks at any more."""
    db.execute(sa.insert(applied_plans).values(run=run, files=dict(files), figures=figures, at=at))
    last = sa.select(applied_plans.c.id).order_by(applied_plans.c.id.desc()).offset(LOOKED_AT).limit(1)
    oldest = db.scalar(last)
    if oldest is not None:
        db.execute(sa.delete(applied_plans).where(applied_plans.c.id <= oldest))


def unharmed(db: sa.Connection, files: Mapping[str, str]) -> None:
    """Put on record that these files would have written nothing: a change in them is not behind what comes later."""
    newest = sa.select(sa.func.max(applied_plans.c.id)).scalar_subquery()
    db.execute(sa.update(applied_plans).where(applied_plans.c.id == newest).values(files=dict(files)))
