"""What became of those whom overrides held down, counted anew with every score."""

from __future__ import annotations

from cs_connector.health import kept, outcomes
from cs_connector.language.executor import Connection
from cs_connector.runner.engine import Engine


def keep(engine: Engine, con: Connection) -> None:
    """Publish `health/outcome` from the scores that were kept at month ends long enough before as_of."""
    days = [day for day in kept.days(engine.store.facts) if day <= engine.as_of - outcomes.SETTLED]
    for day in days:
        kept.attach(con, engine.store.facts, day)
    outcomes.count(con, days)
    engine.publish(con, {"health/outcome": "SELECT * FROM outcome"})
