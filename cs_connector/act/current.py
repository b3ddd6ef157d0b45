"""What the CRM says: the fields we write, as last read or as we have written since."""

from __future__ import annotations

import json
from collections.abc import Iterable

import duckdb
import sqlalchemy as sa

from cs_connector.store.tables import outbox
from cs_connector.unify.mapping import MappingFile, WriteRule
from cs_connector.unify.sql import ident, literal


def comparable(text: str, rule: WriteRule, name: str) -> str:
    """SQL that puts a value into the one form in which ours and theirs are compared."""
    how = rule.fields[name]
    if how.type in ("number", "percent"):
        scale = how.scale if how.type == "number" else 0
        return f"CAST(TRY_CAST({text} AS DECIMAL(18,{scale})) AS VARCHAR)"
    if how.type == "date":
        return f"nullif(left({text}, 10), '')"
    if how.length and how.values is None:
        return f"nullif(trim(left({text}, {how.length})), '')"
    return f"nullif(trim({text}), '')"


def read(con: duckdb.DuckDBPyConnection, mapping: MappingFile, rule: WriteRule, raw: str, table: str) -> None:
    """Make `table`: record_id, known_at, key, closed and one comparable text for each written field."""
    names = list(rule.fields)
    extra = [rule.key_field or "", rule.closed.field if rule.closed else ""]
    paths = [mapping.written(n) if n else "$.__none__" for n in [*names, *extra]]
    listed = ", ".join(literal(p) for p in paths)
    fields = ", ".join(f"{comparable(f't[{i}]', rule, n)} AS {ident(n)}" for i, n in enumerate(names, 1))
    closed = "FALSE"
    if rule.closed and rule.closed.any_of:
        values = ", ".join(literal(v) for v in rule.closed.any_of)
        closed = f"coalesce(t[{len(paths)}] IN ({values}), FALSE)"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT record_id, known_at, nullif(t[{len(paths) - 1}], '') AS key, "
        f"{closed} AS closed, {fields} FROM (SELECT id AS record_id, known_at, "
        f"json_extract_string(payload, [{listed}]) AS t FROM {raw} WHERE NOT deleted)"
    )


def overlay(
    con: duckdb.DuckDBPyConnection, state: sa.Connection, connection: str, rule: WriteRule, table: str
) -> None:
    """Lay what we wrote, and have not read back yet, over what was read."""
    rows = state.execute(
        sa.select(outbox.c.crm_id, outbox.c.fields, outbox.c.at).where(
            outbox.c.connection == connection, outbox.c.object == rule.object, outbox.c.state == "done"
        )
    ).all()
    if not rows:
        return
    _written(con, ((r.crm_id, json.dumps(r.fields), r.at.replace(tzinfo=None)) for r in rows if r.crm_id))
    fields = []
    for name in rule.fields:
        path = literal(f'$."{name}"')
        ours = comparable(f"json_extract_string(w.fields, {path})", rule, name)
        fields.append(
            f"CASE WHEN json_exists(w.fields, {path}) THEN {ours} ELSE t.{ident(name)} END AS {ident(name)}"
        )
    key = (
        f"coalesce(json_extract_string(w.fields, {literal(f'$.{rule.key_field}')}), t.key)"
        if rule.key_field
        else "t.key"
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT coalesce(t.record_id, w.record_id) AS record_id, "
        f"greatest(t.known_at, w.sent_at) AS known_at, {key} AS key, coalesce(t.closed, FALSE) AS closed, "
        f"{', '.join(fields)} FROM {table} t FULL JOIN (SELECT written.* FROM written LEFT JOIN {table} o USING (record_id) "
        "WHERE o.known_at IS NULL OR written.sent_at >= o.known_at) w ON w.record_id = t.record_id"
    )


def _written(con: duckdb.DuckDBPyConnection, rows: Iterable[tuple[str, str, object]]) -> None:
    con.execute("CREATE OR REPLACE TEMP TABLE written(record_id VARCHAR, fields VARCHAR, sent_at TIMESTAMP)")
    import pyarrow as pa

    listed = list(rows)
    batch = pa.table(
        {
            "record_id": [r[0] for r in listed],
            "fields": [r[1] for r in listed],
            "sent_at": pa.array([r[2] for r in listed], pa.timestamp("us")),
        }
    )
    con.register("written_rows", batch)
    con.execute("INSERT INTO written SELECT * FROM written_rows")
    con.unregister("written_rows")
