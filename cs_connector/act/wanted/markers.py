"""What a month's end says beside its figures: whose health it is, and whether it was judged as the one before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import duckdb

from cs_connector.health import basis, kept
from cs_connector.store.facts import Facts

from .snapshots import month_end

_SNAPSHOT = {
    "entity": "VARCHAR", "entity_id": "VARCHAR", "main": "BOOLEAN", "on_date": "DATE", "scorecard": "VARCHAR",
}  # fmt: skip
# the worst relationship, by which the account is judged: its score came from there. A small one may be worse by a cap alone
_DECIDES = (
    "SELECT a.account_id, r.key AS relationship_key FROM snapshot a JOIN snapshot s ON s.entity = 'relationship' AND s.main "
    "AND s.on_date = a.on_date AND s.account_id = a.account_id AND s.scorecard = a.scorecard AND s.uncapped IS NOT DISTINCT FROM "
    "a.uncapped JOIN relationship r ON r.relationship_id = s.entity_id WHERE a.entity = 'account' AND a.main AND a.on_date = $day "
    "QUALIFY row_number() OVER (PARTITION BY a.account_id ORDER BY s.score IS NOT DISTINCT FROM a.score DESC, "
    "s.score NULLS LAST, s.entity_id) = 1"
)
# another scorecard than it was judged by then, or the same one with other weights, curves, caps or metrics
_CHANGED = (
    "SELECT s.account_id, bool_or(w.scorecard IS DISTINCT FROM s.scorecard OR b.basis IS DISTINCT FROM n.basis) AS config_changed "
    "FROM snapshot s JOIN snapshot_then w ON w.entity = 'relationship' AND w.main AND w.entity_id = s.entity_id "
    "LEFT JOIN scorecard n ON n.scorecard = s.scorecard LEFT JOIN scorecard_then b ON b.scorecard = s.scorecard "
    "WHERE s.entity = 'relationship' AND s.main AND s.on_date = $day GROUP BY 1"
)


def then(days: Iterable[date], as_of: date) -> date | None:
    """The day on which the month's end before the last one was written: the first of those of which scores are kept."""
    first, last = month_end(as_of, 2), month_end(as_of, 1)
    return min((day for day in days if first < day <= last), default=None)


def attach(con: duckdb.DuckDBPyConnection, facts: Facts, as_of: date) -> None:
    """Make `snapshot_then` and `scorecard_then`, by which the month's end before was judged; empty where none was written."""
    day = then(kept.days(facts), as_of)
    for name, columns in (("snapshot", _SNAPSHOT), ("scorecard", basis.SCORECARD)):
        facts.attach(con, f"{kept.PLACE}{day}/{name}", f"{name}_then", columns)


def mark(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Give `wanted_snapshot` `relationship_key`, and `config_changed`: NULL where there was none before to compare with.

    Needs `snapshot`, `scorecard`, `relationship` and what `attach` makes.
    """
    day = {"day": month_end(as_of, 1)}
    con.execute(f"CREATE OR REPLACE TEMP TABLE deciding AS {_DECIDES}", day)
    con.execute(f"CREATE OR REPLACE TEMP TABLE rejudged AS {_CHANGED}", day)
    con.execute(
        "CREATE OR REPLACE TABLE wanted_snapshot AS SELECT w.*, d.relationship_key, j.config_changed FROM wanted_snapshot w "
        "LEFT JOIN deciding d USING (account_id) LEFT JOIN rejudged j USING (account_id)"
    )
