"""What too many share says nothing: keys that are crowded, and domains of companies that have nothing to do with each other.

Whether it is so depends on all records; where it has become otherwise, those that have the key or the domain count as changed.
"""

from __future__ import annotations

import duckdb

from .evidence import CROWD, STRANGERS, TENANTS, Kind
from .models import ACCOUNT


def thin(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Make `crowded` (k), the crowded ones of the keys concerned; `met` (k, ref), who has the keys concerned and did not change;
    `swayed` (ref, lent), who counts as changed though it says the same; `touched` (ref), all that count as changed; and `weighed`,
    the rows of `bare` and of the swayed ones with `lent`: whether their domain is of several companies.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE concerned AS SELECT DISTINCT unnest(keys) AS k FROM "
        f"(SELECT keys FROM bare UNION ALL SELECT keys FROM was) {_where_known(con)}"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE met AS SELECT k, ref FROM (SELECT unnest(keys) AS k, ref FROM known) "
        "SEMI JOIN concerned USING (k) ANTI JOIN was USING (ref)"
    )
    _crowded(con, "crowded", "bare")
    _lend(con, kind)
    _sway(con)
    _weigh(con, kind)
    con.execute("CREATE OR REPLACE TEMP TABLE touched AS SELECT ref FROM weighed UNION SELECT ref FROM was")


def _where_known(con: duckdb.DuckDBPyConnection) -> str:
    """Nobody is met when nobody is known."""
    return "" if con.execute("SELECT 1 FROM known LIMIT 1").fetchone() else "LIMIT 0"


def _crowded(con: duckdb.DuckDBPyConnection, table: str, rows: str) -> None:
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT k FROM (SELECT unnest(keys) AS k FROM {rows} UNION ALL SELECT k FROM met) "
        f"GROUP BY k HAVING count(*) > {CROWD}"
    )


def _lend(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """`tenant`: who has one of the domains concerned and did not change; `let`: those of them that are of several companies."""
    if kind.model is not ACCOUNT:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE tenant(ref VARCHAR, domain VARCHAR, label VARCHAR, lead VARCHAR, lent BOOLEAN)"
        )
        con.execute("CREATE OR REPLACE TEMP TABLE let(domain VARCHAR)")
        return
    con.execute(
        "CREATE OR REPLACE TEMP TABLE tenant AS SELECT ref, domain, label, lead, lent FROM known SEMI JOIN "
        "(SELECT domain FROM bare UNION SELECT domain FROM was) USING (domain) ANTI JOIN was USING (ref)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE let AS SELECT domain FROM (SELECT domain, label, lead FROM bare UNION ALL "
        "SELECT domain, label, lead FROM tenant) WHERE domain IS NOT NULL GROUP BY domain "
        f"HAVING count(DISTINCT lead) >= {TENANTS} OR (count(DISTINCT lead) > {STRANGERS} AND "
        f"count(DISTINCT left(lead, 4)) FILTER (length(lead) > 3 AND NOT contains(label, lead) AND jaro_winkler_similarity(label, lead) < 0.7) >= {STRANGERS})"
    )


def _sway(con: duckdb.DuckDBPyConnection) -> None:
    _crowded(con, "was_crowded", "was")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE swayed AS WITH turned AS ((SELECT k FROM crowded EXCEPT SELECT k FROM was_crowded) UNION ALL "
        "(SELECT k FROM was_crowded EXCEPT SELECT k FROM crowded)) SELECT ref, NULL::BOOLEAN AS lent FROM met SEMI JOIN turned USING (k) "
        "UNION SELECT ref, NULL FROM tenant WHERE lent <> (domain IN (SELECT domain FROM let))"
    )
    none = "" if con.execute("SELECT 1 FROM swayed LIMIT 1").fetchone() else "LIMIT 0"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE swung AS SELECT * FROM known SEMI JOIN swayed USING (ref) {none}"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE swayed AS SELECT s.ref, CASE WHEN t.domain IS NULL THEN s.lent "
        "ELSE t.domain IN (SELECT domain FROM let) END AS lent "
        "FROM swung s LEFT JOIN tenant t USING (ref)"
    )
    if not none:
        _meet(con)


def _meet(con: duckdb.DuckDBPyConnection) -> None:
    """The other keys of those that count as changed are concerned, too."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE more AS SELECT DISTINCT unnest(keys) AS k FROM swung EXCEPT SELECT k FROM concerned"
    )
    con.execute(
        "INSERT INTO met SELECT k, ref FROM (SELECT unnest(keys) AS k, ref FROM known) SEMI JOIN more USING (k) "
        "ANTI JOIN was USING (ref)"
    )
    _crowded(con, "crowded", "bare")


def _weigh(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    columns = ", ".join(("ref", *kind.form))
    lent = "coalesce(domain IN (SELECT domain FROM let), FALSE)" if kind.model is ACCOUNT else "FALSE"
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW weighed AS SELECT {columns}, {lent} AS lent FROM bare "
        f"UNION ALL SELECT {', '.join('w.' + c for c in ('ref', *kind.form))}, s.lent FROM swung w JOIN swayed s USING (ref)"
    )
