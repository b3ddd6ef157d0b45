"""Which records of a kind are one: the parts that anything changed in are grouped anew, all others stay as they were."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
import pyarrow as pa

from . import unopposed
from .clusters import WORD, Clusters, Edge, Record
from .evidence import Kind
from .models import ACCOUNT, ENOUGH

CONFLICT = {
    "entity": "VARCHAR",
    "left_ref": "VARCHAR",
    "right_ref": "VARCHAR",
    "probability": "DOUBLE",
    "evidence": "VARCHAR",
    "why": "VARCHAR",
}
_BY = pa.schema(
    [
        ("ref", pa.string()),
        ("anchor", pa.string()),
        ("method", pa.string()),
        ("probability", pa.float64()),
        ("evidence", pa.string()),
    ]
)
_CONFLICTS = pa.schema(
    [(name, pa.float64() if type_ == "DOUBLE" else pa.string()) for name, type_ in CONFLICT.items()]
)


def tell(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Add to `pair` what the systems and people say: ids of each other's records, and `decision`. Make `apart`."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE called AS SELECT ref AS name, ref FROM said UNION ALL "
        "SELECT 'crm:' || crm || '|' || object || '|' || record_id, min(ref) "
        "FROM said JOIN connection_crm USING (connection) GROUP BY 1"
    )
    con.execute(
        f"INSERT INTO pair SELECT '{kind.entity}', least(s.ref, c.ref), greatest(s.ref, c.ref), {WORD}, 1.0, 'explicit id', "
        "'one record holds the id of the other' FROM said s JOIN called c ON c.name = s.same_ref WHERE c.ref <> s.ref"
    )
    con.execute(
        f"INSERT INTO pair SELECT '{kind.entity}', least(left_ref, right_ref), greatest(left_ref, right_ref), {2 * WORD}, 1.0, "
        f"'a person', coalesce(reason, '') FROM decision d SEMI JOIN said a ON a.ref = d.left_ref SEMI JOIN said b "
        f"ON b.ref = d.right_ref WHERE entity = '{kind.entity}' AND action = 'link'"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE apart AS SELECT left_ref AS one, right_ref AS other FROM decision "
        f"WHERE entity = '{kind.entity}' AND action = 'unlink' UNION SELECT s.ref, c.ref FROM said s "
        "JOIN called c ON c.name = s.parent_ref WHERE c.ref <> s.ref"
    )


def group(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Make `grouped` (ref, anchor, method, probability, evidence), one row a record of `said`, and add to `conflict`."""
    _affected(con, kind)
    _candidates(con, kind)
    unopposed.settle(con, kind)
    apart = con.execute("SELECT one, other FROM apart SEMI JOIN disputed d ON d.ref = one").fetchall()
    with _unswept():
        found = Clusters(_records(con), _edges(con), apart).group()
        rows = [
            (ref, anchor, by.method, by.probability, by.evidence) if by else (ref, anchor, "itself", 1.0, "")
            for ref, anchor in found.of.items()
            for by in (found.by.get(ref),)
        ]
        _table(con, "regrouped", rows, _BY)
    con.execute("INSERT INTO regrouped SELECT ref, anchor, method, probability, evidence FROM settled")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE grouped AS SELECT * FROM regrouped UNION ALL SELECT s.ref, coalesce(b.anchor, s.ref), "
        "coalesce(b.method, 'itself'), coalesce(b.probability, 1.0), coalesce(b.evidence, '') FROM said s LEFT JOIN "
        f"(SELECT * FROM before_{kind.entity} ANTI JOIN affected USING (ref)) b USING (ref) ANTI JOIN regrouped r ON r.ref = s.ref"
    )
    told = [(kind.entity, *c.edge[:2], c.edge.probability, c.edge.evidence, c.why) for c in found.conflicts]
    _table(con, "contradicted", told, _CONFLICTS)
    con.execute(
        "INSERT INTO conflict SELECT * FROM contradicted UNION ALL SELECT b.* FROM before_conflict b SEMI JOIN said s "
        f"ON s.ref = b.left_ref ANTI JOIN affected a ON a.ref = b.left_ref WHERE b.entity = '{kind.entity}'"
    )


@contextmanager
def _unswept() -> Iterator[None]:
    """Nobody looks for circles among a million small objects that have none: it takes as long as the work itself."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _candidates(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """`strong`: the pairs of `affected` that are likely enough; `candidate`: their records.

    No pair that was weighed is as sure as one that was told.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE strong AS SELECT left_ref AS one, right_ref AS other, weight, "
        "CASE WHEN weight >= $word THEN 1.0 ELSE least(probability, 0.9999) END AS probability, method, evidence "
        "FROM pair p SEMI JOIN affected a ON a.ref = p.left_ref WHERE probability >= $enough",
        {"word": WORD, "enough": ENOUGH},
    )
    firm = (
        "e.domain, CASE WHEN e.local = e.core THEN e.core ELSE concat_ws('|', e.core, e.local) END AS core, e.form"
        if kind.model is ACCOUNT
        else "CAST(NULL AS VARCHAR) AS domain, CAST(NULL AS VARCHAR) AS core, CAST(NULL AS VARCHAR) AS form"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE candidate AS SELECT s.ref, s.rank, CASE WHEN d.object IS NOT NULL THEN "
        f"s.connection || ' ' || s.object END AS distinct_group, {firm} FROM said s "
        "SEMI JOIN affected a USING (ref) SEMI JOIN edge ON edge.one = s.ref LEFT JOIN distinct_object d "
        f"ON d.connection = s.connection AND d.object = s.object AND d.entity = '{kind.entity}' JOIN evidence e USING (ref)"
    )


def _edges(con: duckdb.DuckDBPyConnection) -> list[Edge]:
    """The pairs of `disputed` records."""
    found = con.execute("SELECT s.* FROM strong s SEMI JOIN disputed d ON d.ref = s.one")
    return [Edge(*row) for row in found.fetchall()]


def _records(con: duckdb.DuckDBPyConnection) -> dict[str, Record]:
    found = con.execute("SELECT c.* FROM candidate c SEMI JOIN disputed USING (ref)")
    return {row[0]: Record(*row) for row in found.fetchall()}


def _affected(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """`affected`: what was touched, what it was or is paired or grouped with, and all that is connected to those now."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE edge AS SELECT left_ref AS one, right_ref AS other FROM pair WHERE probability >= {ENOUGH} "
        f"UNION ALL SELECT right_ref, left_ref FROM pair WHERE probability >= {ENOUGH}"
    )
    before = f"before_{kind.entity}"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE reached AS WITH start AS (SELECT ref FROM touched UNION SELECT left_ref FROM decision "
        "UNION SELECT right_ref FROM decision), mates AS (SELECT b.ref FROM "
        f"{before} b SEMI JOIN (SELECT anchor FROM {before} b SEMI JOIN start USING (ref)) t USING (anchor)), old AS ("
        f"SELECT left_ref AS one, right_ref AS other FROM before_pair WHERE entity = '{kind.entity}' AND probability >= {ENOUGH}) "
        "SELECT ref FROM start UNION SELECT ref FROM mates UNION SELECT other FROM old JOIN start ON one = ref "
        "UNION SELECT one FROM old JOIN start ON other = ref"
    )
    con.execute("CREATE OR REPLACE TEMP TABLE affected AS SELECT ref FROM reached SEMI JOIN said USING (ref)")
    while True:
        con.execute(
            "CREATE OR REPLACE TEMP TABLE reached AS SELECT DISTINCT other AS ref FROM edge SEMI JOIN reached r ON r.ref = one "
            "ANTI JOIN affected a ON a.ref = other"
        )
        con.execute("INSERT INTO affected SELECT ref FROM reached")
        if not con.execute("SELECT 1 FROM reached LIMIT 1").fetchone():
            return


def _table(
    con: duckdb.DuckDBPyConnection, name: str, rows: Sequence[tuple[object, ...]], schema: pa.Schema
) -> None:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    con.register(
        "given", pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM given")
    con.unregister("given")
