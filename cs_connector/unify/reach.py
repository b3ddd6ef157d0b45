"""How far a change reaches: the records that are, were or would be connected with one that changed."""

from __future__ import annotations

import duckdb

from . import changes
from .clusters import WORD
from .evidence import Kind
from .models import ENOUGH


def spread(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Make `affected` (ref), all records whose groups and ids are settled anew; `stood` (STANDING), where they stood, and `mate`,
    those of these that say what they said; `member`, all of them that are there; `told` (PAIR), what systems and people say of
    them; `apart` (one, other), the pairs that are never one.
    """
    _start(con, kind)
    _tell(con, kind, "start")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE affected AS SELECT ref FROM start UNION "
        f"SELECT unnest([left_ref, right_ref]) FROM scored WHERE probability >= {ENOUGH} UNION "
        "SELECT unnest([left_ref, right_ref]) FROM told"
    )
    _close(con)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE stood AS SELECT * FROM known_standing SEMI JOIN affected USING (ref)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE mate AS SELECT * FROM stood ANTI JOIN heard USING (ref) ANTI JOIN gone USING (ref)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP VIEW member AS SELECT ref, connection, rank, object, same_ref, parent_ref FROM heard "
        "UNION ALL SELECT ref, connection, rank, object, same_ref, parent_ref FROM mate"
    )
    _tell(con, kind, "member")
    _decide(con, kind)


def _start(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """`start` (ref, same_ref): what changed, of what people decided, who names records that came or went, who took others in."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE came AS SELECT connection, ref FROM heard ANTI JOIN was USING (ref) UNION ALL "
        "SELECT split_part(ref, '|', 1), ref FROM gone"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE called AS {changes.names('came')}")
    ref = "connection || '|' || object || '|' || record_id"
    named = [
        f"SELECT {ref}, same_ref FROM stage_{kind.entity} s SEMI JOIN called c ON c.name = s.{column} WHERE adds_ref IS NULL"
        for column in _naming(con, kind)
    ]
    took = (
        "SELECT a.connection || '|' || a.object || '|' || a.\"into\" AS ref FROM alias a SEMI JOIN gone g "
        "ON g.ref = a.connection || '|' || a.object || '|' || a.id"
    )
    _hear(con, kind)
    decided = "SELECT unnest([left_ref, right_ref]) AS ref FROM word"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE start AS SELECT ref, same_ref FROM heard UNION SELECT ref, NULL FROM touched ANTI JOIN heard USING (ref) "
        f"UNION {' UNION '.join(named)} UNION SELECT ref, NULL FROM ({took} UNION {decided})"
    )


def _hear(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """`word` (action, left_ref, right_ref, reason): what people said; of a record that was merged it is said of the one that it went into."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE word AS WITH went AS (SELECT connection || '|' || object || '|' || id AS ref, "
        "connection || '|' || object || '|' || \"into\" AS target FROM alias), followed AS (SELECT d.action, d.reason, "
        "coalesce(a.target, d.left_ref) AS one, coalesce(b.target, d.right_ref) AS other FROM decision d "
        f"LEFT JOIN went a ON a.ref = d.left_ref LEFT JOIN went b ON b.ref = d.right_ref WHERE d.entity = '{kind.entity}') "
        "SELECT action, least(one, other) AS left_ref, greatest(one, other) AS right_ref, any_value(reason ORDER BY reason) AS reason "
        "FROM followed WHERE one <> other GROUP BY ALL"
    )


def _naming(con: duckdb.DuckDBPyConnection, kind: Kind) -> list[str]:
    """The columns of the stage in which a record names another one of its kind."""
    there = changes.staged(con, kind)
    return [column for column in ("same_ref", "parent_id", "lent_parent_id") if column in there]


def _tell(con: duckdb.DuckDBPyConnection, kind: Kind, records: str) -> None:
    """`told`, of the records that hold the id of another one."""
    found = _meant(con, kind, records, "same_ref")
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE told AS SELECT DISTINCT '{kind.entity}' AS entity, least(ref, other) AS left_ref, "
        f"greatest(ref, other) AS right_ref, {WORD} AS weight, 1.0 AS probability, 'explicit id' AS method, "
        f"'one record holds the id of the other' AS evidence FROM ({found}) WHERE other <> ref"
    )


def _meant(con: duckdb.DuckDBPyConnection, kind: Kind, records: str, column: str) -> str:
    """A query for records (ref) and the one (other) that a column of theirs names."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE wanted AS SELECT DISTINCT {column} AS name FROM {records} WHERE {column} IS NOT NULL"
    )
    places = (
        f"(SELECT connection, connection || '|' || object || '|' || record_id AS ref FROM stage_{kind.entity} "
        f"WHERE adds_ref IS NULL{'' if con.execute('SELECT 1 FROM wanted LIMIT 1').fetchone() else ' AND FALSE'})"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE called AS {changes.named(places, 'wanted')}")
    return f"SELECT r.ref, c.ref AS other FROM {records} r JOIN called c ON c.name = r.{column}"


def _decide(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """What people said joins `told`; that they said otherwise, and the account tree where nobody said so, makes `apart`."""
    con.execute(
        f"INSERT INTO told SELECT '{kind.entity}', left_ref, right_ref, {2 * WORD}, 1.0, 'a person', coalesce(reason, '') FROM word d "
        "SEMI JOIN member a ON a.ref = d.left_ref SEMI JOIN member b ON b.ref = d.right_ref WHERE action = 'link'"
    )
    below = _meant(con, kind, "member", "parent_ref")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE apart AS SELECT left_ref AS one, right_ref AS other FROM word "
        f"WHERE action = 'unlink' UNION SELECT ref, other FROM ({below}) WHERE other <> ref "
        "AND (least(ref, other), greatest(ref, other)) NOT IN (SELECT (left_ref, right_ref) FROM told WHERE method = 'a person')"
    )


def _close(con: duckdb.DuckDBPyConnection) -> None:
    """Add to `affected` whoever was connected, or one entity, with anybody in it."""
    con.execute("CREATE OR REPLACE TEMP TABLE place AS SELECT ref, part, entity_id FROM known_standing")
    while True:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE bound AS SELECT DISTINCT part, entity_id FROM place SEMI JOIN affected USING (ref)"
        )
        con.execute(
            "CREATE OR REPLACE TEMP TABLE reached AS SELECT * FROM place SEMI JOIN bound USING (part) UNION ALL "
            "SELECT * FROM place SEMI JOIN bound USING (entity_id) ANTI JOIN bound USING (part)"
        )
        con.execute("INSERT INTO affected SELECT ref FROM reached ANTI JOIN affected USING (ref)")
        if not _further(con):
            return


def _further(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether somebody of `reached` is connected, or one entity, with more than those that brought them in."""
    by_part, by_id = (f"SELECT 1 FROM reached ANTI JOIN bound USING ({c})" for c in ("part", "entity_id"))
    return con.execute(f"{by_part} UNION ALL {by_id} LIMIT 1").fetchone() is not None
