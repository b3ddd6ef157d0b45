"""Who is who: one entity for the records of several systems that are the same account, person or user.

Ids that records hold of each other count first, then what Splink makes of domains, addresses, names and other evidence;
what is not likely enough, or contradicts itself, stays apart and is listed for a person, whose word stands above all.
Only what changed is compared again, and everything is as if all had been compared at once.
"""

from __future__ import annotations

from datetime import date

import duckdb

from . import changes, crowds, evidence, grouping, layers, naming, reach, scoring
from .evidence import KINDS, Kind

DECISION = {
    "entity": "VARCHAR",
    "action": "VARCHAR",
    "left_ref": "VARCHAR",
    "right_ref": "VARCHAR",
    "reason": "VARCHAR",
}
_SMALL = {"conflict": grouping.CONFLICT, "event": naming.EVENT, "pending_split": naming.PENDING}
# What a run leaves to the next one: a table each, which the next one gets as before_<table>.
KEPT: dict[str, dict[str, str]] = {
    table: columns for kind in KINDS for table, columns in layers.kept(kind).items()
} | _SMALL


def resolve(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Make the view `resolved` (the columns of model.LINK) from `stage_<entity>`, views now_<entity> and now_<entity>_pair of all
    that stands, and after_<table> for the tables of KEPT that are not as they were.

    Reads `previous_link`, the links of the last run, where it left nothing else, and where they are there: before_<table> for
    the tables of KEPT, `decision` (DECISION), `alias`, `distinct_object` (entity, connection, object), `frozen` (entity, connection,
    object), of whose known records the digest of before counts.
    """
    _prepare(con)
    others = _work(con)
    for kind in KINDS:
        layers.know(con, kind)
        if changes.find(con, kind):
            _settle(con, kind, as_of)
            layers.lay(con, kind)
            if kind.entity == "account":
                changes.move(con)
        layers.now(con, kind)
    for name, what in _work(con) - others:
        con.execute(f'DROP {what} "{name}"')
    links = (
        f"SELECT entity_id, '{k.entity}' AS entity, connection, object, substr(ref, length(connection) + length(object) + 3) "
        "AS record_id, CASE WHEN kept THEN 'kept' ELSE method END AS method, probability AS confidence, evidence "
        f"FROM now_{k.entity}"
        for k in KINDS
    )
    con.execute(f"CREATE OR REPLACE TEMP VIEW resolved AS {' UNION ALL '.join(links)}")


def left(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables of KEPT that are not as the last run left them."""
    made = layers.there(con)
    return [table for table in KEPT if f"after_{table}" in made]


def _work(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """The temporary tables and views: what is left of them takes the room of what comes later."""
    found = con.execute(
        "SELECT table_name, 'TABLE' FROM duckdb_tables() WHERE temporary UNION ALL "
        "SELECT view_name, 'VIEW' FROM duckdb_views() WHERE temporary AND NOT internal AND NOT starts_with(view_name, 'now_')"
    )
    return set(found.fetchall())


def _settle(con: duckdb.DuckDBPyConnection, kind: Kind, as_of: date) -> None:
    """Make `changed`: where all records stand that a change reaches."""
    evidence.show(con, kind)
    crowds.thin(con, kind)
    scoring.score(con, kind)
    reach.spread(con, kind)
    grouping.group(con, kind)
    naming.name(con, kind, as_of)
    naming.house(con, kind, as_of)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE changed AS SELECT m.ref, m.connection, m.object, m.rank, m.same_ref, m.parent_ref, g.part, h.home, "
        "g.anchor, g.method, g.probability, g.evidence, n.entity_id, n.since, s.kept FROM member m JOIN grouped g USING (ref) "
        "JOIN standing s USING (ref) JOIN named n ON n.anchor = s.anchor LEFT JOIN homed h ON h.anchor = g.anchor"
    )


def _prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Everything that may be missing is there and empty."""
    scoring.functions(con)
    wanted = {
        "decision": DECISION,
        "distinct_object": dict.fromkeys(("entity", "connection", "object"), "VARCHAR"),
        "alias": dict.fromkeys(("connection", "object", "id", "into"), "VARCHAR"),
        "unseen": dict.fromkeys(("entity", "connection", "object", "field"), "VARCHAR"),
        "frozen": dict.fromkeys(("entity", "connection", "object"), "VARCHAR"),
        **{f"before_{table}": columns for table, columns in KEPT.items()},
    }
    for table in wanted.keys() - layers.there(con):
        listed = ", ".join(f'"{name}" {type_}' for name, type_ in wanted[table].items())
        con.execute(f"CREATE TABLE {table}({listed})")
    for table in KEPT:
        con.execute(f"DROP TABLE IF EXISTS after_{table}")
    for table in _SMALL:
        con.execute(f"CREATE TABLE after_{table} AS SELECT * FROM before_{table}")
    con.execute("CREATE OR REPLACE TEMP TABLE moved(name VARCHAR)")
    layers.now(con, KINDS[0])
