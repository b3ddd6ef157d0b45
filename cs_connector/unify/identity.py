"""Who is who: one entity for the records of several systems that are the same account, person or user.

Ids that records hold of each other count first, then what Splink makes of domains, addresses, names and other evidence;
what is not likely enough, or contradicts itself, stays apart and is listed for a person, whose word stands above all.
Only what changed is compared again, and everything is as if all had been compared at once.
"""

from __future__ import annotations

from datetime import date

import duckdb

from . import evidence, grouping, naming, scoring
from .evidence import KINDS, Kind

GROUPED = {
    "shape": "UBIGINT",
    "anchor": "VARCHAR",
    "method": "VARCHAR",
    "probability": "DOUBLE",
    "evidence": "VARCHAR",
}
DECISION = {
    "entity": "VARCHAR",
    "action": "VARCHAR",
    "left_ref": "VARCHAR",
    "right_ref": "VARCHAR",
    "reason": "VARCHAR",
}
# What a run leaves to the next one: a table each, which the next one gets as before_<table>.
KEPT: dict[str, dict[str, str]] = {
    **{kind.entity: kind.columns | GROUPED for kind in KINDS},
    "pair": scoring.PAIR,
    "conflict": grouping.CONFLICT,
    "since": naming.SINCE,
    "event": naming.EVENT,
    "pending_split": naming.PENDING,
}


def resolve(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Fill `link` (the columns of model.LINK) from `stage_<entity>`, and after_<table> for every table of KEPT.

    Reads `previous_link`, the links of the last run, and where they are there: before_<table> for the tables of KEPT,
    `decision` (DECISION), `alias`, `distinct_object` (entity, connection, object).
    """
    con.execute(
        "CREATE OR REPLACE TABLE link(entity_id VARCHAR, entity VARCHAR, connection VARCHAR, object VARCHAR, "
        "record_id VARCHAR, method VARCHAR, confidence DOUBLE, evidence VARCHAR)"
    )
    _prepare(con)
    for kind in KINDS:
        evidence.said(con, kind)
        if not con.execute("SELECT 1 FROM said LIMIT 1").fetchone():
            con.execute(f"INSERT INTO after_event SELECT * FROM before_event WHERE entity = '{kind.entity}'")
            continue
        evidence.gather(con, kind, f"before_{kind.entity}")
        scoring.score(con, kind)
        grouping.tell(con, kind)
        grouping.group(con, kind)
        naming.name(con, kind, as_of)
        _keep(con, kind)


def _prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Everything that may be missing is there and empty."""
    scoring.functions(con)
    _missing(con, "decision", DECISION)
    _missing(con, "distinct_object", dict.fromkeys(("entity", "connection", "object"), "VARCHAR"))
    _missing(con, "alias", dict.fromkeys(("connection", "object", "id", "into"), "VARCHAR"))
    for table, columns in KEPT.items():
        _missing(con, f"before_{table}", columns)
        con.execute(f"CREATE OR REPLACE TABLE after_{table}({_columns(columns)})")
    for table in ("conflict", "since", "event", "pending_split"):
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table}({_columns(KEPT[table])})")
    con.execute("CREATE OR REPLACE TEMP TABLE placed(ref VARCHAR, anchor VARCHAR)")


def _missing(con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str]) -> None:
    if not con.execute("SELECT 1 FROM duckdb_columns() WHERE table_name = ? LIMIT 1", [table]).fetchone():
        con.execute(f"CREATE TABLE {table}({_columns(columns)})")


def _columns(columns: dict[str, str]) -> str:
    return ", ".join(f'"{name}" {type_}' for name, type_ in columns.items())


def _keep(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    columns = ", ".join(f"{'b' if c in ('domain', 'label', 'keys') else 'e'}.{c}" for c in kind.columns)
    con.execute(
        f"INSERT INTO after_{kind.entity} SELECT {columns}, e.shape, g.anchor, g.method, g.probability, g.evidence "
        "FROM evidence e JOIN bare b USING (ref) JOIN grouped g USING (ref)"
    )
    con.execute("INSERT INTO after_pair SELECT * FROM pair")
    for table in ("conflict", "since", "event", "pending_split"):
        con.execute(f"INSERT INTO after_{table} SELECT * FROM {table}")
        con.execute(f"DELETE FROM {table}")
    if kind.entity == "account":
        con.execute(
            "CREATE OR REPLACE TEMP TABLE placed AS SELECT name AS ref, anchor FROM called JOIN grouped USING (ref)"
        )
