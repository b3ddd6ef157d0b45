"""Values of ours that somebody else has changed since we wrote them, and what is done about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from cs_connector.act.outbox.written import last
from cs_connector.unify.mapping import WriteRule
from cs_connector.unify.sql import ident, literal

from .current import comparable

Policy = Literal["overwrite", "yield", "alert"]
DEFAULT: Policy = "overwrite"
_COLUMNS = (
    "connection VARCHAR, object VARCHAR, source VARCHAR, key VARCHAR, record_id VARCHAR, field VARCHAR, "
    "ours VARCHAR, theirs VARCHAR, policy VARCHAR, kept BOOLEAN"
)


def begin(con: duckdb.DuckDBPyConnection) -> None:
    """Make `foreign_edit`: one row for each value; `kept` where theirs stays."""
    con.execute(f"CREATE OR REPLACE TABLE foreign_edit({_COLUMNS})")


def note(
    con: duckdb.DuckDBPyConnection, state: sa.Connection, connection: str, rule: WriteRule, policy: Policy
) -> None:
    """Find the edits among the fields of `difference`, and take those out of it that stay as they are.

    An edit is a value that is not what we last wrote, read after that was read back or had to be. It stays, where the policy
    says so, until we have something new to say. Tasks have manners of their own, and a heartbeat is nobody's opinion.
    """
    if rule.source in ("call", "heartbeat") or not _told(con, state, connection, rule):
        return
    ours = _ours(rule)
    con.execute(
        "INSERT INTO foreign_edit SELECT ?, ?, ?, key, record_id, f, ours, a, ?, ? <> 'overwrite' AND b IS NOT DISTINCT FROM ours "
        f"FROM (SELECT *, {ours} AS ours FROM (SELECT d.key, d.record_id, unnest(d.fields, recursive := true), "
        "t.fields FROM difference d JOIN told t USING (record_id)) "
        "WHERE json_exists(fields, '$.\"' || f || '\"')) WHERE a IS DISTINCT FROM ours",
        [connection, rule.object, rule.source, policy, policy],
    )
    con.execute(
        "UPDATE difference SET fields = list_filter(difference.fields, lambda x: NOT list_contains(k.names, x.f)) FROM "
        "(SELECT record_id, list(field) AS names FROM foreign_edit WHERE kept AND connection = ? AND object = ? AND source = ? "
        "GROUP BY 1) k WHERE k.record_id = difference.record_id",
        [connection, rule.object, rule.source],
    )


def _told(con: duckdb.DuckDBPyConnection, state: sa.Connection, connection: str, rule: WriteRule) -> bool:
    """Make `told`: what the records that differ were last told; says whether they were told anything."""
    query = (
        "SELECT DISTINCT record_id FROM difference WHERE record_id IS NOT NULL AND len(fields) > 0 ORDER BY 1"
    )
    rows = list(last(state, connection, rule.object, [r[0] for r in con.execute(query).fetchall()]))
    if rows:
        con.register("told_rows", pa.Table.from_pylist([row._asdict() for row in rows]))
        con.execute("CREATE OR REPLACE TEMP TABLE told AS SELECT * FROM told_rows")
        con.unregister("told_rows")
    return bool(rows)


def _ours(rule: WriteRule) -> str:
    """SQL for the comparable value that field `f` has in `fields`."""
    cases = (
        f"WHEN {literal(name)} THEN "
        + comparable(f"json_extract_string(fields, {literal(f'$.{ident(name)}')})", rule, name)
        for name in rule.fields
    )
    return f"CASE f {' '.join(cases)} END"


def sentences(con: duckdb.DuckDBPyConnection) -> Mapping[tuple[str, str, str], str]:
    """What is done about the edits, by connection, object and policy."""
    rows = con.execute(
        "SELECT connection, object, policy, kept, sum(n), list(field || ' ' || n ORDER BY n DESC, field) FROM (SELECT connection, "
        "object, policy, kept, field, count(*) AS n FROM foreign_edit GROUP BY ALL) GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    told: dict[tuple[str, str, str], str] = {}
    for connection, name, policy, kept, count, fields in rows:
        done = "theirs is kept" if kept else "ours is written again"
        text = f"{connection} {name}: somebody changed {count:,} {'value' if count == 1 else 'values'} of ours ({', '.join(fields)}); {done}"
        where = connection, name, policy
        told[where] = f"{told[where]}; {text}" if where in told else text
    return told


def alarms(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int]]:
    """How many records of each connection and object have an edit that a person wants to hear of."""
    return con.execute(
        "SELECT connection, object, count(DISTINCT record_id) FROM foreign_edit WHERE kept AND policy = 'alert' "
        "GROUP BY ALL ORDER BY ALL"
    ).fetchall()
