"""Which records of which system a metric stands on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from cs_connector.health.scorecard import Definitions
from cs_connector.language.executor import Connection
from cs_connector.measure import evaluate
from cs_connector.measure.metrics import Source

MOST = 20  # records named for one metric
SUBSCRIPTIONS = (
    "SELECT subscription_id FROM subscription AS u JOIN scope USING (account_id) "
    "WHERE u.product IS NOT DISTINCT FROM scope.product"
)
Found = dict[str, list[dict[str, str]]]


def sources(
    con: Connection, definitions: Definitions, relationship: str, today: date, metrics: Sequence[str]
) -> Found:
    """Records by metric, as {connection, object, id}; at most twenty each."""
    query = "SELECT account_id FROM relationship WHERE relationship_id = ?"
    row = con.execute(query, [relationship]).fetchone()
    evaluate.begin(con, today, definitions.metrics, row[0] if row else relationship)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE scope AS SELECT * FROM scored WHERE relationship_id = ?", [relationship]
    )
    con.execute("DELETE FROM grid WHERE on_date <> ?", [today])
    return {name: _records(con, definitions.metrics.source(name), name) for name in dict.fromkeys(metrics)}


def ready(con: Connection, definitions: Definitions, today: date) -> None:
    """Make ready for `records` of any relationship."""
    evaluate.begin(con, today, definitions.metrics)
    con.execute("DELETE FROM grid WHERE on_date <> ?", [today])


def records(
    con: Connection, definitions: Definitions, relationship: str, metric: str
) -> list[dict[str, str]]:
    """The records behind one metric, as in `sources`; none where only the relationship itself says it."""
    source = definitions.metrics.source(metric)
    if source.standing_on(metric) is None:
        return []
    con.execute(
        "CREATE OR REPLACE TEMP TABLE scope AS SELECT * FROM scored WHERE relationship_id = ?", [relationship]
    )
    return _records(con, source, metric)


def _records(con: Connection, source: Source, metric: str) -> list[dict[str, str]]:
    rows = source.standing_on(metric)
    if rows is None:
        return _of_relationship(con)
    found = con.execute(
        f"""SELECT DISTINCT link.connection, link.object, link.record_id FROM ({rows.keys}) AS k
        JOIN link ON link.entity = ? AND link.entity_id = k.key ORDER BY ALL LIMIT {MOST}""",
        [rows.entity],
    ).fetchall()
    return _named(found)


def _of_relationship(con: Connection) -> list[dict[str, str]]:
    """What the relationship itself says stands in its subscriptions, or else in the account."""
    for ids in (SUBSCRIPTIONS, "SELECT account_id FROM scope"):
        found = con.execute(
            f"SELECT DISTINCT connection, object, record_id FROM link WHERE entity_id IN ({ids}) ORDER BY ALL LIMIT {MOST}"
        ).fetchall()
        if found:
            return _named(found)
    return []


def _named(found: list[tuple[str, ...]]) -> list[dict[str, str]]:
    return [dict(zip(("connection", "object", "id"), row, strict=True)) for row in found]
