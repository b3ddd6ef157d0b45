"""The ids of entities: a group keeps the id that its records had, a merge keeps the older one, a split waits for a person.

And the homes of groups of accounts, by which the records of people know them.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import duckdb

from .evidence import Kind

EVENT = {
    "entity": "VARCHAR",
    "kind": "VARCHAR",
    "entity_id": "VARCHAR",
    "other_id": "VARCHAR",
    "ref": "VARCHAR",
    "on_date": "DATE",
}
PENDING = {"entity": "VARCHAR", "entity_id": "VARCHAR", "ref": "VARCHAR"}


def name(con: duckdb.DuckDBPyConnection, kind: Kind, as_of: date) -> None:
    """Make `named` (anchor, entity_id, since) of the groups of `grouped`, `standing`, and settle `event` and `pending_split`."""
    _had(con, kind)
    _hold(con)
    fresh, again = (
        f"'{kind.prefix}_' || left(md5({text}), 16)" for text in ("a.anchor", "a.anchor || $as_of::VARCHAR")
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE claim AS SELECT s.anchor, h.entity_id, bool_or(s.ref = s.anchor AND NOT h.merged) AS own, "
        "count(*) AS members, min(m.rank) AS rank, min(h.since) AS since FROM standing s JOIN had h USING (ref) "
        "JOIN member m USING (ref) GROUP BY ALL"
    )
    _take(con, fresh)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE named AS WITH "
        "claimed AS (SELECT *, row_number() OVER (PARTITION BY entity_id ORDER BY members DESC, own DESC, rank, anchor) AS claim FROM claim), "
        "picked AS (SELECT *, row_number() OVER (PARTITION BY anchor ORDER BY since, own DESC, entity_id) AS pick "
        "FROM claimed WHERE claim = 1) "
        f"SELECT a.anchor, coalesce(p.entity_id, CASE WHEN {fresh} IN (SELECT entity_id FROM taken) THEN {again} ELSE {fresh} END) "
        "AS entity_id, coalesce(p.since, CAST($as_of AS DATE)) AS since FROM (SELECT DISTINCT anchor FROM standing) a "
        "LEFT JOIN picked p ON p.anchor = a.anchor AND p.pick = 1",
        {"as_of": as_of},
    )
    con.execute(
        f"DELETE FROM after_pending_split WHERE entity = '{kind.entity}' AND ref IN (SELECT ref FROM member UNION ALL SELECT ref FROM gone)"
    )
    con.execute(
        f"INSERT INTO after_pending_split SELECT '{kind.entity}', n.entity_id, s.ref FROM standing s JOIN named n USING (anchor) WHERE s.kept"
    )
    _events(con, kind, as_of)


def house(con: duckdb.DuckDBPyConnection, kind: Kind, as_of: date) -> None:
    """Make `homed` (anchor, home) of the groups of `grouped`: one of those that their records had, which no other group has, or a new one.

    The records of people know their account by it. Only whether two have the same one counts, so it stays while the group lasts,
    whichever record is its first, and those people need not be looked at again.
    """
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


def _events(con: duckdb.DuckDBPyConnection, kind: Kind, as_of: date) -> None:
    """merge: other_id went into entity_id; split: the record left entity_id for other_id."""
    con.execute(
        f"INSERT INTO after_event SELECT DISTINCT '{kind.entity}', CASE WHEN a.entity_id IS NULL THEN 'merge' ELSE 'split' END, "
        "CASE WHEN a.entity_id IS NULL THEN n.entity_id ELSE h.entity_id END, "
        "CASE WHEN a.entity_id IS NULL THEN h.entity_id ELSE n.entity_id END, "
        "CASE WHEN a.entity_id IS NULL THEN NULL ELSE s.ref END, CAST($as_of AS DATE) "
        "FROM standing s JOIN had h USING (ref) JOIN named n USING (anchor) LEFT JOIN named a ON a.entity_id = h.entity_id "
        "WHERE h.entity_id <> n.entity_id AND NOT (h.merged AND a.entity_id IS NOT NULL) EXCEPT SELECT * FROM after_event",
        {"as_of": as_of},
    )


def _had(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """`had`: the ids that the records of `member` were known by, and those of records that went into them (`merged`)."""
    taken_in = "SELECT connection || '|' || object || '|' || id AS old, connection || '|' || object || '|' || \"into\" AS ref FROM alias"
    before = "SELECT ref, entity_id, since FROM stood"
    if not con.execute("SELECT 1 FROM known_standing LIMIT 1").fetchone():
        before = (
            "SELECT connection || '|' || object || '|' || record_id AS ref, entity_id, DATE '1900-01-01' AS since FROM previous_link "
            f"WHERE entity = '{kind.entity}' AND method NOT IN ('adds to', 'mentioned')"
        )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE had AS WITH before AS ({before}) SELECT coalesce(a.ref, b.ref) AS ref, b.entity_id, "
        "a.ref IS NOT NULL AS merged, min(b.since) AS since "
        f"FROM before b LEFT JOIN ({taken_in}) a ON a.old = b.ref GROUP BY ALL"
    )


def _take(con: duckdb.DuckDBPyConnection, fresh: str) -> None:
    """`taken`: ids that a new group cannot have, for others have them."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE taken AS SELECT entity_id FROM claim UNION SELECT entity_id FROM place "
        f"SEMI JOIN (SELECT {fresh} AS entity_id FROM (SELECT DISTINCT anchor FROM standing) a ANTI JOIN claim c USING (anchor)) USING (entity_id)"
    )


def _hold(con: duckdb.DuckDBPyConnection) -> None:
    """Make `standing`: `grouped`, but what was one entity and would fall apart stays together (`kept`) until a person says.

    Told otherwise (by an id, a person, the account tree, or two records of which each is one of its own), it falls apart.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE torn AS SELECT h.entity_id, g.ref, g.anchor FROM had h JOIN grouped g USING (ref) "
        "WHERE NOT h.merged WINDOW w AS (PARTITION BY h.entity_id) QUALIFY min(g.anchor) OVER w <> max(g.anchor) OVER w"
    )
    moved = _reunions(con) if con.execute("SELECT 1 FROM torn LIMIT 1").fetchone() else {}
    con.execute("CREATE OR REPLACE TEMP TABLE reunited(anchor VARCHAR, main VARCHAR)")
    if moved:
        con.executemany("INSERT INTO reunited VALUES (?, ?)", sorted(moved.items()))
    con.execute(
        "CREATE OR REPLACE TEMP TABLE standing AS SELECT g.ref, coalesce(r.main, g.anchor) AS anchor, g.method, g.probability, "
        "g.evidence, r.main IS NOT NULL AND g.ref = g.anchor AS kept FROM grouped g LEFT JOIN reunited r USING (anchor)"
    )


def _reunions(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The groups of `torn` that go on as the largest of those that were one entity, by their anchors."""
    parts: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for entity, ref, anchor in con.execute("SELECT entity_id, ref, anchor FROM torn ORDER BY ALL").fetchall():
        parts[entity][anchor].add(ref)
    ranks = dict(
        con.execute("SELECT ref, rank FROM member SEMI JOIN torn ON torn.anchor = member.ref").fetchall()
    )
    own = _own(con)
    told = {row[0] for row in con.execute("SELECT unnest([left_ref, right_ref]) FROM told").fetchall()}
    apart = {frozenset(pair) for pair in con.execute("SELECT one, other FROM apart").fetchall()}
    whole = _whole(con)
    moved: dict[str, str] = {}
    for by_anchor in parts.values():
        main = min(by_anchor, key=lambda a: (-len(by_anchor[a]), ranks[a], a))
        for anchor, refs in sorted(by_anchor.items()):
            split = any(frozenset((a, b)) in apart for a in whole[anchor] for b in whole[main])
            tied = {anchor, main} & moved.keys() or anchor in moved.values()
            if anchor == main or split or tied or refs & told or own[anchor] & own[main]:
                continue
            moved[anchor] = main
            own[main] |= own[anchor]
            whole[main] |= whole[anchor]
    return moved


def _whole(con: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """All records of the groups of `torn`, by their anchors: who has joined one since may not be the same as another one."""
    found: dict[str, set[str]] = defaultdict(set)
    for anchor, ref in con.execute(
        "SELECT anchor, ref FROM grouped SEMI JOIN torn USING (anchor)"
    ).fetchall():
        found[anchor].add(ref)
    return found


def _own(con: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """The objects of which the groups of `torn` have a record, and can have only one, by their anchors."""
    found: dict[str, set[str]] = defaultdict(set)
    rows = con.execute(
        "SELECT g.anchor, s.connection || '|' || s.object FROM grouped g SEMI JOIN torn USING (anchor) JOIN member s USING (ref) "
        "SEMI JOIN distinct_object d ON d.connection = s.connection AND d.object = s.object"
    )
    for anchor, name in rows.fetchall():
        found[anchor].add(name)
    return found
