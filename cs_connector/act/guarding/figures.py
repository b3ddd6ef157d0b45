"""What a plan would do, in figures: how many records of each connection it changes, empties, makes and ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from cs_connector.act.plan import HEALTH, SAID
from cs_connector.act.wanted import EXTRAS
from cs_connector.unify.sql import ident, literal

from .begun import Begins

LISTED = '[{"f":"VARCHAR","c":"VARCHAR","a":"VARCHAR","b":"VARCHAR"}]'
_SAID = ", ".join(map(literal, SAID))
_STAMPS = ", ".join(map(literal, HEALTH))
_EXTRAS = ", ".join(map(literal, EXTRAS))
_OVERWRITTEN = "a IS NOT NULL AND b IS NOT NULL"
_FIRST = "a IS NULL AND b IS NOT NULL AND record_id IS NOT NULL"
_EMPTIED = "a IS NOT NULL AND b IS NULL AND action <> 'delete'"
_CALL = "source = 'call'"
_OURS = "source NOT IN ('call', 'heartbeat')"  # what we say of customers
_NEW = "record_id IS NULL"
SEVERAL = 5  # fewer values may all be gone by chance
FAR = 15  # points; when a month's figures come in, most scores move, but few as far


@dataclass(frozen=True, slots=True)
class Figure:
    """`of` is how many records there are that it could have been, `there` how many of ours are there already.

    `most` is how many of them are of one object: a customer has a score in each.
    """

    connection: str
    rule: str
    count: int
    of: int
    detail: str = ""
    there: int = 0
    most: int = 0


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Make `planned_field`: a row for each field of `plan_change`; c is our column, f their field, a before and b after."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE planned_field AS SELECT connection, object, source, key, record_id, action, "
        f"unnest(from_json(fields, '{LISTED}'), recursive := true) FROM plan_change"
    )


# rule → the fields, or records, that it counts, and the targets among which they are
_FIELDS = {
    "scores cleared": (f"{_OURS} AND c = 'score' AND {_EMPTIED}", _OURS),
    "bands moved": (f"source = 'account' AND c = 'band' AND {_OVERWRITTEN}", "source = 'account'"),
    "relationships ended": (
        "source = 'relationship' AND c = 'status' AND a IS NOT NULL AND lower(b) = 'ended'",
        "source = 'relationship'",
    ),
    "tasks handed over": (f"{_CALL} AND c = 'owner_ref' AND {_OVERWRITTEN}", _CALL),
}
_CHANGED = f"{_OURS} AND c = 'score' AND {_OVERWRITTEN}"
_FAR = f"coalesce(abs(TRY_CAST(a AS DOUBLE) - TRY_CAST(b AS DOUBLE)) >= {FAR}, TRUE)"
_SCORES = {
    True: {"scores changed": (_CHANGED, _OURS)},
    False: {"scores moved": (f"{_CHANGED} AND {_FAR}", _OURS)},
}
_RECORDS = {
    "relationships created": (f"source = 'relationship' AND {_NEW}", "source = 'relationship'"),
    "records deleted": ("action = 'delete' AND source <> 'snapshot'", "source <> 'snapshot'"),
    "tasks created": (f"{_CALL} AND {_NEW}", "source = 'account'"),
}


def figures(con: duckdb.DuckDBPyConnection, begins: Begins, *, strict: bool) -> Iterator[Figure]:
    """Every figure of every connection that is written to, also those that are nothing.

    Needs `planned_field`, `target`, `wanted_account` and `wanted_call`. Scores move a little by themselves, and sentences and
    dates of health as they like; with `strict` every change of a score counts, and the others as fields that are overwritten
    or emptied. `begins` says of fields whether their first values are counted.
    """
    counted = [("planned_field", *rule) for rule in (_SCORES[strict] | _FIELDS).items()]
    counted += [("plan_change", *rule) for rule in _RECORDS.items()]
    for (connection,) in con.execute("SELECT DISTINCT connection FROM target ORDER BY 1").fetchall():
        for table, rule, (what, among) in counted:
            counts = _by_object(con, table, what, connection)
            of, there = _existing(con, among, connection), _existing(con, _CALL, connection)
            yield Figure(connection, rule, sum(counts), of, there=there, most=max(counts, default=0))
        yield _emptied(con, connection, strict=strict)
        yield _overwritten(con, connection, strict=strict)
        yield _begun(con, connection, begins)
        yield _gone(con, connection)
        yield _gained(con, connection)
        yield _busiest(con, connection)


def _by_object(con: duckdb.DuckDBPyConnection, table: str, what: str, connection: str) -> list[int]:
    """How many records of each object it is true of."""
    rows = con.execute(
        f"SELECT count(DISTINCT key) FROM {table} WHERE {what} AND connection = $connection GROUP BY object",
        {"connection": connection},
    ).fetchall()
    return [int(count) for (count,) in rows]


def _emptied(con: duckdb.DuckDBPyConnection, connection: str, *, strict: bool) -> Figure:
    """Records that lose something other than their score."""
    what = f"{_OURS} AND c NOT IN ({_others(strict=strict)}) AND {_EMPTIED}"
    count = _one(con, f"SELECT count(DISTINCT (object, key)) FROM planned_field WHERE {what}", connection)
    fields = _fields(con, what, connection) if count else []
    return Figure(connection, "values cleared", count, _existing(con, _OURS, connection), _named(fields))


def _overwritten(con: duckdb.DuckDBPyConnection, connection: str, *, strict: bool) -> Figure:
    """The field that is overwritten in the largest share of its object's records."""
    what = f"{_OURS} AND c NOT IN ({_others(strict=strict)}) AND {_OVERWRITTEN}"
    fields = _fields(con, what, connection)
    if not fields:
        return Figure(connection, "fields changed", 0, _existing(con, _OURS, connection, "max(existing)"))
    most = max(fields, key=lambda field: (field[2] / max(field[3], 1), field[2]))
    alike = [f for f in fields if f[2] * 2 >= most[2] and f is not most]
    return Figure(connection, "fields changed", most[2], most[3], _named([most, *alike]))


def _begun(con: duckdb.DuckDBPyConnection, connection: str, begins: Begins) -> Figure:
    """The field that was never ours and is filled in most records: as wrong in few of them as in all, so among none."""
    fields = _fields(con, f"{_OURS} AND {_FIRST}", connection)
    begun = [field for field in fields if begins(connection, field[0], field[1])]
    return Figure(connection, "fields begun", begun[0][2] if begun else 0, 0, _named(begun))


def _gone(con: duckdb.DuckDBPyConnection, connection: str) -> Figure:
    """Fields that several records lose and none has any more: seldom enough to be no accident."""
    columns = con.execute("SELECT table_name || '.' || column_name FROM duckdb_columns()").fetchall()
    known = {row[0] for row in columns}
    lost = con.execute(
        f"SELECT object, f, c, source, count(DISTINCT key) AS n FROM planned_field WHERE {_OURS} AND connection = ? "
        f"AND {_EMPTIED} GROUP BY ALL HAVING n >= ? ORDER BY n DESC, 1, 2",
        [connection, SEVERAL],
    ).fetchall()
    gone = [
        (name, field, count, 0)
        for name, field, column, source, count in lost
        if f"wanted_{source}.{column}" in known and not _left(con, source, column)
    ]
    return Figure(connection, "fields emptied", len(gone), 0, _named(gone))


def _left(con: duckdb.DuckDBPyConnection, source: str, column: str) -> int:
    row = con.execute(f"SELECT count({ident(column)}) FROM {ident('wanted_' + source)}").fetchone()
    return int(row[0]) if row else 0


def _others(*, strict: bool) -> str:
    """The columns that do not count, because they move by themselves or have a limit of their own."""
    return f"'score', 'band', {_STAMPS}, {_EXTRAS}" if strict else f"{_SAID}, {_STAMPS}, {_EXTRAS}"


def _fields(con: duckdb.DuckDBPyConnection, what: str, connection: str) -> list[tuple[str, str, int, int]]:
    """Object, field, in how many records, and how many there are; the most frequent first."""
    return con.execute(
        "SELECT object, f, count(DISTINCT key) AS n, any_value(existing) FROM planned_field "
        f"JOIN target USING (connection, object, source) WHERE {what} AND connection = $connection "
        "GROUP BY ALL ORDER BY n DESC, 1, 2",
        {"connection": connection},
    ).fetchall()


def _named(fields: list[tuple[str, str, int, int]], most: int = 3) -> str:
    told = [f"{name}.{field} {count:,}" for name, field, count, _ in fields[:most]]
    more = len(fields) - most
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")


def _gained(con: duckdb.DuckDBPyConnection, connection: str) -> Figure:
    """Accounts to which a status is written for the first time, among those that have one."""
    gained = _one(
        con,
        "SELECT count(DISTINCT key) FROM planned_field WHERE source = 'account' AND c = 'customer_status' "
        "AND a IS NULL AND b IS NOT NULL",
        connection,
    )
    if not gained:
        return Figure(connection, "customers gained", 0, 0)
    wanted = _one(
        con,
        "SELECT count(DISTINCT account_id) FROM wanted_account JOIN (SELECT DISTINCT entity_id AS account_id, connection "
        "FROM link WHERE entity = 'account') USING (account_id) WHERE customer_status IS NOT NULL",
        connection,
    )
    return Figure(connection, "customers gained", gained, max(0, wanted - gained))


def _busiest(con: duckdb.DuckDBPyConnection, connection: str) -> Figure:
    """New tasks of the person who gets most, with those of the same day that were sent before."""
    busiest = _one(
        con,
        f"WITH new AS (SELECT w.* FROM wanted_call w JOIN plan_change p ON {_CALL} AND p.key = w.key AND p.{_NEW} "
        "WHERE connection = $connection), days AS (SELECT DISTINCT owner_user_id, opened_on FROM new) "
        "SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM (SELECT owner_user_id FROM new UNION ALL "
        "SELECT owner_user_id FROM wanted_call w SEMI JOIN days USING (owner_user_id, opened_on) ANTI JOIN new USING (key)) "
        "GROUP BY owner_user_id)",
        connection,
    )
    return Figure(connection, "tasks per owner", busiest, 0)


def _existing(con: duckdb.DuckDBPyConnection, among: str, connection: str, how: str = "sum(existing)") -> int:
    return _one(con, f"SELECT coalesce({how}, 0) FROM target WHERE {among}", connection)


def _one(con: duckdb.DuckDBPyConnection, query: str, connection: str) -> int:
    if "$connection" not in query:
        query += " AND connection = $connection"
    row = con.execute(query, {"connection": connection}).fetchone()
    return int(row[0]) if row else 0


def drivers(con: duckdb.DuckDBPyConnection, connection: str, column: str) -> str:
    """Where the records whose score or band changes lose most points now: groups of measures with how many records."""
    told = (
        "SELECT DISTINCT table_name FROM duckdb_columns() WHERE column_name = 'driver' "
        "AND table_name IN ('wanted_account', 'wanted_relationship') ORDER BY 1"
    )
    tables = [row[0] for row in con.execute(told).fetchall()]
    if not tables:
        return ""
    wanted = " UNION ALL ".join(f"SELECT key, driver FROM {table}" for table in tables)
    rows = con.execute(
        f"SELECT driver, count(*) AS n FROM (SELECT DISTINCT key, driver FROM planned_field JOIN ({wanted}) USING (key) "
        f"WHERE connection = $connection AND c = $column AND {_OURS} AND driver <> 'None') "
        "GROUP BY 1 ORDER BY n DESC, 1 LIMIT 3",
        {"connection": connection, "column": column},
    ).fetchall()
    return ", ".join(f"{driver} {count:,}" for driver, count in rows)
