"""Objects that a login may not read any more. Adapters pass over them as over those that a CRM's plan never had."""

from __future__ import annotations

import sqlalchemy as sa

from cs_connector.ports import Page
from cs_connector.runner.engine import Engine
from cs_connector.store import leases
from cs_connector.store.tables import feeds


def passed_over(page: Page) -> bool:
    """Whether the last page of an object does not say how far it was read: then it was not."""
    return page.done and page.complete_to is None


def names(engine: Engine, connection: str) -> list[str]:
    """The objects of which that is known since the last sync."""
    lost = (feeds.c.connection == connection) & feeds.c.watermark.is_not(None) & feeds.c.complete.is_(False)
    with engine.store.state.read() as db:
        return list(db.scalars(sa.select(feeds.c.object).where(lost).order_by(feeds.c.object)))


def note(engine: Engine, connection: str, name: str) -> None:
    """Where it could be read before, its feed counts as incomplete from now on, and each run says so. Raises FencedOut."""
    mine = (feeds.c.connection == connection) & (feeds.c.object == name)
    with engine.store.state.begin() as db:
        if engine.lease:
            leases.check(db, engine.lease)
        until = db.scalar(sa.select(feeds.c.watermark).where(mine))
        if until is None:
            return
        db.execute(sa.update(feeds).where(mine).values(complete=False))
    engine.summary.notes.append(
        f"{connection} {name} cannot be read any more, as it could until {until:%Y-%m-%d %H:%M} UTC: a permission was taken "
        "away, or the CRM's plan has it no longer. What is counted in it is unknown until it can be read again. "
        "Give the login the permission, or take the object out of the mapping"
    )
