"""Account trees of any depth: circles are cut, the ultimate parent is found, and what is odd is listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

import duckdb

_ODD = """CREATE OR REPLACE TABLE hierarchy_issue AS
SELECT account_id, 'own parent' AS kind, NULL AS record, name AS detail FROM account WHERE parent_id = account_id
UNION ALL
SELECT l.entity_id, 'unknown parent', concat_ws(' ', s.connection, s.object, s.record_id),
    coalesce(nullif(split_part(s.parent_id, '|', 3), ''), s.parent_id)
FROM stage_account s JOIN link l ON l.entity = 'account' AND (l.connection, l.object, l.record_id) = (s.connection, s.object, s.record_id)
LEFT JOIN reference r ON r.entity = 'account' AND r.ref = s.parent_id
WHERE s.parent_id IS NOT NULL AND r.entity_id IS NULL
UNION ALL
SELECT entity_id, 'several parents', string_agg(place, ', ' ORDER BY place), string_agg(DISTINCT called, ', ' ORDER BY called)
FROM (SELECT l.entity_id, concat_ws(' ', s.connection, s.object, s.record_id) AS place, r.entity_id AS parent,
             concat_ws(' ', p.name, '(' || r.entity_id || ')') AS called
      FROM stage_account s JOIN reference r ON r.entity = 'account' AND r.ref = s.parent_id
      LEFT JOIN account p ON p.account_id = r.entity_id
      JOIN link l ON l.entity = 'account' AND (l.connection, l.object, l.record_id) = (s.connection, s.object, s.record_id))
GROUP BY entity_id HAVING count(DISTINCT parent) > 1"""

_ROOTED = """CREATE OR REPLACE TEMP TABLE root AS WITH RECURSIVE down(account_id, top, depth) AS (
SELECT account_id, account_id, 0 FROM account WHERE parent_id IS NULL UNION ALL
SELECT a.account_id, d.top, d.depth + 1 FROM account a JOIN down d ON a.parent_id = d.account_id)
SELECT * FROM down"""

_LOST = "SELECT account_id, parent_id FROM account ANTI JOIN root USING (account_id) ORDER BY account_id"

# a row says under whom an account has been since then; no parent is one, too, so that the first one is seen as a move; who stays
# under an account that went into another one does not move
_REMEMBERED = """CREATE OR REPLACE TABLE parent_history AS
WITH went AS (SELECT other_id AS parent_id, max_by(entity_id, (on_date, entity_id)) AS target FROM after_event e ANTI JOIN account a ON a.account_id = e.other_id
    WHERE e.entity = 'account' AND e.kind = 'merge' GROUP BY 1),
before AS (SELECT account_id, coalesce(target, parent_id) AS parent_id, since FROM parents_before LEFT JOIN went USING (parent_id))
SELECT * FROM before
UNION ALL
SELECT a.account_id, a.parent_id, $now
FROM account a LEFT JOIN (SELECT account_id, arg_max({'parent': parent_id}, since) AS last FROM before GROUP BY 1) b USING (account_id)
WHERE b.account_id IS NULL OR a.parent_id IS DISTINCT FROM b.last.parent"""


def climb(con: duckdb.DuckDBPyConnection) -> None:
    """Set `ultimate_parent_id` and `depth` (0 for a root) of every account; a circle is cut at its smallest id.

    Lists in `hierarchy_issue` (account_id, kind, record, detail): own parents, parents that nobody reads, circles,
    and accounts that two systems put under different parents, of which the connection that is believed first wins.
    """
    con.execute(_ODD)
    con.execute(
        "UPDATE account SET parent_id = NULL WHERE parent_id = account_id "
        "OR parent_id NOT IN (SELECT account_id FROM account)"
    )
    con.execute(_ROOTED)
    circles = list(_circles(dict(con.execute(_LOST).fetchall())))
    for circle in circles:
        ((name,),) = con.execute("SELECT name FROM account WHERE account_id = ?", [circle[0]]).fetchall()
        detail = f"{len(circle)} accounts above each other; cut above {name or circle[0]}"
        con.executemany(
            "INSERT INTO hierarchy_issue VALUES (?, 'circle', NULL, ?)",
            [(account, detail) for account in circle],
        )
    if circles:
        con.execute(
            "UPDATE account SET parent_id = NULL WHERE account_id IN (SELECT unnest($cut))",
            {"cut": [circle[0] for circle in circles]},
        )
        con.execute(_ROOTED)
    con.execute(
        "UPDATE account SET ultimate_parent_id = root.top, depth = root.depth FROM root "
        "WHERE root.account_id = account.account_id"
    )


def remember(con: duckdb.DuckDBPyConnection, now: datetime) -> None:
    """Make `parent_history` (account_id, parent_id, since) of `parents_before` and what is different now.

    Expects `after_event`, which accounts went into which.
    """
    con.execute(_REMEMBERED, {"now": now.replace(tzinfo=None)})


def _circles(parents: Mapping[str, str]) -> Iterator[list[str]]:
    """The accounts of each circle, sorted; `parents` are those of accounts that no root leads to."""
    seen: set[str] = set()
    for start in parents:
        path: dict[str, int] = {}
        at = start
        while at not in seen and at not in path:
            path[at] = len(path)
            at = parents[at]
        if at in path:
            yield sorted(list(path)[path[at] :])
        seen |= path.keys()
