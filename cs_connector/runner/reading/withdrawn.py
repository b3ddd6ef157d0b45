"""Objects that a login may not read any more. Adapters pass over them as over those that a CRM's plan never had."""

from __future__ import annotations

import sqlalchemy as sa

from cs_connector.ports import Page
from cs_connector.runner.engine import Engine
from cs_connector.store import leases
from cs_connector.store.tables import feeds

_NEVER = (
    "{name} is not there for this login, so nothing of it is read: the CRM's plan does not have it, its feature is off, or a "
    "permission was never given. Where it should be there, give the login the permission, and the next run reads all of it"
)


def passed_over(page: Page) -> bool:
    """Whether the last page of an object does not say how far it was read: then it was not."""
    return page.done and page.complete_to is None


def names(engine: Engine, connection: str) -> list[str]:
    """The objects of which that is known since the last sync."""
    lost = (feeds.c.connection == connection) & feeds.c.watermark.is_not(None) & feeds.c.complete.is_(False)
    with engine.store.state.read() as db:
        return list(db.scalars(sa.select(feeds.c.object).where(lost).order_by(feeds.c.object)))


def note(engine: Engine, connection: str, name: str) -> None:
    """Its feed counts as incomplete from now on, and where it could be read before, each run says so. Raises FencedOut."""
    mine = (feeds.c.connection == connection) & (feeds.c.object == name)
    counted = _is_counted(engine, connection, name)
    with engine.store.state.begin() as db:
        if engine.lease:
            leases.check(db, engine.lease)
        until = db.scalar(sa.select(feeds.c.watermark).where(mine))
        if until or counted:
            db.execute(sa.update(feeds).where(mine).values(complete=False))
    if until:
        engine.summary.notes.append(
            f"{connection} {name} cannot be read any more, as it could until {until:%Y-%m-%d %H:%M} UTC: a permission was taken "
            "away, or the CRM's plan has it no longer. What is counted in it is unknown until it can be read again. "
            "Give the login the permission, or take the object out of the mapping"
        )


def _is_counted(engine: Engine, connection: str, name: str) -> bool:
    """Whether its records count by themselves: what only adds to others that are read keeps none of them from counting."""
    source = next(each for each in engine.sources() if each.connection == connection)
    return any(rule.object == name and not rule.adds_to for rule in source.mapping.read)


def never(engine: Engine, connection: str, name: str) -> None:
    """Say of an object of which nothing was ever read that it is passed over: where it should be there, nobody would know."""
    mine = (feeds.c.connection == connection) & (feeds.c.object == name)
    with engine.store.state.read() as db:
        until = db.scalar(sa.select(feeds.c.watermark).where(mine))
    if until is None:
        engine.summary.notes.append(_NEVER.format(name=f"{connection} {name}"))
