"""Since when what is known of an account is as it is: a score that moves after that does so by time alone."""

from __future__ import annotations

from datetime import datetime

import duckdb

from cs_connector.model import ENTITIES
from cs_connector.unify.sql import ident

COLUMNS = {"account_id": "VARCHAR", "facts": "UBIGINT", "since": "TIMESTAMP"}
# what of these follows from the day is left out; tasks are ours
_CHOSEN = {
    "account": ("parent_id", "segment", "kind", "currency", "arr", "renewal_on", "csm_judgement", "csm_judgement_on"),
    "relationship": (
        "relationship_id", "type", "product", "start_on", "renewal_on", "end_on", "arr", "seats", "features_bought",
        "notice_on", "scorecard", "csm_judgement", "csm_judgement_on", "auto_renew",
    ),
    "task": (),
}  # fmt: skip


def remember(con: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Make `account_facts`: a digest for each account, of the tree that it is in, and since when it has been that.

    Expects the entities and `facts_before`, the same table of the last time.
    """
    told = " UNION ALL ".join(filter(None, map(_told, sorted(ENTITIES))))
    con.execute(
        "CREATE OR REPLACE TABLE account_facts AS WITH told AS ("
        f"SELECT coalesce(a.ultimate_parent_id, a.account_id) AS top, t.h FROM ({told}) t JOIN account a USING (account_id)), "
        "tree AS (SELECT top, hash(count(*), bit_xor(h), sum(h)) AS facts FROM told GROUP BY top) "
        "SELECT a.account_id, t.facts, CASE WHEN b.facts = t.facts THEN b.since ELSE $now END AS since FROM account a "
        "JOIN tree t ON t.top = coalesce(a.ultimate_parent_id, a.account_id) LEFT JOIN facts_before b USING (account_id)",
        {"now": now.replace(tzinfo=None)},
    )


def _told(name: str) -> str:
    """A hash of each row of an entity that is about an account."""
    entity = ENTITIES[name]
    chosen = _CHOSEN.get(name, tuple(c.name for c in entity.columns))
    if entity.column("account_id") is None or not chosen:
        return ""
    return f"SELECT account_id, hash({', '.join(map(ident, chosen))}) AS h FROM {ident(name)} WHERE account_id IS NOT NULL"
