"""What a dead process left in flight is looked up before anything else is done."""

from __future__ import annotations

import sqlalchemy as sa

from cs_connector.act import outbox
from cs_connector.store.tables import outbox as sent

from .engine import Engine


def settle(engine: Engine) -> None:
    """Look up what a dead process left in flight; only in the org that it was sent to."""
    assert engine.lease is not None
    with engine.store.state.read() as db:
        left = set(db.scalars(sa.select(sent.c.connection).where(sent.c.state == "inflight")))
    adapters = {name: engine.adapter(name) for name in engine.project.settings.connections if name in left}
    for name in adapters:
        engine.identify(name)
    outbox.recover(engine.store.state, engine.lease, adapters)
