"""Connections that were read and are not in the project any more: what they told of customers is gone with them."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from cs_connector.runner.engine import Engine
from cs_connector.store.tables import feeds

RECENT = timedelta(days=180)  # for so long at least what fell silent is remembered elsewhere


def tell(engine: Engine) -> None:
    """Say so of each that was read in the last half year: a ticket or an answer that nobody sees any more may lift a score."""
    query = sa.select(feeds.c.connection, feeds.c.watermark).where(feeds.c.watermark.is_not(None))
    with engine.store.state.read() as db:
        read = {row.connection: row.watermark for row in db.execute(query.order_by(feeds.c.watermark))}
    for name in sorted(read.keys() - engine.project.settings.connections.keys()):
        if engine.clock.now() - read[name] <= RECENT:
            engine.summary.notes.append(_note(name, f"{read[name]:%Y-%m-%d}"))


def _note(name: str, until: str) -> str:
    return (
        f"the connection {name}, read until {until}, is not in the project any more: its tickets, answers and links count no "
        "longer, and scores may be better for it. Put it back, or see who changes band with cs-connector plan before anything is written"
    )
