"""What a month's end says beside its figures: whose health it is, and whether it was judged as the one before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
_SAID = {n: _SNAPSHOT[n] for n in ("entity", "entity_id", "main")} | {
    "override": "VARCHAR",
    "override_reason": "VARCHAR",
}
# of a past month's end only the name of the cap is known now, and its words on the days of then
_CAPS = (
    "SELECT s.entity_id AS account_id, 'Capped at ' || CAST(CAST(s.cap AS INTEGER) AS VARCHAR) || ': ' || t.override_reason AS told "
    "FROM snapshot s JOIN snapshot_said t ON t.entity = 'account' AND t.main AND t.entity_id = s.entity_id AND t.override = s.override "
    "WHERE s.entity = 'account' AND s.main AND s.on_date = $day AND s.cap IS NOT NULL"
)


def then(days: Iterable[date], as_of: date) -> date | None:
    """The day on which the month's end before the last one was written: the first of those of which scores are kept."""
    return min(_month(days, as_of), default=None)


def said(days: Iterable[date], as_of: date) -> date | None:
    """The day whose words tell the last month's end: the last one of that month of which scores are kept."""
    return max(_month(days, as_of), default=None)


def _month(days: Iterable[date], as_of: date) -> Iterator[date]:
    first, last = month_end(as_of, 2), month_end(as_of, 1)
    return (day for day in days if first < day <= last)


def attach(con: duckdb.DuckDBPyConnection, facts: Facts, as_of: date) -> None:
    """Make `snapshot_then` and `scorecard_then`, by which the month's end before was judged; empty where none was written.

    And `snapshot_said`, with the words of then for the last month's end.
    """
    days = kept.days(facts)
    day = then(days, as_of)
    facts.attach(con, f"{kept.PLACE}{said(days, as_of)}/snapshot", "snapshot_said", _SAID)
    for name, columns in (("snapshot", _SNAPSHOT), ("scorecard", basis.SCORECARD)):
        facts.attach(con, f"{kept.PLACE}{day}/{name}", f"{name}_then", columns)


def mark(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Give `wanted_snapshot` `relationship_key`, the words of its cap, and `config_changed`: NULL where there was none before
    to compare with.

    Needs `snapshot`, `scorecard`, `relationship` and what `attach` makes.
    """
    day = {"day": month_end(as_of, 1)}
    con.execute(f"CREATE OR REPLACE TEMP TABLE deciding AS {_DECIDES}", day)
    con.execute(f"CREATE OR REPLACE TEMP TABLE rejudged AS {_CHANGED}", day)
    con.execute(f"CREATE OR REPLACE TEMP TABLE capped AS {_CAPS}", day)
    con.execute(
        "CREATE OR REPLACE TABLE wanted_snapshot AS SELECT w.* REPLACE (coalesce(c.told, w.cap_text) AS cap_text), "
        "d.relationship_key, j.config_changed FROM wanted_snapshot w LEFT JOIN deciding d USING (account_id) "
        "LEFT JOIN rejudged j USING (account_id) LEFT JOIN capped c USING (account_id)"
    )
