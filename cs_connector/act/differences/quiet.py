"""Nothing ticks: what health says of a customer of whom nothing new is known is not written again for a few points."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from cs_connector.store.tables import runs, written
from cs_connector.unify.mapping import WriteRule
from cs_connector.unify.sql import ident, literal

FEW = 5  # points: from so many on a score is news, as it is for the trend
MOVING = {
    "account": ("score", "reason", "driver", "next_step", "coverage", "cap_text"),
    "call": ("description",),
}
MOVING["relationship"] = MOVING["account"]
_WORDS = "regexp_replace(x.{}, '[0-9.,]+', '', 'g')"
_OTHER_CAP = f"x.c = 'cap_text' AND {_WORDS.format('a')} <> {_WORDS.format('b')}"
"""A cap whose figures alone move with the days is the same cap."""


def still(
    con: duckdb.DuckDBPyConnection, state: sa.Connection, connection: str, rule: WriteRule, config: str
) -> None:
    """Take out of `difference` what time alone has moved since we wrote it, under the same configuration.

    Another band, cap or trend, or a score that is FEW points away, is written all the same, and what somebody else has changed
    (`foreign_edit`); of a task another rule is. Expects `account_facts` (unify.relations.news).
    """
    if rule.source not in MOVING:
        return
    mine = (written.c.connection == connection) & (written.c.object == rule.object)
    same = (runs.c.config_hash == config) & (runs.c.job != "undo")  # which wrote what an older one had said
    query = (
        sa.select(written.c.record_id, written.c.at).join(runs, runs.c.id == written.c.run).where(mine, same)
    )
    rows = state.execute(query).all()
    if not rows:
        return
    at = pa.array([row.at.replace(tzinfo=None) for row in rows], pa.timestamp("us"))
    con.register("wrote", pa.table({"record_id": [row.record_id for row in rows], "at": at}))
    moving = ", ".join(map(literal, MOVING[rule.source]))
    scores = "list_filter(fields, lambda x: x.c = 'score')"
    near = f"abs(TRY_CAST({scores}[1].a AS DOUBLE) - TRY_CAST({scores}[1].b AS DOUBLE)) < {FEW}"
    con.execute(
        "UPDATE difference SET fields = [] FROM wrote w JOIN (SELECT account_id, since FROM account_facts) f ON f.since <= w.at "
        "WHERE w.record_id = difference.record_id AND f.account_id = difference.account_id "
        "AND NOT EXISTS (FROM foreign_edit e WHERE e.record_id = w.record_id AND e.connection = ? AND e.object = ?) "
        f"AND len(list_filter(fields, lambda x: x.c NOT IN ({moving}) OR x.a IS NULL OR x.b IS NULL OR ({_OTHER_CAP}))) = 0 "
        f"AND coalesce({near}, len({scores}) = 0){_as_before(rule)}",
        [connection, rule.object],
    )
    con.unregister("wrote")


def _as_before(rule: WriteRule) -> str:
    """A task speaks for the rule that it was sent for."""
    name = next((n for n, f in rule.fields.items() if f.column == "rule"), None)
    if rule.source != "call" or name is None:
        return ""
    told = f"json_extract_string(difference.written, {literal(f'$.{ident(name)}')})"
    wanted = f"SELECT r.{ident(name)} FROM wanted_record r WHERE r.key = difference.key"
    return f" AND ({wanted}) = {told}"
