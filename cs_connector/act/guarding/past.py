"""Plans that were applied: what they changed, and under which files. What is usual is told by them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

import sqlalchemy as sa

from cs_connector.store.tables import applied_plans

LOOKED_AT = (
    10  # plans back, of each connection: one that is away meanwhile is guarded as before when it comes back
)
ENOUGH = 5  # fewer do not tell what is usual
Figures = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Past:
    """The figures of the last applied plans, newest first: connection → rule → figure.

    `files` are the declarations of the newest one, name → digest, and `latest` those of the newest of each connection.
    """

    figures: tuple[Figures, ...] = ()
    files: Mapping[str, str] | None = None
    latest: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def usual(self, connection: str, rule: str) -> float | None:
        """The median of a figure; None where too few plans tell it."""
        told = [figures[connection][rule] for figures in self.figures if rule in figures.get(connection, {})]
        return median(told) if len(told) >= ENOUGH else None

    def began(self, connection: str, rule: str) -> bool:
        """Whether a figure was ever more than nothing."""
        return any(figures.get(connection, {}).get(rule) for figures in self.figures)

    def changed(self, files: Mapping[str, str], connections: Iterable[str] = ("",)) -> list[str]:
        """The declarations that are not as they were in the newest plan of one of the connections.

        Of one without a plan the newest of all counts; all is as it was where there is none.
        """
        if self.files is None:
            return []
        told = [self.latest.get(name, self.files) for name in connections]
        return sorted({n for then in told for n in {*files, *then} if files.get(n) != then.get(n)})

    def oldest(self, connections: Collection[str]) -> Mapping[str, str] | None:
        """The declarations of the connection whose newest plan is longest ago."""
        told = [files for name, files in self.latest.items() if name in connections]
        return told[-1] if told else self.files


def read(db: sa.Connection) -> Past:
    rows = db.execute(sa.select(applied_plans).order_by(applied_plans.c.id.desc())).all()
    latest: dict[str, Mapping[str, str]] = {}
    for row in rows:
        latest |= {name: row.files for name in row.figures if name not in latest}
    return Past(tuple(_newest(row.figures for row in rows)), rows[0].files if rows else None, latest)


def _newest(figures: Iterable[Figures]) -> Iterator[Figures]:
    """Each without the connections of which enough newer plans tell; one that tells nothing is as old as the next."""
    seen: dict[str, int] = {}
    for each in figures:
        yield {n: told for n, told in each.items() if n not in seen or (told and seen[n] < LOOKED_AT)}
        seen |= {n: seen.get(n, 0) + bool(told) for n, told in each.items()}


def keep(db: sa.Connection, run: str, files: Mapping[str, str], figures: Figures, at: datetime) -> None:
    """Put an applied plan on record, and let go of those that nobody looks at any more."""
    db.execute(sa.insert(applied_plans).values(run=run, files=dict(files), figures=figures, at=at))
    columns = applied_plans.c.id, applied_plans.c.figures
    rows = db.execute(sa.select(*columns).order_by(applied_plans.c.id.desc())).all()
    left = list(_newest(row.figures for row in rows))
    gone = [row.id for row, told in zip(rows[LOOKED_AT:], left[LOOKED_AT:], strict=True) if not told]
    if gone:
        db.execute(sa.delete(applied_plans).where(applied_plans.c.id.in_(gone)))


def unharmed(
    db: sa.Connection, run: str, files: Mapping[str, str], connections: Iterable[str], at: datetime
) -> None:
    """Put on record that these files would have written nothing: a change in them is not behind what comes later.

    Only of these connections; their figures stay those of the plans that were written.
    """
    keep(db, run, files, {name: {} for name in connections}, at)
