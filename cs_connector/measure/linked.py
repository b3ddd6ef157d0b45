"""From where customers are heard: the connections that an account is linked to, and those that it was linked to until lately.

A count from two service desks is not known any more when one of the two links is lost, though the other desk goes on.
"""

from __future__ import annotations

from datetime import date

from cs_connector.language.executor import Connection

BEFORE = "linked_before"
COLUMNS = {"account_id": "VARCHAR", "connection": "VARCHAR", "ref": "VARCHAR", "last_on": "DATE"}
REMEMBERED = 180  # days: what is carried of a measure is let go after as many
_NOW = "SELECT DISTINCT entity_id AS account_id, connection FROM link WHERE entity = 'account'"


def lay(con: Connection, as_of: date) -> None:
    """Make `linked` (account_id, connection, silent) from `link`, and from the view BEFORE (COLUMNS) where there is one."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE linked AS SELECT *, FALSE AS silent FROM ({_NOW})")
    if con.execute("SELECT 1 FROM duckdb_columns() WHERE table_name = ? LIMIT 1", [BEFORE]).fetchall():
        con.execute(f"INSERT INTO linked SELECT DISTINCT account_id, connection, TRUE FROM ({_lost(as_of)})")


def left(con: Connection, as_of: date) -> str:
    """A query for what the next run has to know; after `lay`."""
    now = f"SELECT entity_id AS account_id, connection, concat_ws('|', connection, object, record_id) AS ref, {_day(as_of)} AS last_on"
    found = [f"{now} FROM link WHERE entity = 'account'"]
    if con.execute("SELECT 1 FROM linked WHERE silent LIMIT 1").fetchall():
        found.append(_lost(as_of))
    return f"SELECT DISTINCT * FROM ({' UNION ALL BY NAME '.join(found)}) ORDER BY ALL"


def _lost(as_of: date) -> str:
    names = ", ".join(COLUMNS)
    recent = f"last_on >= {_day(as_of)} - {REMEMBERED}"
    return f"SELECT {names} FROM {BEFORE} ANTI JOIN ({_NOW}) USING (account_id, connection) WHERE {recent}"


def _day(day: date) -> str:
    return f"DATE '{day.isoformat()}'"
