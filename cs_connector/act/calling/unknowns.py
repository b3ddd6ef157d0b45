"""Why a metric is not known: the sources that it needs, and how far they were read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import duckdb

from cs_connector.measure.evaluate import FRESH_DAYS

_FEEDS = """SELECT DISTINCT feed.connection, feed.entity, feed.complete, CAST(feed.watermark AS DATE) FROM link
JOIN feed USING (connection) WHERE link.entity = 'account' AND link.entity_id = $account
AND list_contains($entities, feed.entity) ORDER BY ALL"""


def why_unknown(con: duckdb.DuckDBPyConnection, entities: Sequence[str], account: str, day: date) -> str:
    """In words, for an account and a metric that must have read `entities` to the end by a day."""
    feeds = con.execute(_FEEDS, {"account": account, "entities": list(entities)}).fetchall()
    if entities and not feeds:
        return f"no system with {' or '.join(entities)}s is linked to the account"
    stale = [
        f"{connection} was read to {until or 'no day'} only"
        for connection, _, complete, until in feeds
        if not complete or until is None or until < day - timedelta(days=FRESH_DAYS)
    ]
    return ", ".join(dict.fromkeys(stale)) or "there is no data for it"
