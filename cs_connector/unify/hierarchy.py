"""Account trees: parents that do not exist are dropped, circles are cut, the ultimate parent is found."""

from __future__ import annotations

import duckdb

DEEPEST = 50


def climb(con: duckdb.DuckDBPyConnection) -> None:
    """Set `ultimate_parent_id` and `depth` (0 for a root) of every account; cut circles at their smallest id."""
    con.execute(
        "UPDATE account SET parent_id = NULL WHERE parent_id = account_id "
        "OR parent_id NOT IN (SELECT account_id FROM account)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE ancestor AS WITH RECURSIVE up(account_id, above, steps) AS ("
        "SELECT account_id, parent_id, 1 FROM account WHERE parent_id IS NOT NULL UNION ALL "
        "SELECT u.account_id, a.parent_id, u.steps + 1 FROM up u JOIN account a ON a.account_id = u.above "
        f"WHERE a.parent_id IS NOT NULL AND u.above <> u.account_id AND u.steps < {DEEPEST}) SELECT * FROM up"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE circle AS SELECT account_id, least(account_id, min(above)) AS smallest FROM ancestor "
        "WHERE account_id IN (SELECT account_id FROM ancestor WHERE above = account_id) GROUP BY account_id"
    )
    con.execute("UPDATE account SET parent_id = NULL WHERE account_id IN (SELECT smallest FROM circle)")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE root AS WITH RECURSIVE down(account_id, top, depth) AS ("
        "SELECT account_id, account_id, 0 FROM account WHERE parent_id IS NULL UNION ALL "
        "SELECT a.account_id, d.top, d.depth + 1 FROM account a JOIN down d ON a.parent_id = d.account_id) "
        "SELECT * FROM down"
    )
    con.execute(
        "UPDATE account SET ultimate_parent_id = root.top, depth = root.depth FROM root "
        "WHERE root.account_id = account.account_id"
    )
