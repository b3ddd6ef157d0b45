"""What the CRM says: the fields we write, as last read or as we have written since."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from cs_connector.act.outbox.written import Told, unread
from cs_connector.store.tables import calls
from cs_connector.store.tables import written as told_by_us
from cs_connector.unify.mapping import MappingFile, WriteRule
from cs_connector.unify.sql import ident, literal


def comparable(text: str, rule: WriteRule, name: str) -> str:
    """SQL that puts a value into the one form in which ours and theirs are compared."""
    how = rule.fields[name]
    if how.type in ("number", "percent"):
        scale = how.scale if how.type == "number" else 0
        return f"CAST(TRY_CAST({text} AS DECIMAL(18,{scale})) AS VARCHAR)"
    if how.type == "time":
        zoned = f"regexp_replace({text}, '([+-]\\d\\d)(\\d\\d)$', '\\1:\\2')"
        return f"strftime(make_timestamp(epoch_us(TRY_CAST({zoned} AS TIMESTAMPTZ))), '%Y-%m-%dT%H:%M:%SZ')"
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


def fitted(text: str, rule: WriteRule, name: str) -> str:
    """The comparable form of what is wanted: a text that is too long for its field ends in an ellipsis.

    Lengths are UTF-16 units, as the vendors count: what is beyond U+FFFF is two.
    """
    how = rule.fields[name]
    if not how.length or how.values is not None or how.type != "text":
        return comparable(text, rule, name)
    whole, room = f"trim({text})", how.length - 1
    head = f"left({whole}, {room})"
    cut = f"rtrim(left({whole}, {room} - {_beyond(head)})) || '…'"
    fits = f"strlen({whole}) <= {how.length} OR length({whole}) + {_beyond(whole)} <= {how.length}"
    return f"nullif(CASE WHEN {fits} THEN {whole} ELSE {cut} END, '')"


def units(text: str) -> str:
    """SQL for how many UTF-16 units a text has."""
    return f"(length({text}) + {_beyond(text)})"


def _beyond(text: str) -> str:
    return f"length(regexp_replace({text}, '[^\\x{{10000}}-\\x{{10FFFF}}]', '', 'g'))"


def overlay(
    con: duckdb.DuckDBPyConnection, state: sa.Connection, connection: str, rule: WriteRule, table: str
) -> None:
    """Lay what we wrote, and have not read back yet, over what was read."""
    rows = unread(state, connection, rule.object)
    if not rows:
        return
    _written(con, rows)
    fields = []
    for name in rule.fields:
        path = literal(f'$."{name}"')
        ours = comparable(f"json_extract_string(w.fields, {path})", rule, name)
        fields.append(
            f"CASE WHEN json_exists(w.fields, {path}) THEN {ours} ELSE t.{ident(name)} END AS {ident(name)}"
        )
    key = "coalesce(t.key, w.key)" if rule.key_field else "t.key"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT coalesce(t.record_id, w.record_id) AS record_id, "
        f"greatest(t.known_at, w.sent_at) AS known_at, {key} AS key, coalesce(t.closed, FALSE) AS closed, "
        f"{', '.join(fields)} FROM {table} t FULL JOIN (SELECT written.* FROM written LEFT JOIN {table} o USING (record_id) "
        "WHERE o.known_at IS NULL OR written.sent_at >= o.known_at) w ON w.record_id = t.record_id"
    )


def named(
    con: duckdb.DuckDBPyConnection, state: sa.Connection, connection: str, object_name: str, table: str
) -> None:
    """Tasks of ours whose key is gone, as after its field was made again, are known by their ids: those are `keyless`.

    A CRM may number the records of each object by itself, and a call does not say of which one its task is.
    """
    here = (told_by_us.c.connection == connection) & (told_by_us.c.object == object_name)
    same = here & (told_by_us.c.record_id == calls.c.record_id) & (told_by_us.c.name == calls.c.key)
    query = sa.select(calls.c.record_id, calls.c.key).where(calls.c.connection == connection)
    rows = state.execute(query.join(told_by_us, same)).all()
    told = {"record_id": [row.record_id for row in rows], "name": [row.key for row in rows]}
    con.register("called", pa.table({name: pa.array(values, pa.string()) for name, values in told.items()}))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT t.* REPLACE (coalesce(t.key, c.name) AS key), "
        f"t.key IS NULL AND c.name IS NOT NULL AS keyless FROM {table} t LEFT JOIN called c USING (record_id)"
    )
    con.unregister("called")


def _written(con: duckdb.DuckDBPyConnection, rows: Sequence[Told]) -> None:
    batch = pa.table(
        {
            "record_id": [row.record_id for row in rows],
            "key": [row.name for row in rows],
            "fields": [row.fields for row in rows],
            "sent_at": pa.array([row.at.replace(tzinfo=None) for row in rows], pa.timestamp("us")),
        }
    )
    con.register("written_rows", batch)
    con.execute("CREATE OR REPLACE TEMP TABLE written AS SELECT * FROM written_rows")
    con.unregister("written_rows")
