"""What earlier runs measured, and from where they heard of customers."""

from __future__ import annotations

from datetime import date

from cs_connector.language.executor import Connection
from cs_connector.measure import linked
from cs_connector.runner.engine import Engine
from cs_connector.runner.identity.decisions import decisions

_COLUMNS = {
    "relationship_id": "VARCHAR",
    "account_id": "VARCHAR",
    "metric": "VARCHAR",
    "on_date": "DATE",
    "value": "DOUBLE",
    "known": "BOOLEAN",
}
LINKED = "measure/linked"


def attach(engine: Engine, con: Connection) -> None:
    """Make the view `metric_before`: what the last run measured, and what it did not know any more of those before it; and
    that of the links of before, but for those that a person undid: there nothing fell silent.
    """
    engine.store.facts.attach(con, "measure/metric", "metric_last", _COLUMNS)
    engine.store.facts.attach(con, "measure/past", "metric_older", _COLUMNS)
    con.execute(
        "CREATE OR REPLACE TEMP VIEW metric_before AS FROM metric_last UNION ALL BY NAME FROM metric_older"
    )
    engine.store.facts.attach(con, LINKED, "linked_ever", linked.COLUMNS)
    con.execute("CREATE OR REPLACE TEMP TABLE parted(ref VARCHAR)")
    parted = {ref for _, action, *refs, _ in decisions(engine) if action == "unlink" for ref in refs}
    if parted:
        con.executemany("INSERT INTO parted VALUES (?)", [[ref] for ref in sorted(map(str, parted))])
    undone = "SELECT account_id, connection FROM linked_ever SEMI JOIN parted USING (ref)"
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW {linked.BEFORE} AS FROM linked_ever ANTI JOIN ({undone}) USING (account_id, connection)"
    )


def later(day: date) -> str:
    """A query for what earlier runs measured of days after this one: a run of that day says nothing of it, and the next one needs it."""
    return f"""SELECT relationship_id, account_id, metric, on_date, value, TRUE AS known FROM metric_before
        WHERE value IS NOT NULL AND on_date > DATE '{day.isoformat()}' ORDER BY account_id"""


def keep(engine: Engine, con: Connection) -> None:
    """Leave the links to the next run; a past that is computed today tells it nothing."""
    if engine.as_of == engine.clock.now().date():
        engine.publish(con, {LINKED: linked.left(con, engine.as_of)})
