"""By what the records of people know the groups of accounts: a name that stays while a group lasts, whichever record is its first.

Only whether two people have the same one counts. So those whose account gets another first record need not be looked at again.
"""

from __future__ import annotations

from datetime import date

import duckdb

from .evidence import Kind


def house(con: duckdb.DuckDBPyConnection, kind: Kind, as_of: date) -> None:
    """Make `homed` (anchor, home) of the groups of `grouped`: one of those that their records had, which no other group has, or a new one."""
    if kind.entity != "account":
        con.execute("CREATE OR REPLACE TEMP TABLE homed(anchor VARCHAR, home VARCHAR)")
        return
    con.execute(
        "CREATE OR REPLACE TEMP TABLE homed AS WITH had AS (SELECT g.anchor, s.home, count(*) AS records FROM grouped g "
        "JOIN stood s USING (ref) GROUP BY ALL), "
        "claimed AS (FROM had QUALIFY row_number() OVER (PARTITION BY home ORDER BY records DESC, anchor) = 1), "
        "kept AS (SELECT anchor, min(home) AS home FROM claimed GROUP BY anchor) "
        "SELECT g.anchor, coalesce(any_value(k.home), g.anchor || ' ' || left(md5(string_agg(g.ref, '|' ORDER BY g.ref) || $day), 8)) "
        "AS home FROM grouped g LEFT JOIN kept k USING (anchor) GROUP BY g.anchor",
        {"day": as_of.isoformat()},
    )
