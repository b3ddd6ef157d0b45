"""What earlier runs measured."""

from __future__ import annotations

from cs_connector.language.executor import Connection
from cs_connector.runner.engine import Engine

_COLUMNS = {
    "relationship_id": "VARCHAR",
    "account_id": "VARCHAR",
    "metric": "VARCHAR",
    "on_date": "DATE",
    "value": "DOUBLE",
    "known": "BOOLEAN",
}


def attach(engine: Engine, con: Connection) -> None:
    """Make the view `metric_before`: what the last run measured, and what it did not know any more of those before it."""
    engine.store.facts.attach(con, "measure/metric", "metric_last", _COLUMNS)
    engine.store.facts.attach(con, "measure/past", "metric_older", _COLUMNS)
    con.execute(
        "CREATE OR REPLACE TEMP VIEW metric_before AS FROM metric_last UNION ALL BY NAME FROM metric_older"
    )
